/*
 * The frame allocator: freed frames on a list that runs through the frames themselves, and behind it the memory that
 * was never used, taken from the front of each range. So starting costs the same with 64 MiB and with 4 GiB, and
 * both giving and taking back are a few instructions.
 */
#include "mem/frame.h"

#include "abi/abi.h"
#include "lib/string.h"
#include "panic.h"

struct free_frame {
	struct free_frame *next;
};

static struct free_frame *freed;
static struct memory_range unused[CONFIG_MEMORY_RANGES];
static unsigned unused_count;
static size_t free_frames, all_frames;

void frame_init(const struct machine *machine)
{
	for (unsigned i = 0; i < machine->free_count; i++) {
		unused[i] = machine->free[i];
		all_frames += unused[i].size / PAGE_SIZE;
	}
	unused_count = machine->free_count;
	free_frames = all_frames;
}

/* Takes a frame that was never used; there is one. */
static paddr_t take_unused(void)
{
	while (!unused[unused_count - 1].size)
		unused_count--;

	struct memory_range *range = &unused[unused_count - 1];
	paddr_t frame = {range->start};

	range->start += PAGE_SIZE;
	range->size -= PAGE_SIZE;
	return frame;
}

int frame_alloc(paddr_t *frame)
{
	if (!free_frames)
		return -ENOMEM;
	free_frames--;
	if (freed) {
		*frame = direct_to_physical(freed);
		freed = freed->next;
	} else {
		*frame = take_unused();
	}
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
	struct free_frame *free = direct(frame);

	assert(frame.value % PAGE_SIZE == 0 && free_frames < all_frames);
	free->next = freed;
	freed = free;
	free_frames++;
}

size_t frame_free_count(void)
{
	return free_frames;
}

size_t frame_count(void)
{
	return all_frames;
}
