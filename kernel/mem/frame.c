/*
 * The frame allocator. Freed frames are on lists that run through the frames themselves. Each hart has a list of its
 * own, so that allocating and freeing share nothing on the way; when it is empty or long, a batch moves from or to the
 * common list. Behind that is the memory that was never used, taken from the front of each range: so starting costs
 * the same with 64 MiB and with 4 GiB.
 */
#include "mem/frame.h"

#include "abi/abi.h"
#include "hart.h"
#include "lib/string.h"
#include "lock.h"
#include "panic.h"

enum { BATCH = 16, CACHE_MOST = 2 * BATCH };

struct free_frame {
	struct free_frame *next;
};

static struct spinlock common_lock;
static struct free_frame *common GUARDED_BY(common_lock);
static size_t common_free GUARDED_BY(common_lock); /* on the list or never used */
static struct memory_range unused[CONFIG_MEMORY_RANGES] GUARDED_BY(common_lock);
static unsigned unused_count GUARDED_BY(common_lock);
static size_t all_frames;

void frame_init(const struct machine *machine)
{
	lock_acquire(&common_lock);
	for (unsigned i = 0; i < machine->free_count; i++) {
		unused[i] = machine->free[i];
		all_frames += unused[i].size / PAGE_SIZE;
	}
	unused_count = machine->free_count;
	common_free = all_frames;
	lock_release(&common_lock);
}

static struct free_frame *take_common(void) REQUIRES(common_lock)
{
	struct free_frame *frame = common;

	common_free--;
	if (frame) {
		common = frame->next;
		return frame;
	}
	while (!unused[unused_count - 1].size)
		unused_count--;

	struct memory_range *range = &unused[unused_count - 1];

	frame = direct((paddr_t){range->start});
	range->start += PAGE_SIZE;
	range->size -= PAGE_SIZE;
	return frame;
}

static void count_cached(struct hart *hart, size_t count)
{
	arch_store(&hart->frames_cached, count);
}

static void cache(struct hart *hart, struct free_frame *frame)
{
	frame->next = hart->frames;
	hart->frames = frame;
	count_cached(hart, hart->frames_cached + 1);
}

static struct free_frame *uncache(struct hart *hart)
{
	struct free_frame *frame = hart->frames;

	hart->frames = frame->next;
	count_cached(hart, hart->frames_cached - 1);
	return frame;
}

static int refill(struct hart *hart)
{
	lock_acquire(&common_lock);
	for (unsigned i = 0; i < BATCH && common_free; i++)
		cache(hart, take_common());
	lock_release(&common_lock);
	return hart->frames ? 0 : -ENOMEM;
}

static void give_back(struct hart *hart)
{
	lock_acquire(&common_lock);
	for (unsigned i = 0; i < BATCH; i++) {
		struct free_frame *frame = uncache(hart);

		frame->next = common;
		common = frame;
		common_free++;
	}
	lock_release(&common_lock);
}

int frame_alloc(paddr_t *frame)
{
	struct hart *hart = this_hart();

	if (!hart->frames)
		TRY(refill(hart));
	*frame = direct_to_physical(uncache(hart));
	return 0;
}

int frame_alloc_zeroed(paddr_t *frame)
{
	TRY(frame_alloc(frame));
	memset(direct(*frame), 0, PAGE_SIZE);
	return 0;
}

void frame_free(paddr_t frame)
{
	struct hart *hart = this_hart();

	assert(frame.value % PAGE_SIZE == 0);
	cache(hart, direct(frame));
	if (hart->frames_cached > CACHE_MOST)
		give_back(hart);
}

size_t frame_free_count(void)
{
	size_t count;

	lock_acquire(&common_lock);
	count = common_free;
	lock_release(&common_lock);
	for (unsigned i = 0; i < CONFIG_HARTS; i++)
		count += __atomic_load_n(&harts[i].frames_cached, __ATOMIC_RELAXED);
	return count;
}

size_t frame_count(void)
{
	return all_frames;
}
