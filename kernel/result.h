/* How functions say that they failed: 0 or more on success, -E* of types.tbl otherwise. */
#pragma once

#include "abi/errors.h"
#include "config.h"

#define MUST_USE __attribute__((warn_unused_result))

/* Returns early with the error of `expression`. For the check phase, where nothing is held. */
#define TRY(expression) \
	do { \
		int try_error = (expression); \
		if (try_error) \
			return try_error; \
	} while (0)
