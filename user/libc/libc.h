/*
 * What the files of the library share with each other and with nobody else.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <abi/abi.h>
#include <tabula/spawn.h>

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

/*
 * The answer of a server to what POSIX has no such error for: one that is gone, or has forgotten its clients with its
 * end, and one that the descriptor should not have been given to.
 */
static inline long server_result(long result)
{
	if (result >= 0)
		return result;
	bool unfit = result == -ENOSYS || result == -EPIPE || result == -EFTYPE || result == -EPROTO;
	return posix_result(unfit ? -EIO : result);
}

enum { DESCRIPTORS = 256 };

/* One word, so that threads change it as a whole: none finds half a descriptor, and no two get the same. */
struct descriptor {
	_Alignas(uint64_t) endpoint_handle handle;
	bool is_console; /* of the kernel, which has no handle here */
	bool close_on_exec;
};

_Static_assert(sizeof(struct descriptor) == sizeof(uint64_t), "one word");

/* What all descriptors of a program stand for: those from `used` on are not open, and not written out. */
struct descriptors {
	int used;
	struct descriptor table[DESCRIPTORS];
};

static inline bool descriptor_is_open(const struct descriptor *descriptor)
{
	return descriptor->handle.value > 0 || descriptor->is_console;
}

/* Of descriptor.c. */
extern struct descriptor descriptor_table[DESCRIPTORS];

/* What a descriptor stands for: -EBADF as the value when it is not open, 0 for the kernel's console. */
static inline endpoint_handle descriptor_handle(int fd)
{
	const endpoint_handle none = {-EBADF};
	bool is_number = fd >= 0 && fd < DESCRIPTORS;
	return is_number && descriptor_is_open(&descriptor_table[fd]) ? descriptor_table[fd].handle : none;
}

/*
 * Makes the lowest free descriptor from `least` up stand for a handle, which it owns from now on, also if that fails.
 * Returns it, or -EMFILE.
 */
int descriptor_install(endpoint_handle handle, int least, bool close_on_exec);
void descriptors_inherit(const struct startup_handle *handles, size_t count);

/* Copies what all descriptors stand for. The handles stay this program's. */
void descriptors_copy(struct descriptors *copy);

/* Lists what a program inherits that is started with these descriptors; returns how many. */
size_t descriptors_list(const struct descriptors *copy, struct spawn_handle list[DESCRIPTORS]);

/* file_lock.c: what fcntl does about locks: 0 or -errno. */
struct flock;
long file_lock_control(endpoint_handle file, int command, struct flock *flock);

/* A descriptor of a file is closed: the process has no locks on it any more, though it may have another. */
void file_locks_close(endpoint_handle file);

/* Exec is about to close what it closes: the same, for each of these. */
void descriptors_exec_locks(void);

/* After fork, in the child: the locks are its parent's. */
void file_locks_forget(void);

/* What owns the locks of this process, for the program that it becomes by exec; 0: it has none. */
endpoint_handle file_locks_owner(void);
void file_locks_inherit(endpoint_handle owner);

/* open.c: open, to a handle. -errno as the value. */
endpoint_handle open_handle(int directory, const char *path, int flags, mode_t mode);

/* log.c: what a program prints that has no terminal. A count or -errno. At its end a line that it has begun comes, too. */
ssize_t kernel_output(const char *bytes, size_t size);
void kernel_output_end(void);
extern bool kernel_output_begun; /* that has ever been called */

/* console.c: the kernel's console. A count or -errno. */
ssize_t console_input(void *buffer, size_t size);
ssize_t console_output(const void *buffer, size_t size);
bool console_is_terminal(void);

/* Has the terminal give lines again, before another program uses it. */
void console_settle(void);

/* Waits until everything written has left. 0 or -errno. */
int console_sync(void);

/* directory.c: where a path begins, for a descriptor as openat takes it. -EBADF as the value. */
endpoint_handle path_start(int fd, const char *path);
void directory_inherit(endpoint_handle directory);

/* How often there has been another working directory. */
extern uint32_t directory_turn;

/*
 * The result of a call that begins at a path's start. Another thread, or a handler of signals, may change the working
 * directory just before it is made, and what was its handle is none any more.
 */
#define PATH_CALL(call) \
	({ \
		uint32_t turn_; \
		long result_; \
		do { \
			turn_ = __atomic_load_n(&directory_turn, __ATOMIC_ACQUIRE); \
			result_ = (call); \
		} while (result_ == -EBADF && turn_ != __atomic_load_n(&directory_turn, __ATOMIC_ACQUIRE)); \
		result_; \
	})

/* open.c: the mode of something new, after umask. */
mode_t mode_masked(mode_t mode);
mode_t mask_current(void);
void mask_inherit(mode_t mask);

/* start.c: what this program calls the process server through; 0: there is none. After fork, others than before. */
endpoint_handle own_program(void);
const char *own_name(void); /* of its file, for people, and no longer than a process's may be */
void own_become(process_handle process, endpoint_handle program);

/* How a program that is started stands to this one. */
enum birth_kind {
	BIRTH_UNWAITED, /* a child, whose process this program waits for */
	BIRTH_CHILD, /* a child as POSIX has it */
	BIRTH_SELF, /* this program, in another process */
};

struct birth {
	enum birth_kind kind;
	bool has_group; /* `group` counts */
	pid_t group; /* 0: a new one */
	bool foreground; /* its group gets the terminal */
	uint64_t blocked, ignored, pending; /* signals */
	uint32_t pid; /* afterwards: that of a child; 0: nobody knows it */
};

/* What to run: a path, or an open file when that is null; with the arguments, environment and handles. */
struct order {
	const char *path;
	endpoint_handle file;
	char *const *argv, *const *envp;
	uint32_t system_rights;
	const struct spawn_handle *handles;
	size_t count;
};

/* spawn.c: the process that runs it, or -errno as its value. Files that begin with #! are run by whom they say. */
process_handle program_launch(const struct order *order, struct birth *birth);

/* Whether a process has ended, or is about to. */
bool process_is_over(process_handle process);

/* The same, with these descriptors and the directories of this program. */
process_handle program_launch_with(
	struct order order, const struct descriptors *descriptors, struct birth *birth);

/*
 * spawn_actions.c: does what a program has ordered for the one that it starts, to a copy of its descriptors. What was
 * opened for that stands in `opened`, to be closed afterwards, also when it failed. 0 or -errno.
 */
struct __posix_spawn_file_actions;
struct opened {
	endpoint_handle handles[DESCRIPTORS];
	size_t count;
};
int spawn_actions_play(const struct __posix_spawn_file_actions *actions, struct descriptors *descriptors,
	struct opened *opened);
void opened_close(const struct opened *opened);

/* Whether the program is to have the terminal. */
bool spawn_actions_foreground(const struct __posix_spawn_file_actions *actions);
