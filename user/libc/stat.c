/*
 * What is asked of and done to files, apart from their bytes and names.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

#include "libc.h"

#define SECOND 1000000000ul /* in nanoseconds */

static struct timespec time_of(uint64_t nanoseconds)
{
	return (struct timespec){
		.tv_sec = (time_t)(nanoseconds / SECOND), .tv_nsec = (long)(nanoseconds % SECOND)};
}

static void status_fill(struct stat *status, const struct file_status *from)
{
	*status = (struct stat){
		.st_dev = (dev_t)from->device,
		.st_ino = (ino_t)from->number,
		.st_mode = from->mode,
		.st_nlink = (nlink_t)from->links,
		.st_size = (off_t)from->size,
		.st_atim = time_of(from->accessed),
		.st_mtim = time_of(from->modified),
		.st_ctim = time_of(from->changed),
		.st_blksize = PAGE_SIZE,
		.st_blocks = (blkcnt_t)from->blocks,
	};
}

int fstat(int fd, struct stat *status)
{
	endpoint_handle file = descriptor_handle(fd);
	struct file_status from = {.mode = S_IFCHR | S_IRUSR | S_IWUSR, .links = 1};
	int error = file.value > 0 ? file_stat(file, &from) : file.value;
	if (error == 0)
		status_fill(status, &from);
	return (int)server_result(error);
}

static int stat_at(endpoint_handle start, const char *path, bool follow, struct file_status *from)
{
	return start.value < 0 ? start.value : directory_stat(start, path, follow, from);
}

int fstatat(int directory, const char *restrict path, struct stat *restrict status, int flags)
{
	struct file_status from;
	if (flags & ~AT_SYMLINK_NOFOLLOW)
		return (int)posix_result(-EINVAL);
	long error =
		PATH_CALL(stat_at(path_start(directory, path), path, !(flags & AT_SYMLINK_NOFOLLOW), &from));
	if (error == 0)
		status_fill(status, &from);
	return (int)server_result(error);
}

int stat(const char *restrict path, struct stat *restrict status)
{
	return fstatat(AT_FDCWD, path, status, 0);
}

int lstat(const char *restrict path, struct stat *restrict status)
{
	return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

/* Everybody is the owner of every file. */
int faccessat(int directory, const char *path, int mode, int flags)
{
	struct stat status;
	if ((mode & ~(R_OK | W_OK | X_OK)) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW)))
		return (int)posix_result(-EINVAL);
	if (fstatat(directory, path, &status, flags & AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	bool refused = ((mode & R_OK) && !(status.st_mode & S_IRUSR)) ||
		       ((mode & W_OK) && !(status.st_mode & S_IWUSR)) ||
		       ((mode & X_OK) && !(status.st_mode & S_IXUSR));
	return (int)posix_result(refused ? -EACCES : 0);
}

int access(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, 0);
}

static int set_mode_at(endpoint_handle start, const char *path, mode_t mode, int flags)
{
	if (start.value < 0)
		return start.value;
	return flags != 0 ? -EINVAL : directory_set_mode(start, path, mode);
}

int fchmodat(int directory, const char *path, mode_t mode, int flags)
{
	return (int)server_result(PATH_CALL(set_mode_at(path_start(directory, path), path, mode, flags)));
}

int chmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, 0);
}

int fchmod(int fd, mode_t mode)
{
	endpoint_handle file = descriptor_handle(fd);
	return (int)server_result(file.value < 0 ? file.value : file_set_mode(file, mode));
}

/* There is one user, 0, who owns everything. */
static int owner_check(uid_t owner, gid_t group)
{
	bool same = (owner == 0 || owner == (uid_t)-1) && (group == 0 || group == (gid_t)-1);
	return same ? 0 : -EPERM;
}

int chown(const char *path, uid_t owner, gid_t group)
{
	struct stat status;
	return stat(path, &status) == 0 ? (int)posix_result(owner_check(owner, group)) : -1;
}

int lchown(const char *path, uid_t owner, gid_t group)
{
	struct stat status;
	return lstat(path, &status) == 0 ? (int)posix_result(owner_check(owner, group)) : -1;
}

int fchown(int fd, uid_t owner, gid_t group)
{
	struct stat status;
	return fstat(fd, &status) == 0 ? (int)posix_result(owner_check(owner, group)) : -1;
}

/* ---- times */

/* Which times are to be set, and to what. -EINVAL for one that is none. */
static int time_given(const struct timespec *time, enum times set, enum times now, uint64_t *value)
{
	if (time == NULL || time->tv_nsec == UTIME_NOW)
		return now;
	if (time->tv_nsec == UTIME_OMIT)
		return 0;
	if (time->tv_nsec < 0 || time->tv_nsec >= (long)SECOND || time->tv_sec < 0)
		return -EINVAL;
	*value = (uint64_t)time->tv_sec * SECOND + (uint64_t)time->tv_nsec;
	return set;
}

/* 0 and the arguments of the protocols, or -EINVAL. */
static int times_given(const struct timespec times[2], uint64_t values[2], enum times *which)
{
	int accessed =
		time_given(times != NULL ? &times[0] : NULL, TIMES_ACCESSED, TIMES_ACCESSED_NOW, &values[0]);
	int modified =
		time_given(times != NULL ? &times[1] : NULL, TIMES_MODIFIED, TIMES_MODIFIED_NOW, &values[1]);
	*which = (enum times)(accessed | modified);
	return accessed < 0 || modified < 0 ? -EINVAL : 0;
}

static int set_times_at(endpoint_handle start, const char *path, const struct timespec times[2], int flags)
{
	uint64_t values[2] = {0};
	enum times which;
	int error = start.value < 0 ? start.value : times_given(times, values, &which);
	if (error == 0 && (flags & ~AT_SYMLINK_NOFOLLOW))
		error = -EINVAL;
	if (error == 0)
		error = directory_set_times(
			start, path, values[0], values[1], which, !(flags & AT_SYMLINK_NOFOLLOW));
	return error;
}

int utimensat(int directory, const char *path, const struct timespec times[2], int flags)
{
	return (int)server_result(PATH_CALL(set_times_at(path_start(directory, path), path, times, flags)));
}

int futimens(int fd, const struct timespec times[2])
{
	uint64_t values[2] = {0};
	enum times which;
	endpoint_handle file = descriptor_handle(fd);
	int error = file.value < 0 ? file.value : times_given(times, values, &which);
	return (int)server_result(error != 0 ? error : file_set_times(file, values[0], values[1], which));
}

int utimes(const char *path, const struct timeval times[2])
{
	struct timespec exact[2];
	for (int i = 0; times != NULL && i < 2; i++)
		exact[i] = (struct timespec){.tv_sec = times[i].tv_sec, .tv_nsec = times[i].tv_usec * 1000};
	return utimensat(AT_FDCWD, path, times != NULL ? exact : NULL, 0);
}

int utime(const char *path, const struct utimbuf *times)
{
	if (times == NULL)
		return utimensat(AT_FDCWD, path, NULL, 0);
	const struct timespec exact[2] = {{.tv_sec = times->actime}, {.tv_sec = times->modtime}};
	return utimensat(AT_FDCWD, path, exact, 0);
}
