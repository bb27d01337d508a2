/*
 * Copies of memory that are made when somebody writes, clones of processes, and mappings that are changed: against a
 * model, with writers on other harts, in pieces, and when memory is out.
 */
#include "suite.h"

enum { OBJECTS = 5, PAGES = 8, STEPS = 4000, WRITERS = 3, ROUNDS = 60, LEFT = 600 };

#define FIRST        0x600000000ul /* where an object is mapped here, another one every GAP */
#define SECOND_PLACE 0x700000000ul
#define GAP          0x100000ul

/* ---- against a model */

static struct object {
	memory_handle memory;
	process_handle peer; /* it is mapped in there, too */
	uint64_t model[PAGES]; /* a word of each page */
} objects[OBJECTS];

static uint64_t place(uint64_t base, unsigned i, unsigned page)
{
	return base + i * GAP + page * PAGE_SIZE + page * 8;
}

static void object_map(process_handle process, uint64_t base, unsigned i)
{
	long at = vm_map(process, base + i * GAP, objects[i].memory, 0, PAGES * PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_FIXED);

	if (at < 0)
		ktap_bail_out("no mapping for the test: %ld", at);
}

static void object_make(unsigned i)
{
	struct object *o = &objects[i];

	o->memory = memory_create(PAGES * PAGE_SIZE);
	o->peer = process_create((const uint8_t *)"peer", 4);
	memset(o->model, 0, sizeof(o->model));
	object_map(own_process(), FIRST, i);
	object_map(own_process(), SECOND_PLACE, i);
	object_map(o->peer, FIRST, i);
}

static void object_drop(unsigned i)
{
	vm_unmap(own_process(), FIRST + i * GAP, PAGES * PAGE_SIZE);
	vm_unmap(own_process(), SECOND_PLACE + i * GAP, PAGES * PAGE_SIZE);
	handle_close(ANY(objects[i].peer));
	handle_close(ANY(objects[i].memory));
}

/* Writes or reads the word of a page by one of the ways to it. */
static bool put(unsigned i, unsigned page, uint64_t value)
{
	uint64_t base = random_below(2) ? FIRST : SECOND_PLACE;

	switch (random_below(3)) {
	case 0:
		*(volatile uint64_t *)place(base, i, page) = value;
		return true;
	case 1:
		return memory_write(objects[i].memory, place(0, 0, page), (const uint8_t *)&value, 8) == 8;
	default:
		return process_write(objects[i].peer, place(FIRST, i, page), (const uint8_t *)&value, 8) == 8;
	}
}

static uint64_t get(unsigned i, unsigned page)
{
	uint64_t base = random_below(2) ? FIRST : SECOND_PLACE, value = UINT64_MAX;

	switch (random_below(3)) {
	case 0:
		return *(volatile uint64_t *)place(base, i, page);
	case 1:
		(void)memory_read(objects[i].memory, place(0, 0, page), (uint8_t *)&value, 8);
		return value;
	default:
		(void)process_read(objects[i].peer, place(FIRST, i, page), (uint8_t *)&value, 8);
		return value;
	}
}

/* A new object in the place of one, of which a part is a copy of another one's, perhaps at another place. */
static void copy_part(struct checks *c, unsigned to, unsigned from)
{
	unsigned pages = 1 + (unsigned)random_below(PAGES);
	unsigned at = (unsigned)random_below(PAGES - pages + 1),
		 of = (unsigned)random_below(PAGES - pages + 1);
	long done;

	object_drop(to);
	object_make(to);
	done = memory_copy(
		objects[to].memory, at * PAGE_SIZE, objects[from].memory, of * PAGE_SIZE, pages * PAGE_SIZE);
	check(c, done == (long)(pages * PAGE_SIZE), "copying %u pages gave %ld", pages, done);
	for (unsigned i = 0; i < pages; i++) {
		uint64_t value = 0;

		memory_read(objects[from].memory, (of + i) * PAGE_SIZE + (at + i) * 8, (uint8_t *)&value, 8);
		objects[to].model[at + i] = value;
	}
}

