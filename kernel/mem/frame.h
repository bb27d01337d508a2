/* Physical page frames. Every frame given out is the caller's until frame_free. */
#pragma once

#include <stdbool.h>
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

/* The same of a frame that is full of zeros: the next that has to be so need not be made so. */
void frame_free_zeroed(paddr_t frame);

/* A search for a run of frames, which can take long: the first two are the caller's wish, the rest is 0 at first. */
struct frame_search {
	uint64_t count; /* of frames */
	uint64_t align; /* number of the first one is a multiple of this, a power of two */
	uint64_t next; /* where to look next */
	uint64_t length; /* how many have been found free right before that */
};

/* What frame_alloc_run returns when it has come to the end of its work, and is to be called again. */
enum { FRAME_SEARCH_ON = 1 };

/*
 * A run of frames, one after the other, with whatever they held before: -ENOMEM when there is none. Frames that other harts
 * have set aside are not found.
 */
MUST_USE int frame_alloc_run(struct frame_search *search, int *work, paddr_t *first);
void frame_free_run(paddr_t first, uint64_t count);

/* How many can still be given out, those that other harts have set aside included, and how many there are. */
size_t frame_free_count(void);
size_t frame_count(void);

/* For audits: whether the frames that this hart has set aside as zeros are full of them. */
bool frame_audit(void);
