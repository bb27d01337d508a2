/*
 * The parts of <search.h> that picolibc lacks.
 */
#include <search.h>
#include <string.h>

void *lfind(const void *key, const void *base, size_t *count, size_t width,
	int (*compare)(const void *, const void *))
{
	const char *at = base;
	for (size_t i = 0; i < *count; i++, at += width)
		if (compare(key, at) == 0)
			return (void *)(uintptr_t)at;
	return NULL;
}

void *lsearch(
	const void *key, void *base, size_t *count, size_t width, int (*compare)(const void *, const void *))
{
	void *found = lfind(key, base, count, width, compare);
	if (found != NULL)
		return found;
	return memcpy((char *)base + (*count)++ * width, key, width);
}

struct link {
	struct link *next, *before;
};

void insque(void *element, void *before)
{
	struct link *link = element, *at = before;
	link->next = at != NULL ? at->next : NULL;
	link->before = at;
	if (at != NULL)
		at->next = link;
	if (link->next != NULL)
		link->next->before = link;
}

void remque(void *element)
{
	struct link *link = element;
	if (link->before != NULL)
		link->before->next = link->next;
	if (link->next != NULL)
		link->next->before = link->before;
}
