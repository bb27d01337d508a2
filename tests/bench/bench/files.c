/* Files, and pipes to another process of this program. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <tabula/spawn.h>

enum { LARGE = 65536, ECHO_IN = 0, ECHO_OUT = 1 };

static char buffer[LARGE];
static int file, to_echo, from_echo;

static void open_and_close(void)
{
	close(open("/etc/motd", O_RDONLY));
}

static void make_file(void)
{
	file = open("/tmp/bench", O_RDWR | O_CREAT | O_TRUNC, 0600);
	check("open", file);
	if (write(file, buffer, LARGE) != LARGE)
		fail("write", -EIO);
}

static void rewind_file(void)
{
	lseek(file, 0, SEEK_SET);
}

static void file_read_small(void)
{
	read(file, buffer, 4096);
}

static void file_read_large(void)
{
	read(file, buffer, LARGE);
}

/* Another process of this program, which does what the argument says with what it reads. */
static void start_other(char *what)
{
	char *arguments[] = {"bench", what, NULL}, *variables[] = {NULL};
	int forth[2], back[2];

	if (pipe(forth) || pipe(back))
		fail("pipe", -errno);
	to_echo = forth[1];
	from_echo = back[0];

	const struct spawn_handle handles[] = {
		{STARTUP_DESCRIPTOR + ECHO_IN, ANY(own_descriptor(forth[0])), RIGHTS_SAME},
		{STARTUP_DESCRIPTOR + ECHO_OUT, ANY(own_descriptor(back[1])), RIGHTS_SAME}};

	check("spawn", spawn_with("/bin/bench", arguments, variables, 0, handles, 2).value);
	close(forth[0]);
	close(back[1]);
}

static void start_echo(void)
{
	start_other("--echo");
}

static void start_sink(void)
{
	close(to_echo);
	close(from_echo);
	start_other("--sink");
}

/* Sends everything back in pieces as they come. */
static int echo(void)
{
	ssize_t count;

	while ((count = read(ECHO_IN, buffer, LARGE)) > 0)
		if (write(ECHO_OUT, buffer, (size_t)count) != count)
			return 1;
	return count != 0;
}

/* Sends one byte back for each LARGE of them. */
static int sink(void)
{
	ssize_t count;
	size_t total = 0;

	while ((count = read(ECHO_IN, buffer, LARGE)) > 0) {
		total += (size_t)count;
		if (total >= LARGE && write(ECHO_OUT, buffer, 1) != 1)
			return 1;
		total %= LARGE;
	}
	return count != 0;
}

static void pipe_large(void)
{
	if (write(to_echo, buffer, LARGE) != LARGE || read(from_echo, buffer, 1) != 1)
		fail("pipe", -EIO);
}

static void pipe_pingpong(void)
{
	write(to_echo, buffer, 1);
	read(from_echo, buffer, 1);
}

int other_main(const char *what)
{
	if (!strcmp(what, "--echo"))
		return echo();
	if (!strcmp(what, "--sink"))
		return sink();
	return -1;
}

const struct operation file_operations[] = {
	{.name = "file_open_close", .run = open_and_close},
	{.name = "file_read_4KiB", .prepare = make_file, .before = rewind_file, .run = file_read_small},
	{.name = "file_read_64KiB", .prepare = make_file, .before = rewind_file, .run = file_read_large},
	{.name = "pipe_pingpong", .prepare = start_echo, .run = pipe_pingpong},
	{.name = "pipe_64KiB", .prepare = start_sink, .run = pipe_large},
	{.name = NULL},
};