static void test_model(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < OBJECTS; i++)
		object_make(i);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)random_below(OBJECTS), page = (unsigned)random_below(PAGES);

		if (random_below(8) == 0) {
			copy_part(&c, i, (i + 1 + (unsigned)random_below(OBJECTS - 1)) % OBJECTS);
		} else if (random_below(2)) {
			objects[i].model[page] = random_next() | 1;
			check(&c, put(i, page, objects[i].model[page]), "step %u: can't write", step);
		}
		i = (unsigned)random_below(OBJECTS);
		page = (unsigned)random_below(PAGES);
		check(&c, get(i, page) == objects[i].model[page],
			"step %u: object %u, page %u is %#lx, not %#lx", step, i, page,
			(unsigned long)get(i, page), (unsigned long)objects[i].model[page]);
	}
	for (unsigned i = 0; i < OBJECTS; i++)
		object_drop(i);
	checks_report(&c, "what is written to one of several copies is seen there, and nowhere else");
}

/* ---- copies while others write */

static struct suite_thread writers[WRITERS];
static volatile bool over;
static unsigned lost[WRITERS];
static uint64_t written[WRITERS];

/* Counts in a word of its own on each page, one by mapping and one by call. */
static void write_on(void *argument)
{
	uintptr_t self = (uintptr_t)argument;

	for (uint64_t n = 1; !over; n++) {
		volatile uint64_t *word = (volatile uint64_t *)(FIRST + n % PAGES * PAGE_SIZE) + 2 * self;
		uint64_t by_call = *word + 1, got = 0;
		uint64_t offset = n % PAGES * PAGE_SIZE + (2 * self + 1) * 8;

		*word = by_call;
		if (*word != by_call)
			lost[self]++;
		if (memory_write(objects[0].memory, offset, (const uint8_t *)&by_call, 8) != 8 ||
			memory_read(objects[0].memory, offset, (uint8_t *)&got, 8) != 8 || got != by_call)
			lost[self]++;
		written[self] = n;
	}
}

static void look_at_copy(struct checks *c, uint64_t before[][2 * WRITERS])
{
	static uint64_t first[PAGES][2 * WRITERS];
	memory_handle copy = memory_create(PAGES * PAGE_SIZE);
	uint64_t done = 0;
	long n = 1, at;

	while (n >= 0 && done < PAGES * PAGE_SIZE) {
		n = memory_copy(copy, done, objects[0].memory, done, PAGES * PAGE_SIZE - done);
		done += n > 0 ? (uint64_t)n : 0;
	}
	at = vm_map(
		own_process(), SECOND_PLACE, copy, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
	if (!check(c, n >= 0 && at > 0, "copying gave %ld, mapping %ld", n, at))
		return;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned page = 0; page < PAGES; page++)
			for (unsigned i = 0; i < 2 * WRITERS; i++) {
				uint64_t value = ((volatile uint64_t *)(SECOND_PLACE + page * PAGE_SIZE))[i];

				if (!round)
					first[page][i] = value;
				check(c, value == first[page][i], "a copy has changed");
				check(c, value >= before[page][i], "a copy is older than the one before");
				before[page][i] = value;
			}
		if (round == 1) /* its own page changes hands, and nothing else */
			((volatile uint64_t *)(SECOND_PLACE + random_below(PAGES) * PAGE_SIZE))[100] = 1;
		thread_sleep(now() + random_below(100000));
	}
	vm_unmap(own_process(), SECOND_PLACE, PAGES * PAGE_SIZE);
	handle_close(ANY(copy));
}

static void test_writers(void)
{
	static uint64_t before[PAGES][2 * WRITERS];
	struct checks c = {0};

	objects[0].memory = memory_create(PAGES * PAGE_SIZE);
	object_map(own_process(), FIRST, 0);
	over = false;
	for (uintptr_t i = 0; i < WRITERS; i++)
		suite_thread_start(&writers[i], write_on, (void *)i);
	for (unsigned i = 0; i < ROUNDS; i++)
		look_at_copy(&c, before);
	over = true;
	for (unsigned i = 0; i < WRITERS; i++) {
		suite_thread_join(&writers[i]);
		check(&c, !lost[i], "writer %u lost %u of what it wrote", i, lost[i]);
		check(&c, written[i] > 0, "writer %u wrote nothing", i);
	}
	vm_unmap(own_process(), FIRST, PAGES * PAGE_SIZE);
	handle_close(ANY(objects[0].memory));
	checks_report(&c, "a copy stays what it was while others write, and they lose nothing");
}

/* ---- clones of this process. What runs in them may not use the C library: a thread has no data of its own there. */

static alignas(16) char clone_stack[4096];
static volatile uint64_t private_word = 1;
static volatile uint64_t *shared_word, *mapped_word;
static notification_handle told;

