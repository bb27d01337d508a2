/*
 * Memory and strings, with no state and no calls of their own. Copies go by words, which are put together of two where
 * the sides are not aligned alike; the compiler must not turn these loops into calls of themselves.
 */
#include "lib/string.h"

#include <stdint.h>

#pragma GCC optimize("no-tree-loop-distribute-patterns")

static int is_aligned(const void *p)
{
	return ((uintptr_t)p & 7) == 0;
}

static inline void copy_eight(uint64_t *d, const uint64_t *s)
{
	uint64_t a = s[0], b = s[1], c = s[2], e = s[3], f = s[4], g = s[5], h = s[6], i = s[7];

	d[0] = a, d[1] = b, d[2] = c, d[3] = e, d[4] = f, d[5] = g, d[6] = h, d[7] = i;
}

/* Copies whole words between aligned places; returns how many bytes. */
static size_t copy_words(unsigned char *to, const unsigned char *from, size_t size)
{
	uint64_t *d = (uint64_t *)to;
	const uint64_t *s = (const uint64_t *)from;
	size_t left = size;

	for (; left >= 128; left -= 128, d += 16, s += 16) {
		copy_eight(d, s);
		copy_eight(d + 8, s + 8);
	}
	for (; left >= 8; left -= 8)
		*d++ = *s++;
	return size - left;
}

/* The same from a place that is not aligned. The word that it lies in is the copy's own from its first byte on. */
static size_t copy_shifted_words(unsigned char *to, const unsigned char *from, size_t size)
{
	uint64_t *d = (uint64_t *)to;
	unsigned off = (uintptr_t)from & 7, shift = 8 * off;
	const uint64_t *s = (const uint64_t *)(from - off);
	size_t left = size;

	for (uint64_t low = *s, high; left >= 16; left -= 8, low = high) {
		high = *++s;
		*d++ = low >> shift | high << (64 - shift);
	}
	return size - left;
}

/* How many bytes come before words can be stored, and what is loaded for them lies in the copy. */
static size_t lead(const unsigned char *to, const unsigned char *from)
{
	size_t n = -(uintptr_t)to & 7;

	return is_aligned(from + n) ? n : n + 8;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *d = to;
	const unsigned char *s = from;
	size_t n = lead(d, s);

	if (size >= 32) {
		for (size -= n; n--;)
			*d++ = *s++;
		n = is_aligned(s) ? copy_words(d, s, size) : copy_shifted_words(d, s, size);
		d += n, s += n, size -= n;
	} else if (!n) {
		n = copy_words(d, s, size);
		d += n, s += n, size -= n;
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

	for (; size && !is_aligned(d); size--)
		*d++ = (unsigned char)byte;
	for (; size >= 256; size -= 256, d += 256)
#pragma GCC unroll 32
		for (int i = 0; i < 32; i++)
			((uint64_t *)d)[i] = word;
	for (; size >= 32; size -= 32, d += 32) {
		uint64_t *w = (uint64_t *)d;

		w[0] = w[1] = w[2] = w[3] = word;
	}
	for (; size >= 8; size -= 8, d += 8)
		*(uint64_t *)d = word;
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
