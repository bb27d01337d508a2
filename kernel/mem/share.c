/*
 * Counts of shares. A frame that one object has alone has none, and costs nothing here: the object knows which of its
 * frames are shared. The counts lie in pages, for 4 MiB of frames each, which are listed in pages, for 2 GiB each; these
 * are made when they are first needed, and stay.
 */
#include "mem/share.h"

#include "abi/abi.h"
#include "mem/account.h"

enum {
	COUNTS = 1 << SHARE_AREA_BITS, /* in a page */
	AREAS = PAGE_SIZE / sizeof(void *), /* listed in a page */
	LISTS = 64,
};

STATIC_ASSERT(COUNTS * sizeof(uint32_t) == PAGE_SIZE);

static void *lists[LISTS]; /* atomic, and so is what they lead to: pages of pointers to pages of counts */

static uint64_t area_of(paddr_t frame)
{
	return frame.value >> PAGE_SHIFT >> SHARE_AREA_BITS;
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

int share_look(struct share_area *area, paddr_t frame)
{
	uint64_t number = area_of(frame);
	void **list = number / AREAS < LISTS ? page_made(&lists[number / AREAS]) : NULL;
	uint32_t *counts = list ? page_made(&list[number % AREAS]) : NULL;

	if (!counts)
		return -ENOMEM;
	*area = (struct share_area){number, counts};
	return 0;
}

void share_find(struct share_area *area, paddr_t frame)
{
	uint64_t number = area_of(frame);
	void **list = __atomic_load_n(&lists[number / AREAS], __ATOMIC_ACQUIRE);

	*area = (struct share_area){number, __atomic_load_n(&list[number % AREAS], __ATOMIC_ACQUIRE)};
}

int share_prepare(paddr_t start, uint64_t size)
{
	const uint64_t step = (uint64_t)COUNTS << PAGE_SHIFT;
	uint64_t end = start.value + size;
	struct share_area area;

	for (uint64_t at = start.value; at < end; at = (at / step + 1) * step)
		TRY(share_look(&area, (paddr_t){at}));
	return 0;
}

/* Acquire: partner of the release in share_leave. */
bool share_has_others(paddr_t frame)
{
	struct share_area area;

	share_find(&area, frame);
	return __atomic_load_n(&area.counts[(frame.value >> PAGE_SHIFT) % COUNTS], __ATOMIC_ACQUIRE);
}

static size_t count_area(const uint32_t *counts)
{
	size_t sum = 0;

	for (unsigned i = 0; counts && i < COUNTS; i++)
		sum += __atomic_load_n(&counts[i], __ATOMIC_RELAXED);
	return sum;
}

size_t share_count(void)
{
	size_t sum = 0;

	for (unsigned i = 0; i < LISTS; i++) {
		void **list = __atomic_load_n(&lists[i], __ATOMIC_ACQUIRE);

		for (unsigned j = 0; list && j < AREAS; j++)
			sum += count_area(__atomic_load_n(&list[j], __ATOMIC_ACQUIRE));
	}
	return sum;
}
