/* Programs that are given descriptors: this one again, as a child that copies, in a pipe, and with a server that has gone. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(const char *program, int in, int out, char *const argv[])
{
	struct process_result result;
	const struct spawn_handle handles[] = {{STARTUP_DESCRIPTOR + 0, ANY(own_descriptor(in)), RIGHTS_SAME},
		{STARTUP_DESCRIPTOR + 1, ANY(own_descriptor(out)), RIGHTS_SAME}};
	process_handle process = spawn_with(program, argv, argv + 1, 0, handles, COUNT(handles));

	if (process.value < 0 || spawn_wait(process, &result))
		return -1;
	return result.status;
}

void test_inheritance(void)
{
	struct checks c = {0};
	char bytes[64];
	int in = make("in", "first second"), out = make("out", "");
	char *argv[] = {(char[]){"test-posix-files"}, (char[]){"--child"}, NULL};

	lseek(in, 0, SEEK_SET);
	check(&c, read(in, bytes, 6) == 6, "its beginning");
	check(&c, run("/bin/test-posix-files", in, out, argv) == 7, "a child");
	check(&c, lseek(in, 0, SEEK_CUR) == 12, "it has read on from here");
	check(&c, holds("out", "second"), "and written");
	close(in);
	close(out);
	unlink("in");
	unlink("out");
	checks_report(&c, "a child has the descriptors, with their offsets");
}

/* From a file, through two programs, to a file, as a shell does it. */
void test_spawn_actions(void)
{
	struct checks c = {0};
	char *argv[] = {(char[]){"test-posix-files"}, (char[]){"--child"}, NULL};
	posix_spawn_file_actions_t first, second;
	pid_t pids[2];
	int ends[2], status, open_before = count_open();

	close(make("in", "through a pipe"));
	WORKS(&c, pipe2(ends, O_CLOEXEC));
	check(&c, !posix_spawn_file_actions_init(&first) && !posix_spawn_file_actions_init(&second), "init");
	check(&c, !posix_spawn_file_actions_addopen(&first, 0, "in", O_RDONLY, 0), "open");
	check(&c, !posix_spawn_file_actions_adddup2(&first, ends[1], 1), "dup2");
	check(&c, !posix_spawn_file_actions_adddup2(&second, ends[0], 0), "dup2");
	check(&c, !posix_spawn_file_actions_addopen(&second, 1, "out", O_WRONLY | O_CREAT | O_EXCL, 0600),
		"open");
	check(&c, !posix_spawn_file_actions_addclose(&second, 2), "close");
	check(&c, posix_spawn_file_actions_addclose(&second, -1) == EBADF, "no descriptor");
	check(&c, posix_spawn_file_actions_adddup2(&second, 0, 100000) == EBADF, "no descriptor");
	check(&c, !posix_spawn(&pids[0], "/bin/test-posix-files", &first, NULL, argv, environ), "the first");
	check(&c, !posix_spawn(&pids[1], "/bin/test-posix-files", &second, NULL, argv, environ),
		"the second");
	close(ends[0]);
	close(ends[1]);
	for (int i = 0; i < 2; i++)
		check(&c, waitpid(pids[i], &status, 0) == pids[i] && WEXITSTATUS(status) == 7, "program %d",
			i);
	check(&c, holds("out", "through a pipe"), "what came through");
	check(&c, posix_spawn(&pids[0], "/bin/test-posix-files", &second, NULL, argv, environ) == EBADF,
		"once more");
	check(&c, !posix_spawn_file_actions_destroy(&first) && !posix_spawn_file_actions_destroy(&second),
		"end");
	check(&c, count_open() == open_before, "descriptors");
	unlink("in");
	unlink("out");
	checks_report(&c, "posix_spawn opens, duplicates and closes for the new program");
}

int child(void)
{
	char bytes[64];
	ssize_t count;

	while ((count = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)count) != count)
			return 1;
	return count == 0 ? 7 : 2;
}

enum { LOST = 5 };

int child_of_lost(void)
{
	char byte = 0;

	signal(SIGPIPE, count_broken);
	if (write(LOST, &byte, 1) != -1 || errno != EIO || broken_pipes)
		return 1;
	if (read(LOST, &byte, 1) != -1 || errno != EIO)
		return 2;
	return close(LOST) ? 3 : 7;
}

void test_lost_server(void)
{
	char *argv[] = {(char[]){"test-posix-files"}, (char[]){"--lost"}, NULL};
	endpoint_handle place = endpoint_create(), lost = endpoint_badge(place, 1);
	const struct spawn_handle handles[] = {{STARTUP_DESCRIPTOR + LOST, ANY(lost), RIGHTS_SAME},
		{STARTUP_ROOT, ANY(own_root()), RIGHTS_SAME},
		{STARTUP_DIRECTORY, ANY(own_root()), RIGHTS_SAME}};
	struct process_result result = {.status = -1};
	process_handle process;

	handle_close(ANY(place));
	process = spawn_with("/bin/test-posix-files", argv, NULL, 0, handles, COUNT(handles));
	handle_close(ANY(lost));
	if (process.value > 0)
		(void)spawn_wait(process, &result);
	ktap_equal(result.status, 7, "a server that has gone is EIO, and no broken pipe");
}
