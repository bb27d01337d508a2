/* The list of servers. */
#include "services.h"

#include "disks.h"
#include "registry.h"
#include "say.h"
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/programs.h>
#include <tabula/console.h>
#include <tabula/disks.h>
#include <tabula/files.h>
#include <tabula/protocol/file.h>
#include <tabula/spawn.h>

enum { QUICK_ENDS_MOST = 5, QUICK_ENDS_DOUBTFUL = 2, HANDLES_MOST = 4 + DISKS_MOST };
enum { STUCK_MOST = 10, PRINT_TRIES = 3, KILLED_STATUS = 128 + SIGKILL };

#define QUICK      1000000000ul /* nanoseconds: a server that ends within this did not work */
#define LOOK_ROUND 500000000ul /* nanoseconds between two looks at the servers while waiting for one */
#define PATIENCE   5000000000ul /* nanoseconds for a write, when nothing is written before it */

struct service {
	const char *name;
	const char *path;
	uint32_t system_rights;
	uint64_t programs; /* a badge of the process server, which it gets a handle with; 0: none */
	bool has_console; /* gets a handle to the terminal */
	bool has_disks; /* gets handles to the disks */
	bool reaches_memory; /* by devices: what it keeps is contiguous, and nobody else's ever again */
	size_t kept_size; /* of memory that it gets, and the next one after it; 0: none */

	endpoint_handle endpoint; /* -EPIPE as its value: given up */
	memory_handle kept; /* 0: none yet */
	uint64_t started;
	unsigned quick_ends;
	bool was_stuck; /* and has been ended for it, which counts as a quick end */
	struct watch watch;
};

enum { PROCESS, CONSOLE, DISKS, FILES };

static notification_handle changed; /* the bits of services that have ended */

static struct service services[] = {
	[PROCESS] = {.name = "process", .path = "/servers/process", .kept_size = PROCESS_KEPT_SIZE},
	[CONSOLE] = {.name = "console",
		.path = "/servers/console",
		.system_rights = RIGHT_SYSTEM_DEVICES | RIGHT_SYSTEM_CONSOLE_WRITE,
		.programs = PROGRAMS_TERMINAL},
	[DISKS] = {.name = "virtio_blk",
		.path = "/servers/virtio_blk",
		.system_rights = RIGHT_SYSTEM_DEVICES | RIGHT_SYSTEM_CONSOLE_WRITE,
		.reaches_memory = true},
	[FILES] = {.name = "files", .path = "/servers/files", .has_console = true, .has_disks = true},
};

#define COUNT (sizeof(services) / sizeof(services[0]))

_Static_assert(COUNT <= SERVICES_MOST, "a bit for each service");

