/*
 * The frame allocator. Each hart has a list of free frames of its own, which runs through the frames themselves, so that
 * allocating and freeing share nothing on the way; when it is empty or long, a batch moves from or to the common pool.
 *
 * That has a bit for each frame, and for each word of these another bit, set while the word has any: so a batch is found
 * in one or two steps, frames that are freed one by one come together again by themselves, and a run of frames, for a
 * device, is a run of bits.
 */
#include "mem/frame.h"

#include "abi/abi.h"
#include "hart.h"
#include "lib/string.h"
#include "lock.h"
#include "panic.h"

enum {
	BATCH = 16,
	CACHE_MOST = 2 * BATCH,
	ZEROED_MOST = BATCH / 2,
	BITS = 64,
	WORK_SEGMENT = 4,
	WORK_CLAIM = 3
};

struct free_frame {
	struct free_frame *next;
};

static struct spinlock common_lock;
static uint64_t *free_bits GUARDED_BY(common_lock); /* by frame, from `base` on */
static uint64_t *word_bits GUARDED_BY(common_lock); /* by word of free_bits */
static size_t hint GUARDED_BY(common_lock); /* words of word_bits below this are 0 */
static size_t common_free GUARDED_BY(common_lock);
static uint64_t base; /* number of the first frame that has a bit, a multiple of 64 */
static size_t words; /* of free_bits */
static size_t all_frames;

static struct free_frame *frame_at(uint64_t bit)
{
	return direct((paddr_t){(base + bit) << PAGE_SHIFT});
}

static uint64_t bit_of(paddr_t frame)
{
	return (frame.value >> PAGE_SHIFT) - base;
}

/* ---- runs of bits */

/* The bits of a word that are in [start, end), of which some are. */
static uint64_t mask_of(size_t word, uint64_t start, uint64_t end)
{
	uint64_t first = word * BITS, mask = UINT64_MAX;

	if (start > first)
		mask <<= start - first;
	if (end < first + BITS)
		mask &= UINT64_MAX >> (first + BITS - end);
	return mask;
}

/* Whether a word has any has changed. */
static RARE void note_word(size_t word) REQUIRES(common_lock)
{
	uint64_t bit = 1ul << word % BITS;

	if (!free_bits[word]) {
		word_bits[word / BITS] &= ~bit;
		return;
	}
	word_bits[word / BITS] |= bit;
	if (word / BITS < hint)
		hint = word / BITS;
}

static void set_run(uint64_t start, uint64_t end) REQUIRES(common_lock)
{
	size_t first = start / BITS;

	common_free += end - start;
	for (size_t word = first; word * BITS < end; word++) {
		uint64_t mask = mask_of(word, start, end);

		assert(!(free_bits[word] & mask));
		free_bits[word] |= mask;
		word_bits[word / BITS] |= 1ul << word % BITS;
	}
	if (first / BITS < hint)
		hint = first / BITS;
}

static void clear_run(uint64_t start, uint64_t end) REQUIRES(common_lock)
{
	common_free -= end - start;
	for (size_t word = start / BITS; word * BITS < end; word++) {
		free_bits[word] &= ~mask_of(word, start, end);
		if (!free_bits[word])
			word_bits[word / BITS] &= ~(1ul << word % BITS);
	}
}

static bool is_free_run(uint64_t start, uint64_t end) REQUIRES(common_lock)
{
	for (size_t word = start / BITS; word * BITS < end; word++)
		if (~free_bits[word] & mask_of(word, start, end))
			return false;
	return true;
}

/* ---- the start */

/* Takes the bits themselves out of a free range. */
static uint64_t *take_map(struct memory_range *ranges, unsigned count, size_t size)
{
	for (unsigned i = 0; i < count; i++)
		if (ranges[i].size >= size) {
			void *map = direct((paddr_t){ranges[i].start});

			ranges[i].start += size;
			ranges[i].size -= size;
			return memset(map, 0, size);
		}
	panic("no memory is free after firmware, kernel and initrd; give the machine more");
}

