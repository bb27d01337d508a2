/*
 * picolibc's <search.h>, and what it lacks: arrays that are searched from the front, and lists of whatever begins with two
 * pointers, to the next and the one before.
 */
#pragma once

#include_next <search.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *lfind(const void *key, const void *base, size_t *count, size_t width,
	int (*compare)(const void *, const void *));
void *lsearch(
	const void *key, void *base, size_t *count, size_t width, int (*compare)(const void *, const void *));
void insque(void *element, void *before);
void remque(void *element);

#ifdef __cplusplus
}
#endif
