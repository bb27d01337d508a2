/*
 * picolibc's <sys/stat.h>, and what it declares for few systems.
 */
#pragma once

#include_next <sys/stat.h>

#ifndef UTIME_NOW
#define UTIME_NOW  (-2L)
#define UTIME_OMIT (-1L)
#endif

int lstat(const char *__restrict path, struct stat *__restrict status);
int mknod(const char *path, mode_t mode, dev_t device);
