/*
 * picolibc's <limits.h>, and the limits of what this library has besides.
 */
#pragma once

#include_next <limits.h>

#define _POSIX_RTSIG_MAX    8
#define _POSIX_SIGQUEUE_MAX 32

#define RTSIG_MAX    32 /* real-time signals */
#define SIGQUEUE_MAX 32 /* signals that one program has queued for another */
