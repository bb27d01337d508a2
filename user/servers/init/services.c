/* The list of servers. */
#include "services.h"

#include "registry.h"
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
#include <tabula/spawn.h>

enum { QUICK_ENDS_MOST = 5, QUICK_ENDS_DOUBTFUL = 2 };

#define QUICK      1000000000ul /* nanoseconds: a server that ends within this did not work */
#define LOOK_ROUND 500000000ul /* nanoseconds between two looks at the servers while waiting for one */

struct service {
	const char *name;
	const char *path;
	uint32_t system_rights;
	uint64_t programs; /* a badge of the process server, which it gets a handle with; 0: none */
	bool has_console; /* gets a handle to the terminal */
	size_t kept_size; /* of memory that it gets, and the next one after it; 0: none */

	endpoint_handle endpoint; /* -EPIPE as its value: given up */
	memory_handle kept; /* 0: none yet */
	uint64_t started;
	unsigned quick_ends;
	struct watch watch;
};

enum { PROCESS, CONSOLE, FILES };

static notification_handle changed; /* the bits of services that have ended */

static struct service services[] = {
	[PROCESS] = {.name = "process", .path = "/servers/process", .kept_size = PROCESS_KEPT_SIZE},
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

static void close_if_any(endpoint_handle handle)
{
	if (handle.value > 0)
		(void)handle_close(ANY(handle));
}

static void tell_registry(const struct service *service, process_handle process)
{
	registry_add(REGISTRY_SERVICES + (unsigned)(service - services), service->name, process);
	if (service == &services[PROCESS])
		for (unsigned place = 0; place < REGISTRY_MOST; place++)
			registry_again(place);
}

/* What makes one server after the other end at once may be what it keeps: then the next one has nothing. */
static memory_handle kept(struct service *service)
{
	if (service->kept.value > 0 && service->quick_ends >= QUICK_ENDS_DOUBTFUL) {
		(void)handle_close(ANY(service->kept));
		service->kept.value = 0;
	}
	if (service->kept.value <= 0 && service->kept_size)
		service->kept = memory_create(service->kept_size);
	return service->kept.value > 0 ? service->kept : (memory_handle){0};
}

static void start(struct service *service)
{
	char *const argv[] = {(char *)(uintptr_t)service->name, NULL}, *const envp[] = {NULL};
	endpoint_handle programs = {0}, console = {0};

	if (service->programs)
		programs = endpoint_badge(services[PROCESS].endpoint, service->programs);
	if (service->has_console)
		console = services_console(true);
	const struct spawn_handle handles[] = {{STARTUP_ENDPOINT, ANY(service->endpoint), RIGHTS_SAME},
		{STARTUP_PROGRAMS, ANY(programs), RIGHT_ENDPOINT_SEND},
		{STARTUP_CONSOLE, ANY(console), RIGHTS_SAME},
		{STARTUP_KEPT, ANY(kept(service)), RIGHTS_SAME}};
	process_handle process = spawn_with(service->path, argv, envp, service->system_rights, handles, 4);

	close_if_any(programs);
	service->started = (uint64_t)clock_now();
	if (process.value < 0) {
		complain(service, "can't be started", -process.value);
		give_up(service);
		return;
	}
	tell_registry(service, process);
	watch_process(&service->watch, process);
}

static endpoint_handle badge_of_programs(uint64_t badge)
{
	endpoint_handle endpoint = services[PROCESS].endpoint;

	return endpoint.value > 0 ? endpoint_badge(endpoint, badge) : endpoint;
}

void services_start(notification_handle changes, bool with_console)
{
	changed = changes;
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

	int error = registry_start(badge_of_programs(PROGRAMS_INIT), services_shell());

	if (error)
		complain(&services[PROCESS], "nobody tells it of the others", -error);
	registry_add(REGISTRY_INIT, "init", own_process());
}

uint64_t services_bits(void)
{
	return (1ul << COUNT) - 1;
}

/* One that somebody kills at once, again and again, is not to blame for it. */
static void count_quick_end(struct service *service)
{
	if ((uint64_t)clock_now() - service->started >= QUICK)
		service->quick_ends = 0;
	else if (service->watch.result.reason != END_REASON_KILLED)
		service->quick_ends++;
}

static void start_again(struct service *service)
{
	fprintf(stderr, "init: %s has ended with status %d; ", service->name, service->watch.result.status);
	count_quick_end(service);
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

endpoint_handle services_shell(void)
{
	static endpoint_handle handle;

	if (handle.value == 0)
		handle = badge_of_programs(PROGRAMS_SHELL);
	return handle.value > 0 ? handle : (endpoint_handle){0};
}

endpoint_handle services_root(void)
{
	static endpoint_handle root;

	if (root.value == 0 && services[FILES].endpoint.value > 0)
		root = endpoint_badge(services[FILES].endpoint, FILES_ROOT);
	return root.value > 0 ? root : (endpoint_handle){0};
}

/* The console may have died, and only init starts it again. */
void services_settle(void)
{
	endpoint_handle console = services_console(false);

	while (console.value > 0 && file_sync(console, (uint64_t)clock_now() + LOOK_ROUND) == -ETIMEDOUT) {
		long bits = notification_wait(changed, services_bits(), 0);

		if (bits > 0)
			services_tend((uint64_t)bits);
	}
}
