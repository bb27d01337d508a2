/* For suites of POSIX functions. */
#pragma once

#include <errno.h>
#include <string.h>

#include "suite.h"

/* Whether a call failed with this error. */
#define FAILS(c, error, call) \
	do { \
		errno = 0; \
		long result_ = (long)(call); \
		int errno_ = errno; \
		check(c, result_ == -1 && errno_ == (error), "%s: %ld, %s", #call, result_, \
			strerror(errno_)); \
	} while (0)
