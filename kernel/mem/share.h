/*
 * Frames that several memory objects have at once, until one of them writes. Each has a share. Only who has one may give
 * another: so whoever has the last one is alone, and stays so until it gives one itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "arch.h"
#include "result.h"

/* Gives one more share of a frame; -ENOMEM. */
MUST_USE int share_give(paddr_t frame);

/* Has what share_give needs for any frame from `start` on, of `size` bytes, at once; -ENOMEM. */
MUST_USE int share_prepare(paddr_t start, uint64_t size);

/* Whether others have a share. When none has any more, what they did with the frame is seen. */
bool share_has_others(paddr_t frame);

/* Gives a share up; false, with nothing changed, when it is the last one. */
MUST_USE bool share_leave(paddr_t frame);

/* How many shares there are besides the first one of each frame. Exact while nobody gives or leaves any. */
size_t share_count(void);