static void complain(const struct service *service, const char *what, int error)
{
	say("%s: %s: %s", service->name, what, strerror(error));
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

static unsigned disks; /* how many there are */

static void tell_registry(const struct service *service, process_handle process)
{
	registry_add(REGISTRY_SERVICES + (unsigned)(service - services), service->name, process);
	if (service == &services[PROCESS])
		for (unsigned place = 0; place < REGISTRY_MOST; place++)
			registry_again(place);
}

/* A handle to a disk, to be closed. 0: there is none. */
static endpoint_handle disk(unsigned number)
{
	endpoint_handle endpoint = services[DISKS].endpoint, handle = {0};

	if (number < disks && endpoint.value > 0)
		handle = endpoint_badge(endpoint, DISK_BADGE + number);
	return handle.value > 0 ? handle : (endpoint_handle){0};
}

static memory_handle memory_for(const struct service *service)
{
	if (service->reaches_memory)
		return memory_create_contiguous(own_system(), service->kept_size, 0);
	return memory_create(service->kept_size);
}

/* What makes one server after the other end at once may be what it keeps: then the next one has nothing. */
static memory_handle kept(struct service *service)
{
	if (service->kept.value > 0 && service->quick_ends >= QUICK_ENDS_DOUBTFUL &&
		!service->reaches_memory) {
		(void)handle_close(ANY(service->kept));
		service->kept.value = 0;
	}
	if (service->kept.value <= 0 && service->kept_size)
		service->kept = memory_for(service);
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
	struct spawn_handle handles[HANDLES_MOST] = {{STARTUP_ENDPOINT, ANY(service->endpoint), RIGHTS_SAME},
		{STARTUP_PROGRAMS, ANY(programs), RIGHT_ENDPOINT_SEND},
		{STARTUP_CONSOLE, ANY(console), RIGHTS_SAME},
		{STARTUP_KEPT, ANY(kept(service)), RIGHTS_SAME}};
	size_t count = HANDLES_MOST - DISKS_MOST;

	for (unsigned i = 0; service->has_disks && i < disks; i++)
		handles[count++] = (struct spawn_handle){STARTUP_DISK + i, ANY(disk(i)), RIGHTS_SAME};

	process_handle process =
		spawn_with(service->path, argv, envp, service->system_rights, handles, count);

	close_if_any(programs);
	while (count > HANDLES_MOST - DISKS_MOST)
		(void)handle_close(handles[--count].handle);
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
	disks = disks_count(own_system());
	services[DISKS].kept_size = disks * DISK_MEMORY;
	for (unsigned i = 0; i < COUNT; i++) {
		struct service *service = &services[i];
		if ((i == CONSOLE && !with_console) || (i == DISKS && !disks))
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
	if (service->was_stuck)
		service->quick_ends++;
	else if ((uint64_t)clock_now() - service->started >= QUICK)
		service->quick_ends = 0;
	else if (service->watch.result.reason != END_REASON_KILLED)
		service->quick_ends++;
	service->was_stuck = false;
}

static void start_again(struct service *service)
{
	count_quick_end(service);
	bool stays = service->quick_ends == QUICK_ENDS_MOST;
	say("%s has ended with status %d; %s", service->name, service->watch.result.status,
		stays ? "it does so at once, again and again, so it stays so" : "here is a new one");
	if (stays)
		give_up(service);
	else
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

/* A read from a printer is answered at once by a server that is not stuck, however slow the terminal is. */
static bool is_stuck(endpoint_handle printer)
{
	uint8_t byte;

	return file_read(printer, &byte, sizeof(byte), (uint64_t)clock_now() + LOOK_ROUND) == -ETIMEDOUT;
}

/* Its process is there as long as the bit of its end has not come. */
static void end_console(void)
{
	say("console does not answer, and is ended");
	services[CONSOLE].was_stuck = true;
	(void)process_kill(services[CONSOLE].watch.process, KILLED_STATUS);
}

/* Deals with what has ended, and ends a console that is stuck; `stuck` counts how often in turn it has not answered. */
static void look_round(endpoint_handle printer, unsigned *stuck)
{
	long bits = notification_wait(changed, services_bits(), 0);

	if (bits > 0) {
		services_tend((uint64_t)bits);
		*stuck = 0;
	} else if (!is_stuck(printer)) {
		*stuck = 0;
	} else if (++*stuck == STUCK_MOST) {
		*stuck = 0;
		end_console();
	}
}

/* The console may have died, and only init starts it again. */
void services_settle(void)
{
	endpoint_handle console = services_console(false);
	unsigned stuck = 0;

	while (console.value > 0 && file_sync(console, (uint64_t)clock_now() + LOOK_ROUND) == -ETIMEDOUT)
		look_round(console, &stuck);
}

void services_print(const char *text)
{
	endpoint_handle console = services_console(false);
	size_t size = strlen(text);

	for (unsigned tries = 0; console.value > 0 && size > 0 && tries < PRINT_TRIES; tries++) {
		services_settle();
		long count = file_write(console, text, size, (uint64_t)clock_now() + PATIENCE);
		text += count > 0 ? count : 0;
		size -= count > 0 ? (size_t)count : 0;
	}
	if (size > 0)
		(void)write(STDOUT_FILENO, text, size);
}
