/*
 * What the files of the library share with each other and with nobody else.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <abi/abi.h>

/* crt0.S calls it with what the parent has put on the stack. */
_Noreturn void program_start(const struct startup *given);

/* Turns "value or -errno" into the POSIX habit. */
static inline long posix_result(long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* console.c: the terminal behind descriptors 0 to 2. Both return a count or -errno. */
ssize_t console_input(void *buffer, size_t size);
ssize_t console_output(const void *buffer, size_t size);
bool console_is_terminal(void);

/* Has the terminal give lines again, before another program uses it. */
void console_settle(void);

/* Waits until everything written has left. 0 or -errno. */
int console_sync(void);

/* path.c: the working directory, and absolute names without first slash, ".", "..", "//"; "" is the root. */
enum { RESOLVED_MAX = 1024 };
void directory_inherit(void);
const char *directory_current(void);
int path_resolve(const char *path, char resolved[RESOLVED_MAX]);

/* descriptor.c: files_list of the directory that a descriptor refers to. */
struct file_node;
int descriptor_list(int fd, size_t *cursor, struct file_node *node, char *name, size_t size);
