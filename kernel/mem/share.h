/*
 * Frames that several memory objects have at once, until one of them writes. Each has a share. Only who has one may give
 * another: so whoever has the last one is alone, and stays so until it gives one itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "abi/abi.h"
#include "arch.h"
#include "result.h"

/* Where counts of frames that lie together are, so that they are looked for once. Begins as SHARE_NOWHERE. */
struct share_area {
	uint64_t number;
	uint32_t *counts; /* atomic */
};

enum { SHARE_AREA_BITS = 10 };

#define SHARE_NOWHERE ((struct share_area){.number = UINT64_MAX})

/* Makes it the one of a frame, which need not have been shared before; -ENOMEM. */
MUST_USE int share_look(struct share_area *area, paddr_t frame);

/* Gives one more share of a frame; -ENOMEM. */
static inline MUST_USE int share_give(paddr_t frame, struct share_area *area)
{
	uint64_t number = frame.value >> PAGE_SHIFT;

	if (number >> SHARE_AREA_BITS != area->number)
		TRY(share_look(area, frame));
	__atomic_fetch_add(&area->counts[number & ((1u << SHARE_AREA_BITS) - 1)], 1, __ATOMIC_RELAXED);
	return 0;
}

/* Has what share_give needs for any frame from `start` on, of `size` bytes, at once; -ENOMEM. */
MUST_USE int share_prepare(paddr_t start, uint64_t size);

/* Whether others have a share. When none has any more, what they did with the frame is seen. */
bool share_has_others(paddr_t frame);

/* Makes it the one of a frame that has been shared. */
void share_find(struct share_area *area, paddr_t frame);

/* Gives a share up; false, with nothing changed, when it is the last one. */
static inline MUST_USE bool share_leave(paddr_t frame, struct share_area *area)
{
	uint64_t number = frame.value >> PAGE_SHIFT;
	uint32_t *count, others;

	if (number >> SHARE_AREA_BITS != area->number)
		share_find(area, frame);
	count = &area->counts[number & ((1u << SHARE_AREA_BITS) - 1)];
	others = __atomic_load_n(count, __ATOMIC_ACQUIRE);
	do
		if (!others)
			return false;
	while (!__atomic_compare_exchange_n(
		count, &others, others - 1, true, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE));
	return true;
}

/* How many shares there are besides the first one of each frame: counted, for audits. Exact while nobody gives or leaves any. */
size_t share_count(void);