enum { GOOD = 42 };

/* As suite_thread_entry, in another process. */
static void run_in_clone(void *unused)
{
	long at;

	(void)unused;
	if (private_word != 2 || *mapped_word != 20 || *shared_word != 30)
		process_exit(1);
	private_word = 3;
	*mapped_word = 21;
	*shared_word = 31;
	if (private_word != 3 || *mapped_word != 21)
		process_exit(2);
	/* Its handle to itself is one to itself: what is mapped by it can be touched. */
	at = vm_map(own_process(), SECOND_PLACE, objects[0].memory, 0, PAGE_SIZE, PROT_WRITE, MAP_FIXED);
	if (at != (long)SECOND_PLACE)
		process_exit(3);
	*(volatile uint64_t *)SECOND_PLACE = 7;
	notification_signal(told, 1);
	process_exit(GOOD);
}

static struct suite_thread in_clone;

/* Gives the clone what is told to end after its memory has. */
static void give_last(struct checks *c, process_handle clone)
{
	endpoint_handle badge = endpoint_badge(ends_endpoint(), 1);

	check(c, process_give(clone, ANY(badge), RIGHTS_SAME) > 0, "giving the clone a badge");
	handle_close(ANY(badge));
}

/*
 * A process has ended before its memory has gone: that waits until other harts have left the kernel once. Until then what
 * they have in common is still copied when it is written to.
 */
static void wait_for_last(struct checks *c)
{
	struct message message = {.deadline = now() + PATIENCE};

	check(c, !ipc_receive(ends_endpoint(), &message) && message.label == MESSAGE_BADGE_GONE,
		"the memory of the clone does not go");
}

/* Clones this process and has a thread of the clone call something; how it ended. */
static struct process_result clone_run(struct checks *c, void (*run)(void *))
{
	struct process_result result = {.reason = (enum end_reason) - 1};
	process_handle clone;
	thread_handle thread;

	in_clone.run = run; /* copied with the rest */
	clone = process_clone(own_process(), "clone", 5);
	if (!check(c, clone.value > 0, "clone gave %d", clone.value))
		return result;
	give_last(c, clone);
	thread = thread_create(clone, (uintptr_t)suite_thread_entry,
		(uintptr_t)clone_stack + sizeof(clone_stack), (uintptr_t)&in_clone);
	check(c, thread.value > 0, "thread gave %d", thread.value);
	private_word += 10;
	check(c, !process_wait(clone, now() + PATIENCE, &result), "the clone does not end");
	private_word -= 10;
	handle_close(ANY(thread));
	handle_close(ANY(clone));
	wait_for_last(c);
	return result;
}

static void clone_and_look(struct checks *c)
{
	struct process_result result;

	private_word = 2;
	*mapped_word = 20;
	*shared_word = 30;
	result = clone_run(c, run_in_clone);
	check(c, child_exited(&result, GOOD), "the clone ended with %d, reason %d", result.status,
		(int)result.reason);
	check(c, private_word == 2 && *mapped_word == 20, "the clone has changed what is not its own");
	check(c, *shared_word == 31, "what is shared is %lu", (unsigned long)*shared_word);
	check(c, notification_wait(told, 1, 0) == 1, "the clone's handles are others");
}

static void test_process(void)
{
	struct pages mapped = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	memory_handle shared = memory_create(PAGE_SIZE);
	struct checks c = {0};
	long at;

	objects[0].memory = memory_create(PAGE_SIZE);
	told = notification_create();
	at = vm_map(own_process(), 0, shared, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	mapped_word = (volatile uint64_t *)(uintptr_t)mapped.at;
	shared_word = (volatile uint64_t *)at;
	for (unsigned i = 0; i < 30; i++)
		clone_and_look(&c);
	vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE);
	pages_unmap(&mapped);
	handle_close(ANY(shared));
	handle_close(ANY(told));
	handle_close(ANY(objects[0].memory));
	checks_report(&c, "a clone has its own memory, what is shared, and the same handles");
}

/* ---- in pieces */

enum { MANY_REGIONS = 300, MANY_PAGES = 2000, FAR = 3, PERIOD = 1000, ATTEMPTS = 200 };

static uint64_t page_value(uint64_t i)
{
	return i * 0x9e3779b97f4a7c15 | 1;
}

