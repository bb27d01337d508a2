/*
 * Copies of memory on four harts: two processes store to what they share, by user mode and by call, while others copy it,
 * look twice at each copy, and write to some; in some rounds a process is killed meanwhile. A copy stays what it was, and
 * nobody loses what it has stored.
 *
 *	copies [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "lib/string.h"
#include "mem/share.h"
#include "object/memory.h"
#include "object/process.h"
#include "object/thread.h"
#include "tabula/ktap.h"

enum { INIT, WRITER, COPIER, KILLER, PAGES = 3, WRITERS = 4, COPIERS = 2, TURNS = 150, ROUNDS = 40 };

static uint64_t seed = 1;
static struct process *sides[2];
static struct memory *shared; /* of the round */
static uint32_t wrong, copied, stored; /* atomic */

static void count(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

/* state[0]: turns so far; [1]: random; [2]: what comes next. Each has a byte of its own on each page. */
static void writer(struct trapframe *frame)
{
	uint64_t turn = frame->state[0], page = turn % PAGES;

	frame->address = HOSTED_SHARED + page * PAGE_SIZE + frame->argument;
	switch (frame->state[2]++) {
	case 0:
		frame->action = HOSTED_STORE;
		frame->result = (long)(turn & 0xff);
		return;
	case 1:
		frame->action = HOSTED_LOAD;
		return;
	default:
		break;
	}
	if (frame->result != (long)(turn & 0xff))
		count(&wrong);
	count(&stored);
	frame->state[2] = 0;
	if (++frame->state[0] < TURNS)
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	else
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

/* What a copier keeps between two looks; it makes its copies itself, as a call would. */
static struct copier {
	struct memory *copy;
	uint8_t seen[PAGES][WRITERS];
} copiers[COPIERS];

static void look(struct copier *copier, uint8_t seen[PAGES][WRITERS])
{
	for (unsigned page = 0; page < PAGES; page++)
		HOSTED_REQUIRE(!memory_get(copier->copy, page * PAGE_SIZE, seen[page], WRITERS));
}

/* As memory_copy's caller goes on after a part. */
static bool make_copy(struct copier *copier)
{
	uint64_t done = 0;

	copier->copy = memory_create(PAGES * PAGE_SIZE);
	if (!copier->copy)
		return false;
	while (done < PAGES) {
		int work = WORK_PASS;
		long n = memory_copy((struct memory_place){copier->copy, done},
			(struct memory_place){shared, done}, PAGES - done, NULL, &work);

		HOSTED_REQUIRE(n >= 0);
		done += (uint64_t)n;
	}
	return true;
}

static void end_copy(struct trapframe *frame, struct copier *copier)
{
	uint8_t seen[PAGES][WRITERS];

	look(copier, seen);
	if (memcmp(seen, copier->seen, sizeof(seen)))
		count(&wrong);
	if (hosted_random(&frame->state[1]) % 2) {
		paddr_t own;

		HOSTED_REQUIRE(!memory_frame(copier->copy, hosted_random(&frame->state[1]) % PAGES, &own));
		memset(direct(own), 0xee, PAGE_SIZE);
	}
	object_put(&copier->copy->object);
	copier->copy = NULL;
	count(&copied);
}

static void copier(struct trapframe *frame)
{
	struct copier *own = &copiers[frame->argument];

	frame->state[1] |= 1 + frame->argument;
	if (own->copy) {
		end_copy(frame, own);
		if (++frame->state[0] == TURNS) {
			hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
			return;
		}
	} else if (make_copy(own)) {
		look(own, own->seen);
	}
	hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
}

static void killer(struct trapframe *frame)
{
	if (frame->state[0]++ < frame->argument) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	if (frame->state[0] == frame->argument + 1)
		hosted_kill(sides[1]);
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

static void start(void *with_killer)
{
	struct process *others = hosted_new_process();

	shared = memory_create(PAGES * PAGE_SIZE);
	HOSTED_REQUIRE(shared);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t at = HOSTED_SHARED;

		sides[i] = hosted_new_process();
		HOSTED_REQUIRE(!hosted_map(
			&sides[i]->aspace, &at, shared, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE));
	}
	for (unsigned i = 0; i < WRITERS; i++)
		hosted_start(sides[i % 2], WRITER, i);
	for (unsigned i = 0; i < COPIERS; i++)
		hosted_start(others, COPIER, i);
	if (with_killer)
		hosted_start(others, KILLER, hosted_random(&seed) % 100);
	object_put(&others->object);
}

static void end(void *unused)
{
	(void)unused;
	object_put(&shared->object);
	for (unsigned i = 0; i < 2; i++)
		object_put(&sides[i]->object);
}

static void round_of_all(unsigned round)
{
	hosted_do(round % 4, start, round % 2 ? &seed : NULL);
	hosted_check();
	hosted_do(round % 3, end, NULL);
	hosted_check();
}

int main(int argc, char **argv)
{
	static hosted_program *const programs[] = {init, writer, copier, killer, NULL};
	size_t free;

	seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	ktap_plan(3);
	hosted_boot(&(struct hosted_machine){4, 4 << 20, "log=error", programs});
	round_of_all(0); /* what counts shared frames is there from now on */
	free = hosted_free_frames();
	for (unsigned round = 1; round <= ROUNDS; round++)
		round_of_all(round);
	ktap_equal(wrong, 0, "a copy stays what it was, and what is stored stays stored");
	ktap_ok(copied == (ROUNDS + 1) * COPIERS * TURNS && stored > ROUNDS * WRITERS * TURNS / 2,
		"copiers and writers came to their ends");
	ktap_ok(hosted_free_frames() == free && !share_count(), "and nothing is left");
	ktap_diagnose("%u copies, %u bytes stored", copied, stored);
	return ktap_end();
}
