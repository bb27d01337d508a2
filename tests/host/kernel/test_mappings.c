/*
 * Pages with many mappings leave their copies, on four harts: two processes store to what they share by one mapping, and load it
 * by another. While they are calm, a copy is made, and many mappings come; when they store again, the pages are taken out of
 * these in passes, and mappings are touched, cut, joined and go meanwhile; in some rounds a process is killed. What was
 * stored is seen by every mapping, a copy stays what it was, and page tables are good at any time.
 *
 *	mappings [SEED]
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

enum {
	INIT,
	WRITER,
	COPIER,
	MAPPER,
	KILLER,
	PAGES = 3,
	WRITERS = 4,
	OWN = 3,
	SPOTS = 60,
	TURNS = 160,
	ROUNDS = 12
};

#define OWN_GAP 0x100000ul
#define SPOT(i) (0x30000000ul + (i)*0x10000ul)

static uint64_t seed = 1;
static struct process *sides[2];
static struct memory *shared; /* of the round */
static struct copy {
	struct memory *memory; /* NULL: there is none */
	uint8_t held[PAGES][WRITERS];
} copiers_copy, mappers_copy;
static bool is_mapped[SPOTS];
static bool calm; /* atomic: nobody stores */
static uint32_t wrong, copies, stored; /* atomic */

