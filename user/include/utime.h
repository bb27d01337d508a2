/*
 * picolibc's <utime.h>, and the function that it has no prototype for.
 */
#pragma once

#include <sys/types.h> /* that one uses time_t, and does not say whose it is */
#include_next <utime.h>

int utime(const char *path, const struct utimbuf *times);