static process_handle pieces_make(memory_handle large)
{
	process_handle from = process_create((const uint8_t *)"from", 4);

	for (uint64_t i = 0; i < MANY_PAGES; i++) {
		uint64_t value = page_value(i);

		memory_write(large, i * FAR * PAGE_SIZE, (const uint8_t *)&value, 8);
	}
	vm_map(from, FIRST, large, 0, MANY_PAGES * FAR * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
	for (uint64_t i = 0; i < MANY_REGIONS; i++)
		vm_map(from, SECOND_PLACE + i * 2 * PAGE_SIZE, large, i * FAR * PAGE_SIZE, PAGE_SIZE,
			PROT_READ, MAP_FIXED);
	return from;
}

/*
 * Clones until that took several calls. A clone is cut where an interrupt waits: a timer fires as often as it can. How often that
 * is while one call runs is the emulator's affair, on a machine that is busy.
 */
static process_handle pieces_clone(process_handle from, struct checks *c)
{
	notification_handle beat = notification_create();
	timer_handle timer = timer_create(beat, 1);
	process_handle to = {0};
	unsigned calls = 0;

	check(c, !timer_set(timer, 0, PERIOD), "no timer");
	for (unsigned i = 0; i < ATTEMPTS && calls <= 1; i++) {
		long at = 0;

		calls = 0;
		if (to.value)
			handle_close(ANY(to));
		to = process_create((const uint8_t *)"to", 2);
		do {
			at = vm_clone(to, from, (uint64_t)at);
			calls++;
		} while (at > 0);
		check(c, at == 0, "it ended with %ld", at);
	}
	check(c, calls > 1, "it took one call each time");
	handle_close(ANY(timer));
	handle_close(ANY(beat));
	return to;
}

static void pieces_look(process_handle to, process_handle from, struct checks *c)
{
	for (uint64_t i = 0; i < MANY_PAGES; i++) {
		uint64_t value = 0, other = 1;

		process_read(to, FIRST + i * FAR * PAGE_SIZE, (uint8_t *)&value, 8);
		check(c, value == page_value(i), "page %lu is %#lx", (unsigned long)i, (unsigned long)value);
		process_write(to, FIRST + i * FAR * PAGE_SIZE, (const uint8_t *)&other, 8);
		process_read(from, FIRST + i * FAR * PAGE_SIZE, (uint8_t *)&value, 8);
		check(c, value == page_value(i), "page %lu has become %#lx", (unsigned long)i,
			(unsigned long)value);
	}
	for (uint64_t i = 0; i < MANY_REGIONS; i++) {
		uint64_t value = 0;

		process_read(to, SECOND_PLACE + i * 2 * PAGE_SIZE, (uint8_t *)&value, 8);
		check(c, value == page_value(i), "mapping %lu shows %#lx", (unsigned long)i,
			(unsigned long)value);
	}
}

static void test_pieces(void)
{
	memory_handle large = memory_create(MANY_PAGES * FAR * PAGE_SIZE);
	process_handle from = pieces_make(large), to;
	thread_handle self = process_thread(own_process(), 0);
	struct system_info info;
	struct checks c = {0};

	system_info(own_system(), &info);
	/* A timer is an interrupt of the hart that it was made on. */
	check(&c, !thread_set_affinity(self, 1), "thread_set_affinity");
	to = pieces_clone(from, &c);
	check(&c, !thread_set_affinity(self, (1ul << info.harts) - 1), "on all harts again");
	pieces_look(to, from, &c);
	check(&c, vm_clone(to, from, 0) == -EEXIST, "once more");
	handle_close(ANY(self));
	handle_close(ANY(large));
	handle_close(ANY(from));
	handle_close(ANY(to));
	checks_report(&c, "a large clone is made in pieces");
}

/* ---- handles */

/* How many handles a clone of this process has. */
static uint32_t handles_cloned(struct checks *c, process_handle to, unsigned pages)
{
	struct process_info info = {.handles = 0};
	unsigned calls = 0;
	long index = 0;

	do {
		index = process_clone_handles(to, own_process(), (uint32_t)index);
		calls++;
	} while (index > 0);
	check(c, index == 0 && calls >= pages, "%u calls, the last gave %ld", calls, index);
	process_info(to, &info);
	return info.handles;
}

static process_handle new_process(void)
{
	return process_create((const uint8_t *)"process", 7);
}

static void test_handles(void)
{
	static any_handle many[1100];
	process_handle to = new_process(), young = new_process();
	struct checks c = {0};
	uint32_t all;

	for (unsigned i = 0; i < COUNT(many); i++)
		many[i] = handle_duplicate(ANY(own_archive()), RIGHTS_SAME);
	check(&c, process_clone_handles(to, own_process(), 1) == -EINVAL, "inside of a page");
	check(&c, process_clone_handles(to, own_process(), 512) == -EEXIST, "the second page first");
	all = handles_cloned(&c, to, 3);
	check(&c, process_clone_handles(to, own_process(), 0) == -EEXIST, "once more");
	check(&c, process_give(to, ANY(own_archive()), RIGHTS_SAME) > 0, "a handle more");
	handle_close(ANY(young));
	handle_close(ANY(to));
	to = new_process();
	check(&c, handles_cloned(&c, to, 3) == all, "the younger process was given");
	for (unsigned i = 0; i < COUNT(many); i++)
		handle_close(many[i]);
	handle_close(ANY(to));
	to = new_process();
	check(&c, handles_cloned(&c, to, 3) == all - COUNT(many), "without many");
	handle_close(ANY(to));
	checks_report(&c, "handles are cloned with their values, but for what could keep the clone for ever");
}

/* ---- wrong */

static void test_wrong(void)
{
	memory_handle a = memory_create(4 * PAGE_SIZE), b = memory_create(2 * PAGE_SIZE);
	process_handle p = process_create((const uint8_t *)"p", 1),
		       q = process_create((const uint8_t *)"q", 1);
	uint64_t longer[40];
	struct checks c = {0};

	static const struct {
		uint64_t at, offset, len;
	} bad[] = {{1, 0, PAGE_SIZE}, {0, 1, PAGE_SIZE}, {0, 0, 0}, {0, 0, 1}, {0, 0, 3 * PAGE_SIZE},
		{PAGE_SIZE, 0, 2 * PAGE_SIZE}, {0, 3 * PAGE_SIZE, 2 * PAGE_SIZE},
		{UINT64_MAX - 4095, 0, PAGE_SIZE}, {0, UINT64_MAX - 4095, PAGE_SIZE},
		{0, 0, UINT64_MAX - 4095}};

	memset(longer, 0xff, sizeof(longer));
	for (unsigned i = 0; i < COUNT(bad); i++)
		check(&c, memory_copy(b, bad[i].at, a, bad[i].offset, bad[i].len) == -EINVAL, "copy %u", i);
	check(&c, memory_copy(a, 0, a, PAGE_SIZE, PAGE_SIZE) == -EINVAL, "onto itself");
	check(&c, page_fill(a, 0) && page_fill(b, 1), "fill");
	check(&c, memory_copy(b, PAGE_SIZE, a, 0, PAGE_SIZE) == -EEXIST, "onto a page that is there");
	check(&c, memory_copy(b, PAGE_SIZE, a, PAGE_SIZE, PAGE_SIZE) == -EEXIST, "nothing, onto a page");
	check(&c, memory_copy(b, 0, a, 0, 2 * PAGE_SIZE) == PAGE_SIZE, "as far as it goes");
	check(&c, memory_copy((memory_handle){own_archive().value}, 0, a, 0, PAGE_SIZE) == -EACCES,
		"the archive");
	check(&c, memory_copy(memory_create(PAGE_SIZE), 0, own_archive(), 0, PAGE_SIZE) == PAGE_SIZE,
		"of the archive");
	check(&c, vm_clone(p, p, 0) == -EINVAL, "of itself");
	check(&c, vm_clone(p, own_process(), 1) == -EINVAL, "inside of a page");
	check(&c, process_clone_handles(p, p, 0) == -EINVAL, "its own handles");
	process_kill(q, 1);
	process_wait(q, now() + PATIENCE, &(struct process_result){0});
	check(&c, vm_clone(q, own_process(), 0) == -EBUSY, "into one that has ended");
	check(&c, process_clone_handles(q, own_process(), 0) == -EBUSY, "handles for one that has ended");
	check(&c, vm_protect(q, FIRST, PAGE_SIZE, PROT_READ) == -EBUSY, "protecting in one that has ended");
	check(&c, thread_create_with(q, FIRST, 16, 0, 0, 0, 16, 1, START_STOPPED).value == -EBUSY,
		"a thread in one that has ended");
	check(&c, raw(SYS_thread_create_with, (uint64_t[6]){(uintptr_t)longer, sizeof(longer)}) == -E2BIG,
		"a struct with more than is known");
	check(&c, thread_create_like(q, FIRST, 16, 0).value == -EBUSY, "nor one like this");
	check(&c, thread_create_like(p, FIRST, 8, 0).value == -EINVAL, "a stack that is not aligned");
	check(&c, thread_create_like(p, FIRST | 1, 16, 0).value == -EINVAL, "code that is not aligned");
	check(&c, thread_create_like(p, UINT64_MAX - 1, 16, 0).value == -EINVAL, "the kernel's code");
	check(&c, vm_clone(p, q, 0) == 0, "of one that has ended");
	check(&c, process_clone_handles(p, q, 0) == 0, "handles of one that has ended");
	handle_close(ANY(a));
	handle_close(ANY(b));
	handle_close(ANY(p));
	handle_close(ANY(q));
	checks_report(&c, "what can't be cloned is refused");
}

/* ---- what a mapping allows */

/* clang-format off */
CHILD_PROGRAM(reader, "	ld	a0, (a0)\n	li	a0, 0\n" CHILD_EXIT);
CHILD_PROGRAM(writer, "	sd	a0, (a0)\n	li	a0, 0\n" CHILD_EXIT);
/* clang-format on */

static bool child_may(const void *code, const char *end, uint32_t prot)
{
	struct process_result result = {.reason = (enum end_reason) - 1};
	struct child child;

	if (child_make(&child, code, (size_t)(end - (const char *)code)) ||
		process_write(child.process, CHILD_DATA + PAGE_SIZE, (const uint8_t *)"x", 1) != 1 ||
		vm_protect(child.process, CHILD_DATA + PAGE_SIZE, PAGE_SIZE, prot) ||
		child_start(&child, CHILD_DATA + PAGE_SIZE) ||
		process_wait(child.process, now() + PATIENCE, &result))
		ktap_bail_out("no child for the test");
	child_close(&child);
	return result.reason == END_REASON_EXITED;
}

static void test_protect(void)
{
	struct pages pages = pages_map(8 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	uint64_t at = (uintptr_t)pages.at;
	process_handle self = own_process();
	struct checks c = {0};

	check(&c, child_may(reader, reader_end, PROT_READ), "read only: read");
	check(&c, !child_may(writer, writer_end, PROT_READ), "read only: write");
	check(&c, !child_may(reader, reader_end, 0), "nothing: read");
	check(&c, child_may(writer, writer_end, PROT_WRITE), "all: write");
	check(&c, vm_protect(self, at, 8 * PAGE_SIZE, PROT_READ | PROT_EXEC) == -EACCES, "more than it was");
	check(&c, vm_protect(self, at, 8 * PAGE_SIZE, PROT_WRITE | PROT_EXEC) == -EINVAL, "both");
	check(&c, vm_protect(self, at, 9 * PAGE_SIZE, PROT_READ) == -EFAULT, "a hole behind");
	check(&c, vm_protect(self, at - PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ) == -EFAULT, "a hole before");
	check(&c, vm_protect(self, at + 1, PAGE_SIZE, PROT_READ) == -EINVAL, "inside of a page");
	check(&c, vm_protect(self, at, 0, PROT_READ) == -EINVAL, "of no length");
	for (unsigned i = 0; i < 8; i++)
		pages.at[i * PAGE_SIZE] = (uint8_t)i;
	for (unsigned round = 0; round < 200; round++) {
		uint64_t first = random_below(8), count = 1 + random_below(8 - first);

		check(&c,
			!vm_protect(
				self, at + first * PAGE_SIZE, count * PAGE_SIZE, (uint32_t)random_below(2)),
			"protecting %lu pages at %lu", (unsigned long)count, (unsigned long)first);
	}
	check(&c, !vm_protect(self, at, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE), "all back");
	for (unsigned i = 0; i < 8; i++)
		check(&c, pages.at[i * PAGE_SIZE]++ == i, "page %u is another", i);
	pages_unmap(&pages);
	checks_report(&c, "a mapping allows what it was last told, and never more than at first");
}

/* A counter on another hart: when vm_protect has returned, it does not count any more. */
/* clang-format off */
CHILD_PROGRAM(counter,
	"1:	ld	a1, (a0)\n"
	"	addi	a1, a1, 1\n"
	"	sd	a1, (a0)\n"
	"	j	1b\n");
/* clang-format on */

static void test_protect_running(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 15; round++) {
		uint64_t before = 0, after = 0;
		struct child child;

		if (child_make(&child, counter, (size_t)(counter_end - counter)) ||
			child_start(&child, CHILD_DATA))
			ktap_bail_out("no child for the test");
		for (uint64_t end = now() + PATIENCE; !before && now() < end; thread_yield())
			memory_read(child.data, 0, (uint8_t *)&before, 8);
		check(&c, before > 0, "it does not count");
		check(&c, !vm_protect(child.process, CHILD_DATA, CHILD_SIZE, PROT_READ), "protect");
		memory_read(child.data, 0, (uint8_t *)&before, 8);
		thread_sleep(now() + 100000);
		memory_read(child.data, 0, (uint8_t *)&after, 8);
		check(&c, before == after, "it went on from %lu to %lu", (unsigned long)before,
			(unsigned long)after);
		process_kill(child.process, 0);
		child_close(&child);
	}
	checks_report(&c, "what is forbidden is so on all harts at once");
}

/* ---- when memory is out */

enum { DRY_PAGES = 200 };

static uint8_t *dry;

static void write_all(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < DRY_PAGES; i++)
		dry[i * PAGE_SIZE] = 2;
	process_exit(GOOD);
}

