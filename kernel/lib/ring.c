/* See ring.h. */
#include "lib/ring.h"

void ring_put(struct ring *ring, const char *text)
{
	for (; *text; text++)
		ring->bytes[ring->end++ % ring->size] = *text;
}

size_t ring_get(const struct ring *ring, uint64_t position, char *to, size_t size)
{
	size_t count = 0;

	if (position < ring_start(ring))
		return 0;
	for (; count < size && position < ring->end; position++)
		to[count++] = ring->bytes[position % ring->size];
	return count;
}
