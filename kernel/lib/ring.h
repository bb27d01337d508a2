/*
 * The last bytes of a stream, in a buffer that is written over from the front. Each byte has its position in the whole
 * stream, so that a reader knows whether it has missed any. Pure; who shares it, locks it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ring {
	char *bytes;
	size_t size;
	uint64_t end; /* position behind the last byte */
};

static inline uint64_t ring_start(const struct ring *ring)
{
	return ring->end < ring->size ? 0 : ring->end - ring->size;
}

/* The byte at a position that is kept. */
static inline char ring_at(const struct ring *ring, uint64_t position)
{
	return ring->bytes[position % ring->size];
}

void ring_put(struct ring *ring, const char *text);

/* Copies from `position` on: how many bytes, 0 at the end or where there are none (any more). */
size_t ring_get(const struct ring *ring, uint64_t position, char *to, size_t size);
