/*
 * Memory and strings, with no state and no calls of their own. Copies go by words where both sides are aligned;
 * the compiler must not turn these loops into calls of themselves.
 */
#include "lib/string.h"

#include <stdint.h>

#pragma GCC optimize("no-tree-loop-distribute-patterns")

static int is_aligned(const void *p)
{
	return ((uintptr_t)p & 7) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if (is_aligned(d) && is_aligned(s)) {
		for (; size >= 32; size -= 32, d += 32, s += 32) {
			uint64_t *dw = (uint64_t *)d;
			const uint64_t *sw = (const uint64_t *)s;
			uint64_t a = sw[0], b = sw[1], c = sw[2], e = sw[3];

			dw[0] = a, dw[1] = b, dw[2] = c, dw[3] = e;
		}
		for (; size >= 8; size -= 8, d += 8, s += 8)
			*(uint64_t *)d = *(const uint64_t *)s;
	}
	while (size--)
		*d++ = *s++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if (d <= s || d >= s + size)
		return memcpy(to, from, size);
	while (size--)
		d[size] = s[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	unsigned char *d = to;
	uint64_t word = 0x0101010101010101ul * (unsigned char)byte;

	if (is_aligned(d)) {
		for (; size >= 128; size -= 128, d += 128) {
			uint64_t *w = (uint64_t *)d;

			w[0] = w[1] = w[2] = w[3] = w[4] = w[5] = w[6] = w[7] = word;
			w[8] = w[9] = w[10] = w[11] = w[12] = w[13] = w[14] = w[15] = word;
		}
		for (; size >= 8; size -= 8, d += 8)
			*(uint64_t *)d = word;
	}
	while (size--)
		*d++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size--; x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size--; a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}
