/* The list of servers. */
#include "services.h"

#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/programs.h>
#include <tabula/console.h>
#include <tabula/files.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>
#include <tabula/spawn.h>

enum { QUICK_ENDS_MOST = 5 };

#define QUICK 1000000000ul /* nanoseconds: a server that ends within this did not work */

struct service {
	const char *name;
	const char *path;
	uint32_t system_rights;
	uint64_t programs; /* a badge of the process server, which it gets a handle with; 0: none */
	bool has_console; /* gets a handle to the terminal */

	endpoint_handle endpoint; /* -EPIPE as its value: given up */
	uint64_t started;
	unsigned quick_ends;
	struct watch watch;
};

enum { PROCESS, CONSOLE, FILES };

static struct service services[] = {
	[PROCESS] = {.name = "process", .path = "/servers/process"},
	[CONSOLE] = {.name = "console",
		.path = "/servers/console",
		.system_rights = RIGHT_SYSTEM_DEVICES | RIGHT_SYSTEM_CONSOLE_WRITE,
		.programs = PROGRAMS_TERMINAL},
	[FILES] = {.name = "files", .path = "/servers/files", .has_console = true},
};

#define COUNT (sizeof(services) / sizeof(services[0]))

_Static_assert(COUNT <= SERVICES_MOST, "a bit for each service");

static void complain(const struct service *service, const char *what, int error)
{
	fprintf(stderr, "init: %s: %s: %s\n", service->name, what, strerror(error));
}

static void give_up(struct service *service)
{
	(void)handle_close(ANY(service->endpoint));
	service->endpoint.value = -EPIPE;
}

/* A server is a program as well, so that it is listed and can be ended; but for the process server itself. */
static endpoint_handle make_program(const struct service *service, uint32_t *pid)
{
	return service == &services[PROCESS] ? (endpoint_handle){0}
					     : program_create(services_programs(), service->name, pid);
}

static void run_program(process_handle process, uint32_t pid)
{
	process_handle other = {handle_duplicate(ANY(process), RIGHTS_SAME).value};

	(void)program_run(services_programs(), pid, other);
	(void)program_set_group(services_programs(), pid, 0);
}

static void close_if_any(endpoint_handle handle)
{
	if (handle.value > 0)
		(void)handle_close(ANY(handle));
}

static void start(struct service *service)
{
	char *const argv[] = {(char *)(uintptr_t)service->name, NULL}, *const envp[] = {NULL};
	endpoint_handle programs = {0}, console = {0};
	uint32_t pid = 0;
	endpoint_handle program = make_program(service, &pid);

	if (service->programs)
		programs = endpoint_badge(services[PROCESS].endpoint, service->programs);
	if (service->has_console)
		console = services_console(true);
	const struct spawn_handle handles[] = {{STARTUP_ENDPOINT, ANY(service->endpoint), RIGHTS_SAME},
		{STARTUP_PROGRAMS, ANY(programs), RIGHT_ENDPOINT_SEND},
		{STARTUP_ITSELF, ANY(program), RIGHT_ENDPOINT_SEND},
		{STARTUP_CONSOLE, ANY(console), RIGHTS_SAME}};
	process_handle process = spawn_with(service->path, argv, envp, service->system_rights, handles, 4);

	close_if_any(programs);
	close_if_any(program);
	service->started = (uint64_t)clock_now();
	if (process.value < 0) {
		complain(service, "can't be started", -process.value);
		give_up(service);
		return;
	}
	if (program.value > 0)
		run_program(process, pid);
	watch_process(&service->watch, process);
}

void services_start(notification_handle changes, bool with_console)
{
	for (unsigned i = 0; i < COUNT; i++) {
		struct service *service = &services[i];
		if (i == CONSOLE && !with_console)
			continue;
		int error = watch_init(&service->watch, changes, 1ul << i);

		service->endpoint = endpoint_create();
		if (error == 0 && service->endpoint.value < 0)
			error = service->endpoint.value;
		if (error == 0)
			start(service);
		else
			complain(service, "no memory", -error);
	}
}

uint64_t services_bits(void)
{
	return (1ul << COUNT) - 1;
}

static void start_again(struct service *service)
{
	const struct process_result *result = &service->watch.result;

	fprintf(stderr, "init: %s has ended with status %d; ", service->name, result->status);
	service->quick_ends = (uint64_t)clock_now() - service->started < QUICK ? service->quick_ends + 1 : 0;
	if (service->quick_ends == QUICK_ENDS_MOST) {
		fprintf(stderr, "it does so at once, again and again, so it stays so\n");
		give_up(service);
		return;
	}
	fprintf(stderr, "here is a new one\n");
	start(service);
}

void services_tend(uint64_t bits)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (bits & 1ul << i)
			start_again(&services[i]);
}

endpoint_handle services_console(bool read)
{
	static endpoint_handle handles[2];
	endpoint_handle *handle = &handles[read];

	if (handle->value == 0 && services[CONSOLE].endpoint.value > 0)
		*handle =
			endpoint_badge(services[CONSOLE].endpoint, read ? CONSOLE_TERMINAL : CONSOLE_PRINTER);
	return handle->value > 0 ? *handle : (endpoint_handle){0};
}

endpoint_handle services_programs(void)
{
	static endpoint_handle handle;

	if (handle.value == 0 && services[PROCESS].endpoint.value > 0)
		handle = endpoint_badge(services[PROCESS].endpoint, PROGRAMS_INIT);
	return handle.value > 0 ? handle : (endpoint_handle){0};
}

endpoint_handle services_root(void)
{
	static endpoint_handle root;

	if (root.value == 0 && services[FILES].endpoint.value > 0)
		root = endpoint_badge(services[FILES].endpoint, FILES_ROOT);
	return root.value > 0 ? root : (endpoint_handle){0};
}

void services_settle(void)
{
	endpoint_handle console = services_console(false);

	if (console.value > 0)
		(void)file_sync(console, DEADLINE_NEVER);
}
