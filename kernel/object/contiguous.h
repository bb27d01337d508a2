/*
 * Contiguous memory, for devices that reach memory by themselves. To find a run of frames and to fill it with zeros can take
 * long, so a thread makes it piece by piece: its call is made again until all is done, and interrupts come between. What
 * it has so far hangs on the thread, and goes with it.
 */
#pragma once

#include "object/memory.h"

struct making;

/* What contiguous_make returns when the call is to be made again. */
enum { CONTIGUOUS_MORE = 1 };

/*
 * Makes memory of `size` bytes at a multiple of `align`, whole pages both, by what is in *making, NULL at first: 0 when it is
 * there, with a reference for the caller, or -ENOMEM when there is no such run, or the account has no more. What another
 * call than the one before has begun is given up.
 */
MUST_USE int contiguous_make(struct making **making, uint64_t size, uint64_t align, struct memory **made);

/* Gives up what is being made, if anything is. */
void contiguous_abandon(struct making **making);
