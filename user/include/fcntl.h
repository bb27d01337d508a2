/*
 * picolibc's <fcntl.h>, and what it declares for few systems.
 */
#pragma once

#include_next <fcntl.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Locks whose owner is the open file rather than the process. */
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38

#define POSIX_FADV_NORMAL     0
#define POSIX_FADV_RANDOM     1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED   3
#define POSIX_FADV_DONTNEED   4
#define POSIX_FADV_NOREUSE    5

int posix_fadvise(int fd, off_t offset, off_t length, int advice);

#ifdef __cplusplus
}
#endif
