/* A ring of bytes. */
#include "console.h"

#include <stdlib.h>
#include <string.h>

/* The memory is touched now, so that the console goes on when there is none left. */
bool ring_init(struct ring *ring, size_t size)
{
	*ring = (struct ring){.bytes = malloc(size), .size = size};
	if (!ring->bytes)
		return false;
	memset(ring->bytes, 1, size);
	return true;
}

static size_t place(const struct ring *ring, size_t at)
{
	return at & (ring->size - 1);
}

size_t ring_room(const struct ring *ring)
{
	return ring->size - ring->count;
}

void ring_put(struct ring *ring, uint8_t byte)
{
	ring->bytes[place(ring, ring->first + ring->count)] = byte;
	ring->count++;
}

uint8_t ring_take(struct ring *ring)
{
	uint8_t byte = ring->bytes[place(ring, ring->first)];

	ring_drop(ring, 1);
	return byte;
}

const uint8_t *ring_bytes(const struct ring *ring, size_t from, size_t *size)
{
	size_t start = place(ring, ring->first + from), together = ring->size - start;
	size_t left = ring->count - from;

	*size = left < together ? left : together;
	return ring->bytes + start;
}

void ring_drop(struct ring *ring, size_t size)
{
	ring->first += size;
	ring->count -= size;
}

size_t ring_past(const struct ring *ring)
{
	size_t room = ring_room(ring);

	return room < ring->first ? room : ring->first;
}

uint8_t ring_back(const struct ring *ring, size_t count)
{
	return ring->bytes[place(ring, ring->first - 1 - count)];
}
