/* What is attacked: a handle on each kind of thing that the servers serve, with the protocols that it speaks. */
#include "hostile.h"

#include <tabula/protocol/directory.h>
#include <tabula/protocol/program.h>

struct target targets[TARGETS_MOST];

unsigned target_count;
process_handle idle;
endpoint_handle child;
endpoint_handle shown;

static void add_target(const char *name, endpoint_handle to, unsigned speaks)
{
	if (to.value <= 0)
		ktap_bail_out("nothing to attack: %s, %d", name, to.value);
	targets[target_count++] = (struct target){name, to, speaks};
}

void find_targets(void)
{
	const unsigned file = 1 << PROTOCOL_FILE, directory = file | 1 << PROTOCOL_DIRECTORY;
	endpoint_handle ends[2];
	uint32_t pid = 0;

	shown = files;
	add_target("the root", files, directory);
	add_target("a directory", open_it("/tmp", OPEN_READ | OPEN_DIRECTORY), directory);
	add_target("a file", open_it("/tmp/file", OPEN_READ | OPEN_WRITE | OPEN_CREATE), directory);
	add_target("a file to read", open_it("/tmp/file", OPEN_READ), directory);
	add_target("a file to append to", open_it("/tmp/file", OPEN_WRITE | OPEN_APPEND), directory);
	add_target("a device", open_it("/dev/zero", OPEN_READ | OPEN_WRITE), directory);
	if (directory_pipe(files, (enum open)0, &ends[0], &ends[1]))
		ktap_bail_out("no pipe to attack");
	add_target("the end of a pipe to read", ends[0], directory);
	add_target("the end of a pipe to write", ends[1], directory);
	add_target("the first program", programs, 1 << PROTOCOL_PROGRAM);
	child = program_create(programs, "child", 0, &pid);
	if (program_run(programs, pid, idle))
		ktap_bail_out("no program to attack");
	add_target("a program", child, 1 << PROTOCOL_PROGRAM);
	if (console.value > 0)
		add_target("the console", console, file | 1 << PROTOCOL_TERMINAL);
}