static void count(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

static void go_on(struct trapframe *frame)
{
	if (++frame->state[0] < TURNS)
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	else
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

/* state[0]: turns so far; [1]: random; [2]: what comes next. Each has a byte of its own on each page. */
static void writer(struct trapframe *frame)
{
	uint64_t turn = frame->state[0];

	if (!frame->state[2] && __atomic_load_n(&calm, __ATOMIC_RELAXED)) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	frame->state[1] |= 1 + frame->argument;
	frame->address = HOSTED_SHARED + hosted_random(&frame->state[1]) % OWN * OWN_GAP +
			 turn % PAGES * PAGE_SIZE + frame->argument;
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
	go_on(frame);
}

/* What a copy holds of the writers. */
static void look(struct memory *memory, uint8_t held[PAGES][WRITERS])
{
	for (unsigned page = 0; page < PAGES; page++)
		HOSTED_REQUIRE(!memory_get(memory, page * PAGE_SIZE, held[page], WRITERS));
}

/* As a caller of memory_copy goes on after a part. */
static void copy_make(struct copy *copy)
{
	uint64_t done = 0;

	copy->memory = memory_create(PAGES * PAGE_SIZE);
	HOSTED_REQUIRE(copy->memory);
	while (done < PAGES) {
		int work = WORK_PASS;
		long n = memory_copy((struct memory_place){copy->memory, done},
			(struct memory_place){shared, done}, PAGES - done, NULL, &work);

		HOSTED_REQUIRE(n >= 0);
		done += (uint64_t)n;
	}
	look(copy->memory, copy->held);
}

static void copy_end(struct copy *copy)
{
	uint8_t held[PAGES][WRITERS];

	if (!copy->memory)
		return;
	look(copy->memory, held);
	if (memcmp(held, copy->held, sizeof(held)))
		count(&wrong);
	object_put(&copy->memory->object);
	copy->memory = NULL;
	count(&copies);
}

static void copier(struct trapframe *frame)
{
	copy_end(&copiers_copy);
	if (frame->state[0] % 8 == 0)
		copy_make(&copiers_copy);
	go_on(frame);
}

/* Only one page of a mapping may be read, then it is as before: it has been cut in three, and joined. */
static void change_rights(struct aspace *space, uint64_t at)
{
	for (unsigned i = 0; i < 2; i++) {
		struct aspace_steps steps = {0};
		bool more = true;

		while (more)
			HOSTED_REQUIRE(!aspace_protect(space, i ? at : at + PAGE_SIZE,
				i ? PAGES * PAGE_SIZE : PAGE_SIZE, i ? PROT_READ | PROT_WRITE : PROT_READ,
				&steps, &more));
	}
}

static void touch(struct aspace *space, uint64_t at)
{
	for (unsigned page = 0; page < PAGES; page++) {
		int error = aspace_fault(space, at + page * PAGE_SIZE, PROT_READ);

		HOSTED_REQUIRE(!error || error == PAGE_STOP);
	}
}

static void come(struct aspace *space, unsigned i)
{
	uint64_t at = SPOT(i);

	HOSTED_REQUIRE(!hosted_map(space, &at, shared, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE));
	is_mapped[i] = true;
	touch(space, at);
}

static void go(struct aspace *space, unsigned i)
{
	HOSTED_REQUIRE(!aspace_unmap_all(space, SPOT(i), PAGES * PAGE_SIZE));
	is_mapped[i] = false;
}

/* Few mappings, a copy that shares its pages, and then many mappings. */
static void share(struct aspace *space)
{
	for (unsigned i = 0; i < SPOTS; i++)
		if (is_mapped[i])
			go(space, i);
	copy_end(&mappers_copy);
	copy_make(&mappers_copy);
	for (unsigned i = 0; i < SPOTS; i++)
		come(space, i);
}

static void change(struct aspace *space, uint64_t *random)
{
	unsigned i = (unsigned)(hosted_random(random) % SPOTS);

	if (!is_mapped[i])
		come(space, i);
	else if (hosted_random(random) % 2)
		change_rights(space, SPOT(i));
	else
		go(space, i);
}

static void mapper(struct trapframe *frame)
{
	enum { WAVE = 16, SHARE = 4 };
	STATIC_ASSERT(TURNS % WAVE == 0); /* so they are not calm when it has ended */
	struct aspace *space = &sides[0]->aspace;
	uint64_t turn = frame->state[0] % WAVE;

	frame->state[1] |= 1;
	__atomic_store_n(&calm, turn < SHARE, __ATOMIC_RELAXED);
	if (turn == SHARE - 1)
		share(space);
	for (unsigned i = 0; i < 4 && turn >= SHARE; i++)
		change(space, &frame->state[1]);
	if (turn % 4 == 0)
		HOSTED_REQUIRE(aspace_audit(space, NULL) && aspace_audit(&sides[1]->aspace, NULL));
	go_on(frame);
}

/*
 * Without chance: a page is out of some mappings only, when all of these are cut in two in front of it. What is cut off is gone
 * through or has been, as the whole was; so nobody has the page in the end.
 */
static void cut_in_the_midst(void *unused)
{
	enum { LAST = PAGES - 1 };
	struct process *process = hosted_new_process();
	struct memory *own = memory_create(PAGES * PAGE_SIZE), *other = memory_create(PAGES * PAGE_SIZE);
	struct memory_page found;
	int work = WORK_PASS, error;
	paddr_t frame;

	(void)unused;
	HOSTED_REQUIRE(!memory_frame(own, LAST, &frame));
	HOSTED_REQUIRE(memory_copy((struct memory_place){other, LAST}, (struct memory_place){own, LAST}, 1,
			       NULL, &work) == 1);
	for (unsigned i = 0; i < SPOTS; i++) {
		uint64_t at = SPOT(i);

		HOSTED_REQUIRE(!hosted_map(
			&process->aspace, &at, own, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE));
		HOSTED_REQUIRE(!aspace_fault(&process->aspace, at + LAST * PAGE_SIZE, PROT_READ));
	}
	lock_acquire(&own->lock);
	error = memory_find(own, LAST, true, &found);
	ktap_ok(error == PAGE_LEAVING && own->rest, "a page with many mappings leaves in passes");
	lock_release(&own->lock);
	for (unsigned i = 0; i < SPOTS; i++)
		HOSTED_REQUIRE(!aspace_unmap_all(&process->aspace, SPOT(i) + PAGE_SIZE, PAGE_SIZE));
	while ((error = memory_separate(own, LAST)) == PAGE_STOP)
		continue;
	ktap_ok(!error && !own->rest && aspace_audit(&process->aspace, NULL),
		"and is out of mappings that are cut meanwhile");
	HOSTED_REQUIRE(!memory_frame(own, LAST, &found.frame));
	ktap_ok(found.frame.value != frame.value, "what it leaves is the copy's");
	object_put(&own->object);
	object_put(&other->object);
	object_put(&process->object);
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

static void make_side(unsigned i)
{
	sides[i] = hosted_new_process();
	for (unsigned j = 0; j < OWN; j++) {
		uint64_t at = HOSTED_SHARED + j * OWN_GAP;

		HOSTED_REQUIRE(!hosted_map(
			&sides[i]->aspace, &at, shared, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE));
	}
}

static void start(void *with_killer)
{
	struct process *others = hosted_new_process();

	shared = memory_create(PAGES * PAGE_SIZE);
	HOSTED_REQUIRE(shared);
	memset(is_mapped, 0, sizeof(is_mapped));
	for (unsigned i = 0; i < 2; i++)
		make_side(i);
	for (unsigned i = 0; i < WRITERS; i++)
		hosted_start(sides[i % 2], WRITER, i);
	hosted_start(others, COPIER, 0);
	hosted_start(sides[0], MAPPER, 0);
	if (with_killer)
		hosted_start(others, KILLER, hosted_random(&seed) % TURNS);
	object_put(&others->object);
}

static void end(void *unused)
{
	(void)unused;
	copy_end(&copiers_copy);
	copy_end(&mappers_copy);
	calm = false;
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
	static hosted_program *const programs[] = {init, writer, copier, mapper, killer, NULL};
	size_t free;

	seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	ktap_plan(6);
	hosted_boot(&(struct hosted_machine){4, 8 << 20, "log=error", programs});
	hosted_do(0, cut_in_the_midst, NULL);
	hosted_check();
	round_of_all(0); /* what counts shared frames is there from now on */
	free = hosted_free_frames();
	for (unsigned round = 1; round <= ROUNDS; round++)
		round_of_all(round);
	ktap_equal(wrong, 0, "every mapping shows what was stored last, and a copy stays what it was");
	ktap_ok(copies > ROUNDS * TURNS / 16 && stored > ROUNDS * WRITERS * TURNS / 4,
		"all came to their ends");
	ktap_ok(hosted_free_frames() == free && !share_count(), "and nothing is left");
	ktap_diagnose("%u copies, %u bytes stored", copies, stored);
	return ktap_end();
}
