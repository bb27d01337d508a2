/* How functions say that they failed: 0 or more on success, -E* of types.tbl otherwise. */
#pragma once

#include "abi/errors.h"
#include "config.h"

#define MUST_USE __attribute__((warn_unused_result))

/* Keeps what is rarely needed out of the way of its caller: registers that only it needs are not saved for nothing. */
#define RARE __attribute__((noinline, cold))

/* For what must be part of its caller, however large that gets: a path on which instructions count. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Returns early with the error of `expression`. For the check phase, where nothing is held. */
#define TRY(expression) \
	do { \
		int try_error = (expression); \
		if (try_error) \
			return try_error; \
	} while (0)
