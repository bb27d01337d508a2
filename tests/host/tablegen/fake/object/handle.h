/* Handles, as far as the thunks name them. */
#pragma once
#include <stdint.h>
struct object;
struct handle_ref {
	struct object *object;
	uint32_t rights;
	uint32_t value;
};
typedef struct {
	long value;
} handle_result;
