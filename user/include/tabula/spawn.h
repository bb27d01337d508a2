/*
 * Starting programs. posix_spawn and waitpid of the standard headers are built on this; use it to choose what
 * the new program may do.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <tabula/syscalls.h>

/* A handle that a new program gets, and what for: an enum startup_what of <abi/abi.h>. */
struct spawn_handle {
	uint32_t what;
	any_handle handle; /* stays the caller's; of 0 none is given */
	uint32_t rights; /* of those that it has */
};

/*
 * Starts the program in a file with these arguments and variables (null: those of the caller) and these handles. It
 * gets besides its own process, the boot archive, and the system handle with those of `system_rights` that the caller
 * has (RIGHTS_SAME: all of them). Returns a process to wait for and to close, or -errno as its value: ENOENT,
 * ENOTDIR, EISDIR, EACCES, ENOEXEC, E2BIG, ENOMEM, and the limits of the kernel.
 */
process_handle spawn_with(const char *path, char *const argv[], char *const envp[], uint32_t system_rights,
	const struct spawn_handle *handles, size_t count);

/* The same for one that is to have what the caller has: directories, and descriptors that exec does not close. */
process_handle spawn(const char *path, char *const argv[], char *const envp[], uint32_t system_rights);

/* Waits until the program has ended, says how, and closes the handle. 0 or -errno. */
int spawn_wait(process_handle process, struct process_result *result);

/*
 * A process like another one, which needs the right to manage it: with copies of its memory, made when either writes, the
 * same memory where that was mapped MAP_SHARED, and the same handles under the same values, where its own is to itself. It
 * has no thread. What the threads of `from` change meanwhile may be in it or not. -errno as the value.
 */
process_handle process_clone(process_handle from, const char *name, size_t length);
