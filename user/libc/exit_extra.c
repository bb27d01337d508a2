/*
 * Other ways out of a program, and into the background.
 */
#define _GNU_SOURCE /* daemon */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "thread.h"

enum { QUICK_MOST = 32 };

static void (*quick[QUICK_MOST])(void);
static size_t quick_count;
static uint32_t quick_lock;

int at_quick_exit(void (*function)(void))
{
	word_lock(&quick_lock);
	bool has_room = quick_count < QUICK_MOST;
	if (has_room)
		quick[quick_count++] = function;
	word_unlock(&quick_lock);
	return has_room ? 0 : -1;
}

/* Streams keep what they hold, and what atexit was given is not called. */
_Noreturn void quick_exit(int status)
{
	for (size_t i = quick_count; i-- > 0;)
		quick[i]();
	_Exit(status);
}

extern char **environ;

int clearenv(void)
{
	static char *none[] = {NULL};
	environ = none;
	return 0;
}

static int streams_to_nothing(void)
{
	int fd = open("/dev/null", O_RDWR);
	bool done = fd >= 0 && dup2(fd, 0) == 0 && dup2(fd, 1) == 1 && dup2(fd, 2) == 2;
	if (fd > 2)
		(void)close(fd);
	return done ? 0 : -1;
}

int daemon(int stays, int keeps_streams)
{
	pid_t pid = fork();
	if (pid != 0) {
		if (pid < 0)
			return -1;
		_exit(0);
	}
	if (setsid() < 0 || (!stays && chdir("/") != 0))
		return -1;
	return keeps_streams ? 0 : streams_to_nothing();
}
