/*
 * Locks of files. The owner of one by flock, or by F_OFD_SETLK, is the open file. That of one by F_SETLK or lockf is the process: to
 * the server, a directory that this process has opened for that and gives to nobody but the program that it becomes by exec. It
 * makes it with its first lock, a child does not keep it, and it goes with the process.
 */
#define _GNU_SOURCE /* flock, F_OFD_SETLK */
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

#include "signals.h"

static int32_t process_owner; /* a handle; 0: this process has no locks of its own */

endpoint_handle file_locks_owner(void)
{
	return (endpoint_handle){__atomic_load_n(&process_owner, __ATOMIC_ACQUIRE)};
}

/* -errno as the value. */
static endpoint_handle owner_open(void)
{
	int32_t none = 0;
	endpoint_handle own = file_locks_owner();
	if (own.value != 0)
		return own;
	own = directory_open(own_root(), "/", OPEN_DIRECTORY, 0, &(uint32_t){0}, DEADLINE_NEVER);
	if (own.value < 0 || __atomic_compare_exchange_n(&process_owner, &none, own.value, false,
				     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return own;
	handle_close(ANY(own)); /* another thread was faster */
	return (endpoint_handle){none};
}

void file_locks_close(endpoint_handle file)
{
	const struct file_range all = {.last = INT64_MAX};
	endpoint_handle own = file_locks_owner();
	if (own.value != 0)
		(void)file_lock(file, own, (enum locking)0, &all, DEADLINE_NEVER);
}

void file_locks_inherit(endpoint_handle owner)
{
	process_owner = owner.value;
}

void file_locks_forget(void)
{
	if (process_owner != 0)
		handle_close((any_handle){process_owner});
	process_owner = 0;
}

static long lock(endpoint_handle file, endpoint_handle owner, uint32_t how, const struct file_range *range)
{
	long result;
	if (owner.value < 0)
		return owner.value;
	call_begin(file.value);
	do
		result = file_lock(file, owner, (enum locking)how, range, DEADLINE_NEVER);
	while (call_again(result));
	call_end();
	return result;
}

int flock(int fd, int operation)
{
	static const uint32_t kinds[] = {
		[LOCK_SH] = LOCKING_SHARED, [LOCK_EX] = LOCKING_EXCLUSIVE, [LOCK_UN] = 0};
	const struct file_range all = {.last = INT64_MAX};
	endpoint_handle file = descriptor_handle(fd);
	int kind = operation & ~LOCK_NB;
	if (file.value < 0)
		return (int)posix_result(file.value);
	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return (int)posix_result(-EINVAL);
	return (int)server_result(
		lock(file, file, kinds[kind] | (operation & LOCK_NB ? 0 : LOCKING_WAITS), &all));
}

/* ---- ranges */

/* Where the offsets of a lock count from, or -errno. */
static long base_of(endpoint_handle file, int whence)
{
	struct file_status status;
	if (whence == SEEK_SET)
		return 0;
	if (whence == SEEK_CUR)
		return file_seek(file, 0, WHENCE_CURRENT);
	if (whence != SEEK_END)
		return -EINVAL;
	long error = file_stat(file, &status);
	return error != 0 ? error : (long)status.size;
}

static int range_of(endpoint_handle file, const struct flock *flock, struct file_range *range)
{
	long base = base_of(file, flock->l_whence), begin, end;
	if (base < 0)
		return (int)base;
	if (__builtin_add_overflow(base, flock->l_start, &begin) ||
		__builtin_add_overflow(begin, flock->l_len, &end))
		return -EOVERFLOW;
	if (begin < 0 || end < 0)
		return -EINVAL;
	*range = (struct file_range){.begin = (uint64_t)begin, .last = INT64_MAX};
	if (flock->l_len > 0)
		range->last = (uint64_t)end - 1;
	if (flock->l_len < 0)
		*range = (struct file_range){.begin = (uint64_t)end, .last = (uint64_t)begin - 1};
	return 0;
}

/* The kind of a lock; -EINVAL for one that is none. */
static int kind_of(short type)
{
	return type == F_RDLCK   ? LOCKING_SHARED
	       : type == F_WRLCK ? LOCKING_EXCLUSIVE
	       : type == F_UNLCK ? 0
				 : -EINVAL;
}

static long range_find(endpoint_handle file, endpoint_handle owner, int kind, const struct file_range *range,
	struct flock *flock)
{
	uint64_t begin, last;
	uint32_t name;
	long found = file_find_lock(file, owner, (enum locking)kind, range, &begin, &last, &name);
	if (found < 0)
		return found;
	if (found == 0) {
		flock->l_type = F_UNLCK;
		return 0;
	}
	*flock = (struct flock){.l_type = found == LOCKING_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (long)begin,
		.l_len = last == INT64_MAX ? 0 : (long)(last - begin + 1),
		.l_pid = name != 0 ? (short)name : -1};
	return 0;
}

long file_lock_control(endpoint_handle file, int command, struct flock *flock)
{
	bool open_file = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
	bool finds = command == F_GETLK || command == F_OFD_GETLK;
	bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
	struct file_range range;
	int kind = kind_of(flock->l_type);
	int error = kind < 0 || (finds && kind == 0) ? -EINVAL : range_of(file, flock, &range);
	if (error != 0)
		return error;
	endpoint_handle owner = open_file ? file : owner_open();
	if (owner.value < 0)
		return owner.value;
	range.name = open_file ? 0 : (uint32_t)getpid();
	long result = finds ? range_find(file, owner, kind, &range, flock)
			    : lock(file, owner, (uint32_t)kind | LOCKING_ACCESS | (waits ? LOCKING_WAITS : 0),
				      &range);
	if (result != -EBADF || open_file || file_flags(owner) >= 0)
		return result;
	file_locks_forget(); /* it was of a server that has ended */
	return file_lock_control(file, command, flock);
}

int lockf(int fd, int command, off_t length)
{
	struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length};
	switch (command) {
	case F_ULOCK:
		flock.l_type = F_UNLCK;
		return fcntl(fd, F_SETLK, &flock);
	case F_LOCK:
		return fcntl(fd, F_SETLKW, &flock);
	case F_TLOCK:
		return fcntl(fd, F_SETLK, &flock);
	case F_TEST:
		if (fcntl(fd, F_GETLK, &flock) != 0)
			return -1;
		return (int)posix_result(flock.l_type == F_UNLCK ? 0 : -EACCES);
	default:
		return (int)posix_result(-EINVAL);
	}
}
