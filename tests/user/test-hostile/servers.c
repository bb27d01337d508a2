/* The servers: two that this suite starts for itself, and the console that there is; and an honest client of each. */
#include "hostile.h"

#include <tabula/files.h>
#include <tabula/programs.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>

endpoint_handle file_place, program_place, files, programs, console, honest_file;
process_handle file_server, program_server, console_server;

endpoint_handle place_of(process_handle *server, const char *path)
{
	endpoint_handle place = endpoint_create();
	const struct spawn_handle handles[] = {{STARTUP_ENDPOINT, ANY(place), RIGHTS_SAME}};
	char *argv[] = {(char *)(uintptr_t)path, (char[]){"1"}, NULL};

	*server = spawn_with(path, argv, argv + 2, RIGHT_SYSTEM_CONSOLE_WRITE, handles, COUNT(handles));
	if (place.value < 0 || server->value < 0)
		ktap_bail_out("no server %s: %d", path, server->value);
	return place;
}

static process_handle find_console(void)
{
	endpoint_handle system_programs = {startup_handle(STARTUP_PROGRAMS).value};
	struct program_info info = {0};

	while (!program_next(system_programs, info.pid, &info))
		if (!strcmp((const char *)info.name, "console"))
			return program_open(system_programs, info.pid);
	return (process_handle){0};
}

endpoint_handle open_it(const char *path, uint32_t how)
{
	return directory_open(files, path, (enum open)how, 0644, &(uint32_t){0}, DEADLINE_NEVER);
}

static bool honest_files(void)
{
	static char text[100], back[100];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)random_next();
	return file_write_at(honest_file, 0, text, sizeof(text), now() + HONEST) == sizeof(text) &&
	       file_read_at(honest_file, 0, back, sizeof(back), now() + HONEST) == sizeof(back) &&
	       !memcmp(text, back, sizeof(text));
}

static bool honest_programs(void)
{
	struct program_info info;

	return !program_next(programs, 0, &info) && info.pid == 1 &&
	       !program_signal(programs, 1, 0, now() + HONEST);
}

static bool honest_console(void)
{
	struct file_status status;

	return console.value <= 0 ||
	       (!file_stat(console, &status) && !file_write(console, NULL, 0, now() + HONEST));
}

void check_service(struct checks *c, const char *when)
{
	check(c, honest_files(), "the file server does not serve %s", when);
	check(c, honest_programs(), "the process server does not serve %s", when);
	check(c, honest_console(), "the console does not serve %s", when);
}

void start_servers(void)
{
	file_place = place_of(&file_server, "/servers/files");
	program_place = place_of(&program_server, "/servers/process");
	files = endpoint_badge(file_place, FILES_ROOT);
	programs = endpoint_badge(program_place, PROGRAMS_INIT);
	console.value = startup_handle(STARTUP_CONSOLE).value;
	console_server = find_console();
	idle = process_create((const uint8_t *)"idle", 4);
	/* The first program tells of its own process once: if a flood did, the server would have a handle more for good. */
	if (program_run(programs, 1, idle))
		ktap_bail_out("the first program can't tell of its process");
	honest_file = open_it("/honest", OPEN_READ | OPEN_WRITE | OPEN_CREATE);
	find_targets();
}