static void test_dry(void)
{
	struct pages pages = pages_map(DRY_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
	struct process_result result;
	struct checks c = {0};

	dry = pages.at;
	for (unsigned i = 0; i < DRY_PAGES; i++)
		dry[i * PAGE_SIZE] = 1;
	frames_leave(DRY_PAGES / 2);
	result = clone_run(&c, write_all);
	check(&c, result.reason == END_REASON_FAULTED && result.status == 137, "it ended with %d, reason %d",
		result.status, (int)result.reason);
	for (unsigned i = 0; i < DRY_PAGES; i++)
		check(&c, dry[i * PAGE_SIZE] == 1, "page %u is %u", i, dry[i * PAGE_SIZE]);
	for (unsigned i = 0; i < DRY_PAGES; i++)
		dry[i * PAGE_SIZE] = 3; /* the clone is gone: nothing has to be copied */
	check(&c, frames_free() >= DRY_PAGES / 4, "%ld frames are free", frames_free());
	pages_unmap(&pages);
	checks_report(&c, "a clone that runs out of memory ends, and takes nothing with it");
}

/* Has the kernel make what it counts shared frames in, and keeps, for most of the frames that are left. */
static void share_most(struct checks *c)
{
	memory_handle memory = memory_create(LEFT * PAGE_SIZE), copy = memory_create(LEFT * PAGE_SIZE);
	unsigned pages = 0;
	uint64_t done = 0;
	long n = 1;

	while (pages < LEFT - 30 && page_fill(memory, pages))
		pages++;
	while (n > 0 && done < pages * PAGE_SIZE) {
		n = memory_copy(copy, done, memory, done, pages * PAGE_SIZE - done);
		done += n > 0 ? (uint64_t)n : 0;
	}
	check(c, n > 0, "copying %u pages gave %ld", pages, n);
	handle_close(ANY(memory));
	handle_close(ANY(copy));
}

static void use_everything(struct checks *c)
{
	struct pages mapped = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	memory_handle shared = memory_create(PAGE_SIZE);
	long at = vm_map(own_process(), 0, shared, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);

	objects[0].memory = memory_create(PAGE_SIZE);
	told = notification_create();
	share_most(c);
	mapped_word = (volatile uint64_t *)(uintptr_t)mapped.at;
	shared_word = (volatile uint64_t *)at;
	for (unsigned i = 0; i < 5; i++)
		clone_and_look(c);
	vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE);
	pages_unmap(&mapped);
	handle_close(ANY(shared));
	handle_close(ANY(told));
	handle_close(ANY(objects[0].memory));
	for (unsigned i = 0; i < OBJECTS; i++)
		object_make(i);
	for (unsigned i = 0; i < 40; i++)
		copy_part(c, i % OBJECTS, (i + 1) % OBJECTS);
	for (unsigned i = 0; i < OBJECTS; i++)
		object_drop(i);
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(10);
	random_start(argc > 1 ? argv[1] : NULL);
	test_model();
	test_writers();
	test_process();
	test_pieces();
	test_handles();
	test_wrong();
	test_protect();
	test_protect_running();
	test_nothing_is_lost(use_everything, LEFT, "copies and clones leave nothing behind");
	test_dry();
	return ktap_end();
}
