/* What programs print when they end, and ends of other kinds. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <err.h>
#include <error.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is printed on stderr by a child, and how that ends. */
static int said(void (*say)(void), char *text, size_t size)
{
	int ends[2], status = -1;
	ssize_t count;
	size_t length = 0;

	fflush(stdout); /* the child would print it, too */
	if (pipe(ends))
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], 2);
		say();
		_exit(0);
	}
	close(ends[1]);
	while (length < size - 1 && (count = read(ends[0], text + length, size - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
	close(ends[0]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The child prints just this, and ends with that status. */
#define SAYS(function, result, message) \
	check(&c, said(function, text, sizeof(text)) == (result) && !strcmp(text, message), \
		#function ": %s", text)

static void say_err(void)
{
	errno = ENOENT;
	err(3, "%s", "file");
}

static void say_warnx(void)
{
	warnx("%d left", 2);
}

static void say_error(void)
{
	error(0, EACCES, "one");
	error(error_message_count == 1 ? 5 : 6, 0, "two");
}

static void say_line(void)
{
	error_one_per_line = 1;
	error_at_line(0, 0, "f", 7, "first");
	error_at_line(4, 0, "f", 7, "not said");
	error_at_line(0, 0, "f", 8, "second");
}

void test_messages(void)
{
	struct checks c = {0};
	char text[200];

	SAYS(say_err, 3, "test-posix-library: file: No such file or directory\n");
	SAYS(say_warnx, 0, "test-posix-library: 2 left\n");
	SAYS(say_error, 5, "test-posix-library: one: Permission denied\ntest-posix-library: two\n");
	SAYS(say_line, 0, "test-posix-library:f:7: first\ntest-posix-library:f:8: second\n");
	checks_report(&c, "err, warn and error");
}

static void say_last(void)
{
	(void)!write(2, "last ", 5);
}

static void say_first(void)
{
	(void)!write(2, "first ", 6);
}

static void leave_quickly(void)
{
	at_quick_exit(say_last);
	at_quick_exit(say_first);
	atexit(leave_quickly); /* not called, or it would not come to an end */
	quick_exit(clearenv() || getenv("PATH") ? 1 : 6);
}

static void leave_to_background(void)
{
	if (!daemon(0, 1)) {
		char *name = getcwd(NULL, 0);

		dprintf(2, "%s %d", name, getsid(0) == getpid());
		free(name);
	}
	_exit(0);
}

void test_ends(void)
{
	struct checks c = {0};
	char text[40];

	SAYS(leave_quickly, 6, "first last ");
	SAYS(leave_to_background, 0, "/ 1");
	checks_report(&c, "quick_exit, daemon");
}
