/* User memory, as far as the thunks name it. */
#pragma once
#include <stddef.h>
#include <stdint.h>
typedef struct {
	uint64_t value;
} uaddr_t;
struct user_in {
	uaddr_t address;
};
struct user_out {
	uaddr_t address;
};
