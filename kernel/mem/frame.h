/* Physical page frames. Every frame given out is the caller's until frame_free. */
#pragma once

#include <stddef.h>

#include "arch.h"
#include "result.h"

/* Takes the free ranges of the machine. Once, before any other. */
void frame_init(const struct machine *machine);

/* A frame with whatever it held before, for callers that fill all of it; -ENOMEM. */
MUST_USE int frame_alloc(paddr_t *frame);

/* A frame full of zeros; -ENOMEM. */
MUST_USE int frame_alloc_zeroed(paddr_t *frame);

void frame_free(paddr_t frame);

/* How many can still be given out, those that other harts have set aside included, and how many there are. */
size_t frame_free_count(void);
size_t frame_count(void);
