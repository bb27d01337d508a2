/*
 * How much room files have. There is one file system; names are not counted apart from bytes.
 */
#pragma once

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ST_RDONLY 1
#define ST_NOSUID 2

struct statvfs {
	unsigned long f_bsize, f_frsize; /* bytes of a block */
	fsblkcnt_t f_blocks, f_bfree, f_bavail; /* all, and those that are left */
	fsfilcnt_t f_files, f_ffree, f_favail; /* 0 */
	unsigned long f_fsid, f_flag, f_namemax;
};

/* Of the file system in which the file lies. */
int statvfs(const char *restrict path, struct statvfs *restrict room);
int fstatvfs(int fd, struct statvfs *room);

#ifdef __cplusplus
}
#endif
