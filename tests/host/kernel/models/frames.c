/* Frames: what is given out belongs to one, and comes back; a run is found if there is one. */
#include "models.h"

#include <stdlib.h>

#include "hosted.h"
#include "mem/frame.h"

enum { RUN_MOST = 40, LONG_RUN = 400, RUNS = 64, HELD_MOST_OF_TEN = 8 };

static struct {
	size_t all, span;
	uint64_t lowest; /* number of the first frame */
	bool *exists, *held; /* by number from there on */
	paddr_t *single; /* those that are held one by one */
	size_t singles, count; /* and all that are held */
	struct {
		paddr_t first;
		uint64_t count;
	} run[RUNS];
	size_t runs;
} frames;

static size_t frame_number(paddr_t frame)
{
	return (size_t)((frame.value >> PAGE_SHIFT) - frames.lowest);
}

static void hold(paddr_t frame)
{
	size_t n = frame_number(frame);

	HOSTED_REQUIRE(n < frames.span && frames.exists[n] && !frames.held[n]);
	frames.held[n] = true;
	frames.count++;
	*(uint64_t *)direct(frame) = frame.value;
}

static void let_go(paddr_t frame)
{
	size_t n = frame_number(frame);

	HOSTED_REQUIRE(frames.held[n] && *(uint64_t *)direct(frame) == frame.value);
	frames.held[n] = false;
	frames.count--;
}

/* Takes every frame there is, to know which there are, and gives them back in any order. */
static void learn_frames(void)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	frames.all = frame_free_count();
	frames.single = calloc(frames.all, sizeof(paddr_t));
	HOSTED_REQUIRE(frames.single && frames.all <= frame_count());
	for (size_t i = 0; i < frames.all; i++) {
		HOSTED_REQUIRE(!frame_alloc(&frames.single[i]));

		uint64_t number = frames.single[i].value >> PAGE_SHIFT;

		lowest = number < lowest ? number : lowest;
		highest = number > highest ? number : highest;
	}
	frames.lowest = lowest;
	frames.span = (size_t)(highest - lowest) + 1;
	frames.exists = calloc(frames.span, sizeof(bool));
	frames.held = calloc(frames.span, sizeof(bool));
	HOSTED_REQUIRE(frames.exists && frames.held);
	for (size_t left = frames.all; left; left--) {
		size_t i = (size_t)below(left);

		HOSTED_REQUIRE(!frames.exists[frame_number(frames.single[i])]);
		frames.exists[frame_number(frames.single[i])] = true;
		frame_free(frames.single[i]);
		frames.single[i] = frames.single[left - 1];
	}
}

static bool has_run(uint64_t count, uint64_t align)
{
	uint64_t length = 0;

	for (size_t n = 0; n < frames.span; n++) {
		length = frames.exists[n] && !frames.held[n] ? length + 1 : 0;

		uint64_t first = frames.lowest + n + 1 - length, start = (first + align - 1) & ~(align - 1);

		if (start + count <= frames.lowest + n + 1 && length >= count)
			return true;
	}
	return false;
}

static void take_single(void)
{
	paddr_t frame;
	int error = below(2) ? frame_alloc(&frame) : frame_alloc_zeroed(&frame);

	HOSTED_REQUIRE(error == (frames.count == frames.all ? -ENOMEM : 0));
	if (error)
		return;
	hold(frame);
	frames.single[frames.singles++] = frame;
}

static void give_single(void)
{
	size_t i = (size_t)below(frames.singles);

	let_go(frames.single[i]);
	frame_free(frames.single[i]);
	frames.single[i] = frames.single[--frames.singles];
}

/* In pieces, as it is cut by the kernel; between them others take frames that have been looked at. */
static void take_run(void)
{
	struct frame_search search = {
		.count = 1 + below(below(8) ? RUN_MOST : LONG_RUN), .align = 1ul << below(7)};
	bool disturbed = false, there;
	paddr_t first;
	int error, work;

	if (frames.runs == RUNS)
		return;
	do {
		work = (int)below(60);
		there = has_run(search.count, search.align);
		error = frame_alloc_run(&search, &work, &first);
		if (error == FRAME_SEARCH_ON && !below(4)) {
			disturbed = true;
			if (frames.singles && below(2))
				give_single();
			else
				take_single();
		}
	} while (error == FRAME_SEARCH_ON);
	HOSTED_REQUIRE(!error || error == -ENOMEM);
	if (error) {
		HOSTED_REQUIRE(disturbed || !there);
		return;
	}
	HOSTED_REQUIRE(!(first.value >> PAGE_SHIFT & (search.align - 1)) && there);
	for (uint64_t i = 0; i < search.count; i++)
		hold((paddr_t){first.value + (i << PAGE_SHIFT)});
	frames.run[frames.runs].first = first;
	frames.run[frames.runs++].count = search.count;
}

static void give_run(void)
{
	size_t which = (size_t)below(frames.runs);
	paddr_t first = frames.run[which].first;
	uint64_t count = frames.run[which].count;

	for (uint64_t i = 0; i < count; i++)
		let_go((paddr_t){first.value + (i << PAGE_SHIFT)});
	frame_free_run(first, count);
	frames.run[which] = frames.run[--frames.runs];
}

/* Half of the time there is much free, half of the time little. */
static void step_frames(bool full)
{
	bool more = full ? below(10) < HELD_MOST_OF_TEN : below(2);

	switch (below(8)) {
	case 0:
		if (more)
			take_run();
		else if (frames.runs)
			give_run();
		return;
	default:
		if (more)
			take_single();
		else if (frames.singles)
			give_single();
	}
}

/*
 * All of it is together again, as far as there are no holes. The search has passed the first part of a run when that is
 * taken, so it has to find another one, in the second range of memory.
 */
static void test_disturbed_search(void)
{
	struct frame_search search = {.count = LONG_RUN, .align = 1};
	int work = 1;
	paddr_t first;

	HOSTED_REQUIRE(has_run(LONG_RUN, 1));
	HOSTED_REQUIRE(frame_alloc_run(&search, &work, &first) == FRAME_SEARCH_ON && search.length);
	take_single();
	work = 1 << 20;
	HOSTED_REQUIRE(!frame_alloc_run(&search, &work, &first));
	for (uint64_t i = 0; i < LONG_RUN; i++)
		hold((paddr_t){first.value + (i << PAGE_SHIFT)});
	for (uint64_t i = 0; i < LONG_RUN; i++)
		let_go((paddr_t){first.value + (i << PAGE_SHIFT)});
	frame_free_run(first, LONG_RUN);
	give_single();
}

void test_frames(void *result)
{
	learn_frames();
	for (unsigned step = 0; step < STEPS; step++) {
		step_frames(step / (STEPS / 4) % 2);
		HOSTED_REQUIRE(frame_free_count() == frames.all - frames.count);
	}
	while (frames.runs)
		give_run();
	while (frames.singles)
		give_single();
	HOSTED_REQUIRE(frame_free_count() == frames.all);
	test_disturbed_search();
	free(frames.exists), free(frames.held), free(frames.single);
	*(bool *)result = true;
}
