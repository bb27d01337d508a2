/*
 * Counts of shares. A frame that one object has alone has none, and costs nothing here: the object knows which of its
 * frames are shared. The counts lie in pages, for 4 MiB of frames each, which are listed in pages, for 2 GiB each; these
 * are made when they are first needed, and stay.
 */
#include "mem/share.h"

#include "abi/abi.h"
#include "mem/account.h"

enum {
	COUNTS = PAGE_SIZE / sizeof(uint32_t), /* in a page */
	AREAS = PAGE_SIZE / sizeof(void *), /* listed in a page */
	LISTS = 64,
};

static void *lists[LISTS]; /* atomic, and so is what they lead to: pages of pointers to pages of counts */
static size_t all; /* atomic */

static uint64_t number_of(paddr_t frame)
{
	return frame.value >> PAGE_SHIFT;
}

/* The page that hangs here, made if there is none; NULL when memory is out. */
static void *page_made(void **place)
{
	void *made = __atomic_load_n(place, __ATOMIC_ACQUIRE), *other = NULL; /* partner: below */
	paddr_t page;

	if (made)
		return made;
	if (account_frame_alloc_zeroed(&kernel_account, &page))
		return NULL;
	made = direct(page);
	if (__atomic_compare_exchange_n(place, &other, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return made;
	account_frame_free(&kernel_account, page); /* another hart was faster */
	return other;
}

static uint32_t *count_made(paddr_t frame)
{
	uint64_t area = number_of(frame) / COUNTS;
	void **list = area / AREAS < LISTS ? page_made(&lists[area / AREAS]) : NULL;
	uint32_t *counts = list ? page_made(&list[area % AREAS]) : NULL;

	return counts ? &counts[number_of(frame) % COUNTS] : NULL;
}

/* Of a frame that has been shared. */
static uint32_t *count_of(paddr_t frame)
{
	uint64_t area = number_of(frame) / COUNTS;
	void **list = __atomic_load_n(&lists[area / AREAS], __ATOMIC_ACQUIRE);
	uint32_t *counts = __atomic_load_n(&list[area % AREAS], __ATOMIC_ACQUIRE);

	return &counts[number_of(frame) % COUNTS];
}

int share_give(paddr_t frame)
{
	uint32_t *count = count_made(frame);

	if (!count)
		return -ENOMEM;
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&all, 1, __ATOMIC_RELAXED);
	return 0;
}

int share_prepare(paddr_t start, uint64_t size)
{
	const uint64_t area = (uint64_t)COUNTS << PAGE_SHIFT;
	uint64_t end = start.value + size;

	for (uint64_t at = start.value; at < end; at = (at / area + 1) * area)
		if (!count_made((paddr_t){at}))
			return -ENOMEM;
	return 0;
}

/* Acquire: partner of the release in share_leave. */
bool share_has_others(paddr_t frame)
{
	return __atomic_load_n(count_of(frame), __ATOMIC_ACQUIRE);
}

bool share_leave(paddr_t frame)
{
	uint32_t *count = count_of(frame), others = __atomic_load_n(count, __ATOMIC_ACQUIRE);

	do
		if (!others)
			return false;
	while (!__atomic_compare_exchange_n(
		count, &others, others - 1, true, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE));
	__atomic_fetch_sub(&all, 1, __ATOMIC_RELAXED);
	return true;
}

size_t share_count(void)
{
	return __atomic_load_n(&all, __ATOMIC_RELAXED);
}