/* Which frames the ranges span, at all. */
static void measure(const struct memory_range *ranges, unsigned count)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t end = ranges[i].start + ranges[i].size;

		if (ranges[i].size && ranges[i].start < lowest)
			lowest = ranges[i].start;
		if (ranges[i].size && end > highest)
			highest = end;
	}
	base = lowest < highest ? lowest >> PAGE_SHIFT & ~(uint64_t)(BITS - 1) : 0;
	words = ((highest >> PAGE_SHIFT) - base + BITS - 1) / BITS;
}

void frame_init(const struct machine *machine)
{
	struct memory_range ranges[CONFIG_MEMORY_RANGES];
	size_t more, size;

	memcpy(ranges, machine->free, sizeof(ranges));
	measure(ranges, machine->free_count);
	more = (words + BITS - 1) / BITS;
	size = ((words + more) * sizeof(uint64_t) + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);

	lock_acquire(&common_lock);
	free_bits = take_map(ranges, machine->free_count, size);
	word_bits = free_bits + words;
	for (unsigned i = 0; i < machine->free_count; i++)
		if (ranges[i].size)
			set_run(bit_of((paddr_t){ranges[i].start}),
				bit_of((paddr_t){ranges[i].start + ranges[i].size}));
	all_frames = common_free;
	lock_release(&common_lock);
}

/* ---- single frames */

static void count_cached(struct hart *hart, size_t count)
{
	arch_store(&hart->frames_cached, count);
}

/* Puts frames of one word into the hart's list, `most` at most: how many. There are some. */
static size_t take_from_word(struct hart *hart, size_t most) REQUIRES(common_lock)
{
	while (!word_bits[hint])
		hint++;

	size_t word = hint * BITS + (unsigned)__builtin_ctzl(word_bits[hint]), taken = 0;
	unsigned bit = (unsigned)__builtin_ctzl(free_bits[word]);
	uint64_t left = free_bits[word] >> bit;
	struct free_frame *first = hart->frames;
	char *at = (char *)frame_at(word * BITS + bit);

	for (; left && taken < most; bit++, left >>= 1, at += PAGE_SIZE)
		if (left & 1) {
			struct free_frame *frame = (struct free_frame *)at;

			frame->next = first;
			first = frame;
			taken++;
		}
	hart->frames = first;
	free_bits[word] = left ? left << bit : 0;
	if (!left)
		note_word(word);
	return taken;
}

/* Nobody need have them as zeros. */
static void mix_zeroed(struct hart *hart)
{
	while (hart->zeroed) {
		struct free_frame *frame = hart->zeroed;

		hart->zeroed = frame->next;
		frame->next = hart->frames;
		hart->frames = frame;
	}
	hart->frames_zeroed = 0;
}

static RARE int refill(struct hart *hart)
{
	size_t count = 0;

	lock_acquire(&common_lock);
	while (count < BATCH && count < common_free)
		count += take_from_word(hart, BATCH - count);
	common_free -= count;
	lock_release(&common_lock);
	count_cached(hart, hart->frames_cached + count);
	if (!count)
		mix_zeroed(hart);
	return hart->frames ? 0 : -ENOMEM;
}

static RARE void give_back(struct hart *hart, size_t count)
{
	struct free_frame *frame = hart->frames;

	lock_acquire(&common_lock);
	common_free += count;
	for (size_t left = count; left; left--, frame = frame->next) {
		uint64_t bit = bit_of(direct_to_physical(frame)), before = free_bits[bit / BITS];

		free_bits[bit / BITS] = before | 1ul << bit % BITS;
		if (!before)
			note_word(bit / BITS);
	}
	lock_release(&common_lock);
	hart->frames = frame;
	count_cached(hart, hart->frames_cached - count);
}

int frame_alloc(paddr_t *frame)
{
	struct hart *hart = this_hart();

	if (!hart->frames)
		TRY(refill(hart));
	*frame = direct_to_physical(hart->frames);
	hart->frames = hart->frames->next;
	count_cached(hart, hart->frames_cached - 1);
	return 0;
}

int frame_alloc_zeroed(paddr_t *frame)
{
	struct hart *hart = this_hart();
	struct free_frame *zeroed = hart->zeroed;

	if (!zeroed) {
		TRY(frame_alloc(frame));
		memset(direct(*frame), 0, PAGE_SIZE);
		return 0;
	}
	hart->zeroed = zeroed->next;
	hart->frames_zeroed--;
	count_cached(hart, hart->frames_cached - 1);
	zeroed->next = NULL;
	*frame = direct_to_physical(zeroed);
	return 0;
}

