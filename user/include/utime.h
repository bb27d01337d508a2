/*
 * picolibc's <utime.h>, and the function that it has no prototype for.
 */
#pragma once

#include_next <utime.h>

int utime(const char *path, const struct utimbuf *times);
