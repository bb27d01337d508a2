/*
 * What the servers have, handles and memory: as much after an attack as before it, once all that its clients have made is
 * taken away.
 */
#include "hostile.h"

#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>

enum { ROUNDS_MOST = 6 };

struct holdings {
	struct process_info files, programs, console;
};

/*
 * All are one client to the console, so a watch that nobody has ended stays until something is typed, or there are too many,
 * or calls are interrupted.
 */
static void take_stock(struct holdings *holdings)
{
	if (console.value > 0)
		(void)file_interrupt(console);
	*holdings = (struct holdings){0};
	(void)process_info(file_server, &holdings->files);
	(void)process_info(program_server, &holdings->programs);
	(void)process_info(console_server, &holdings->console);
}

static bool has_same_handles(const struct holdings *before)
{
	struct holdings after;

	take_stock(&after);
	return after.files.handles == before->files.handles &&
	       after.programs.handles == before->programs.handles &&
	       after.console.handles == before->console.handles;
}

/* What goes with a client goes a little later. */
static void check_handles(struct checks *c, const struct holdings *before)
{
	struct holdings after;

	for (uint64_t until = now() + 10 * SECOND; !has_same_handles(before) && now() < until;)
		thread_yield();
	take_stock(&after);
	check(c, after.files.handles == before->files.handles, "files has %u handles, not %u",
		after.files.handles, before->files.handles);
	check(c, after.programs.handles == before->programs.handles, "process has %u handles, not %u",
		after.programs.handles, before->programs.handles);
	check(c, after.console.handles == before->console.handles, "console has %u handles, not %u",
		after.console.handles, before->console.handles);
}

static bool has_more_memory(const struct holdings *before)
{
	struct holdings after;

	take_stock(&after);
	return after.files.memory_used > before->files.memory_used ||
	       after.programs.memory_used > before->programs.memory_used ||
	       after.console.memory_used > before->console.memory_used;
}

static void check_memory(struct checks *c, const struct holdings *before)
{
	struct holdings after;

	take_stock(&after);
	check(c, after.files.memory_used <= before->files.memory_used, "files has %lu bytes, not %lu",
		(unsigned long)after.files.memory_used, (unsigned long)before->files.memory_used);
	check(c, after.programs.memory_used <= before->programs.memory_used, "process has %lu bytes, not %lu",
		(unsigned long)after.programs.memory_used, (unsigned long)before->programs.memory_used);
	check(c, after.console.memory_used <= before->console.memory_used, "console has %lu bytes, not %lu",
		(unsigned long)after.console.memory_used, (unsigned long)before->console.memory_used);
}

void clean(void)
{
	static const char *const names[] = {"/tmp/x/y", "/tmp/x/x", "/tmp/y/x", "/tmp/y/y", "/tmp/x",
		"/tmp/y", "/a", "/tmp/a", "/\x80\xff", "/tmp/\x80\xff"};

	(void)directory_set_mode(files, "/tmp", 0777);
	(void)directory_set_mode(files, "/", 0755);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < COUNT(names); i++) {
			(void)directory_set_mode(files, names[i], 0777);
			(void)directory_unlink(files, names[i]);
			(void)directory_remove(files, names[i]);
		}
	for (uint32_t status; program_wait(child, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) > 0;)
		continue;
}

void check_costs(struct checks *c, void (*act)(void))
{
	struct holdings before;
	unsigned rounds = 0;

	do {
		take_stock(&before);
		act();
		clean();
		check_handles(c, &before);
	} while (has_more_memory(&before) && ++rounds < ROUNDS_MOST);
	check_memory(c, &before);
}