void frame_free(paddr_t frame)
{
	struct hart *hart = this_hart();

	struct free_frame *freed = direct(frame);

	assert(frame.value % PAGE_SIZE == 0);
	freed->next = hart->frames;
	hart->frames = freed;
	count_cached(hart, hart->frames_cached + 1);
	if (hart->frames_cached > CACHE_MOST)
		give_back(hart, BATCH);
}

/* A few are enough: each process gives some, and the next one takes them. */
void frame_free_zeroed(paddr_t frame)
{
	struct hart *hart = this_hart();
	struct free_frame *freed = direct(frame);

	if (hart->frames_zeroed == ZEROED_MOST) {
		frame_free(frame);
		return;
	}
	freed->next = hart->zeroed;
	hart->zeroed = freed;
	hart->frames_zeroed++;
	count_cached(hart, hart->frames_cached + 1);
}

/* ---- runs of frames */

/* Where a run can begin that ends at the latest where the search is: true when it is long enough. */
static bool fits(const struct frame_search *search, uint64_t *start)
{
	uint64_t first = base + search->next - search->length;

	*start = ((first + search->align - 1) & ~(search->align - 1)) - base;
	return *start + search->count <= search->next;
}

/* Goes on from one change between free and taken to the next. True when the run is long enough. */
static bool look_at_word(struct frame_search *search, uint64_t word, uint64_t *start, int *work)
{
	unsigned bit = search->next % BITS;

	for (; bit < BITS; *work -= WORK_SEGMENT) {
		uint64_t left = word >> bit, other = left & 1 ? ~left : left;
		unsigned n = other ? (unsigned)__builtin_ctzl(other) : BITS;

		n = n < BITS - bit ? n : BITS - bit;
		search->length = left & 1 ? search->length + n : 0;
		search->next += n;
		bit += n;
		if (fits(search, start))
			return true;
	}
	return false;
}

/* What was free when the search passed may have been taken since: then it goes on behind that. */
static bool claim(struct frame_search *search, uint64_t start, int *work) REQUIRES(common_lock)
{
	if (!is_free_run(start, start + search->count)) {
		search->length = 0;
		return false;
	}
	clear_run(start, start + search->count);
	*work -= (int)(search->count / BITS) * WORK_CLAIM;
	return true;
}

static int search_on(struct frame_search *search, int *work, paddr_t *first) REQUIRES(common_lock)
{
	uint64_t start;

	while (search->next < words * BITS) {
		if (*work <= 0)
			return FRAME_SEARCH_ON;
		if (look_at_word(search, free_bits[search->next / BITS], &start, work) &&
			claim(search, start, work)) {
			*first = (paddr_t){(base + start) << PAGE_SHIFT};
			return 0;
		}
	}
	return -ENOMEM;
}

int frame_alloc_run(struct frame_search *search, int *work, paddr_t *first)
{
	struct hart *hart = this_hart();
	int error;

	assert(search->count && search->align && !(search->align & (search->align - 1)));
	mix_zeroed(hart);
	if (hart->frames_cached) /* they may be what a run lacks */
		give_back(hart, hart->frames_cached);
	lock_acquire(&common_lock);
	error = search_on(search, work, first);
	lock_release(&common_lock);
	return error;
}

void frame_free_run(paddr_t first, uint64_t count)
{
	lock_acquire(&common_lock);
	set_run(bit_of(first), bit_of(first) + count);
	lock_release(&common_lock);
}

/* ---- figures */

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

static bool is_zeroed(const struct free_frame *frame)
{
	const uint64_t *at = (const uint64_t *)frame;

	for (size_t i = sizeof(*frame) / sizeof(*at); i < PAGE_SIZE / sizeof(*at); i++)
		if (at[i])
			return false;
	return true;
}

bool frame_audit(void)
{
	size_t count = 0;

	for (const struct free_frame *frame = this_hart()->zeroed; frame; frame = frame->next, count++)
		if (!is_zeroed(frame))
			return false;
	return count == this_hart()->frames_zeroed;
}
