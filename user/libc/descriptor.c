/*
 * File descriptors: small numbers, each for an endpoint handle. The handle's badge is the open file description, so
 * offsets and flags are the server's, and what dup and spawn make shares them. FD_CLOEXEC is all that is kept here.
 * A descriptor without a handle may be the kernel's console.
 *
 * There is no lock: a handler may close what the thread that it interrupts is about to open, and fork copies what there is.
 */
#define _GNU_SOURCE /* dup3 */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>

#include "libc.h"

struct descriptor descriptor_table[DESCRIPTORS];
static int used; /* no descriptor from here on has ever been open */

static bool is_open(int fd)
{
	return descriptor_handle(fd).value >= 0;
}

endpoint_handle own_descriptor(int number)
{
	return is_open(number) ? descriptor_table[number].handle : (endpoint_handle){0};
}

static void used_include(int fd)
{
	int now = __atomic_load_n(&used, __ATOMIC_RELAXED);
	while (fd >= now &&
		!__atomic_compare_exchange_n(&used, &now, fd + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* What a descriptor was before it became this. */
static struct descriptor set(int fd, struct descriptor descriptor)
{
	struct descriptor old;
	used_include(fd);
	__atomic_exchange(&descriptor_table[fd], &descriptor, &old, __ATOMIC_ACQ_REL);
	return old;
}

/* False when it is open: somebody else was faster. */
static bool claim(int fd, struct descriptor descriptor)
{
	struct descriptor now = descriptor_table[fd];
	used_include(fd);
	while (!descriptor_is_open(&now))
		if (__atomic_compare_exchange(&descriptor_table[fd], &now, &descriptor, false,
			    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
	return false;
}

/* The lowest free descriptor from `least` up, or -EMFILE. */
static int descriptor_free(int least)
{
	for (int fd = least; fd < DESCRIPTORS; fd++)
		if (!is_open(fd))
			return fd;
	return -EMFILE;
}

static int close_it(struct descriptor descriptor)
{
	if (descriptor.is_console)
		return 0;
	file_locks_close(descriptor.handle);
	return handle_close(ANY(descriptor.handle));
}

/* The lowest free one from `least` up becomes this; or it is closed, and -EMFILE. */
static int install(struct descriptor descriptor, int least)
{
	int fd;
	do
		fd = descriptor_free(least);
	while (fd >= 0 && !claim(fd, descriptor));
	if (fd < 0)
		(void)close_it(descriptor);
	return fd;
}

int descriptor_install(endpoint_handle handle, int least, bool close_on_exec)
{
	return install((struct descriptor){.handle = handle, .close_on_exec = close_on_exec}, least);
}

void descriptors_inherit(const struct startup_handle *handles, size_t count)
{
	bool some = false;
	for (size_t i = 0; i < count; i++) {
		uint32_t fd = handles[i].what - STARTUP_DESCRIPTOR;
		if (fd >= DESCRIPTORS)
			continue;
		some = true;
		set((int)fd, (struct descriptor){.handle.value = (int32_t)handles[i].handle,
				     .is_console = handles[i].handle == 0});
	}
	for (int fd = 0; !some && fd < 3; fd++)
		set(fd, (struct descriptor){.is_console = true});
}

void descriptors_copy(struct descriptors *copy)
{
	copy->used = used;
	memcpy(copy->table, descriptor_table, (size_t)used * sizeof descriptor_table[0]);
}

size_t descriptors_list(const struct descriptors *copy, struct spawn_handle list[DESCRIPTORS])
{
	size_t count = 0;
	for (int fd = 0; fd < copy->used; fd++)
		if (descriptor_is_open(&copy->table[fd]) && !copy->table[fd].close_on_exec)
			list[count++] = (struct spawn_handle){
				STARTUP_DESCRIPTOR + (uint32_t)fd, ANY(copy->table[fd].handle), RIGHTS_SAME};
	return count;
}

void descriptors_exec_locks(void)
{
	for (int fd = 0; fd < used; fd++)
		if (is_open(fd) && descriptor_table[fd].close_on_exec && !descriptor_table[fd].is_console)
			file_locks_close(descriptor_table[fd].handle);
}

int close(int fd)
{
	struct descriptor old = is_open(fd) ? set(fd, (struct descriptor){0}) : (struct descriptor){0};
	return (int)posix_result(descriptor_is_open(&old) ? close_it(old) : -EBADF);
}

/* Another handle to what a descriptor, which is open, stands for. 0 or -errno. */
static int copy_make(int fd, bool close_on_exec, struct descriptor *copy)
{
	*copy = (struct descriptor){
		.is_console = descriptor_table[fd].is_console, .close_on_exec = close_on_exec};
	if (copy->is_console)
		return 0;
	copy->handle.value = handle_duplicate(ANY(descriptor_table[fd].handle), RIGHTS_SAME).value;
	return copy->handle.value < 0 ? copy->handle.value : 0;
}

static int duplicate(int fd, int least, bool close_on_exec)
{
	struct descriptor copy;
	if (!is_open(fd))
		return -EBADF;
	if (least < 0 || least >= DESCRIPTORS)
		return -EINVAL;
	int error = copy_make(fd, close_on_exec, &copy);
	return error != 0 ? error : install(copy, least);
}

int dup(int fd)
{
	return (int)posix_result(duplicate(fd, 0, false));
}

/* Makes `to` another descriptor of `fd`; what it was is closed. */
static int duplicate_onto(int fd, int to, bool close_on_exec)
{
	struct descriptor copy;
	if (!is_open(fd) || to < 0 || to >= DESCRIPTORS)
		return -EBADF;
	int error = copy_make(fd, close_on_exec, &copy);
	if (error != 0)
		return error;
	struct descriptor old = set(to, copy);
	if (descriptor_is_open(&old))
		(void)close_it(old);
	return to;
}

int dup2(int fd, int to)
{
	if (fd == to)
		return is_open(fd) ? fd : (int)posix_result(-EBADF);
	return (int)posix_result(duplicate_onto(fd, to, false));
}

int dup3(int fd, int to, int flags)
{
	if (fd == to || (flags & ~O_CLOEXEC))
		return (int)posix_result(-EINVAL);
	return (int)posix_result(duplicate_onto(fd, to, flags & O_CLOEXEC));
}

static long flags_get(int fd)
{
	if (descriptor_table[fd].is_console)
		return O_RDWR;
	long how = file_flags(descriptor_table[fd].handle);
	if (how < 0)
		return how;
	int flags = how & OPEN_READ ? (how & OPEN_WRITE ? O_RDWR : O_RDONLY) : O_WRONLY;
	flags |= how & OPEN_APPEND ? O_APPEND : 0;
	return flags | (how & OPEN_NONBLOCK ? O_NONBLOCK : 0);
}

static long flags_set(int fd, int flags)
{
	if (descriptor_table[fd].is_console)
		return 0;
	uint32_t how = (flags & O_APPEND ? OPEN_APPEND : 0) | (flags & O_NONBLOCK ? OPEN_NONBLOCK : 0);
	return file_set_flags(descriptor_table[fd].handle, (enum open)how);
}

static long control(int fd, int command, int argument)
{
	if (!is_open(fd))
		return -EBADF;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicate(fd, argument, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return descriptor_table[fd].close_on_exec ? FD_CLOEXEC : 0;
	case F_SETFD:
		descriptor_table[fd].close_on_exec = argument & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return flags_get(fd);
	case F_SETFL:
		return flags_set(fd, argument);
	default:
		return -EINVAL;
	}
}

static bool is_lock(int command)
{
	return command == F_GETLK || command == F_SETLK || command == F_SETLKW || command == F_OFD_GETLK ||
	       command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

int fcntl(int fd, int command, ...)
{
	va_list arguments;
	va_start(arguments, command);
	if (is_lock(command)) {
		endpoint_handle file = descriptor_handle(fd);
		struct flock *flock = va_arg(arguments, struct flock *);
		va_end(arguments);
		return (int)server_result(file.value > 0   ? file_lock_control(file, command, flock)
					  : file.value < 0 ? file.value
							   : -EINVAL);
	}
	bool takes =
		command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_SETFD || command == F_SETFL;
	int argument = takes ? va_arg(arguments, int) : 0;
	va_end(arguments);
	return (int)server_result(control(fd, command, argument));
}
