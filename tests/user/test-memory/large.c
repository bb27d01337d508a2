/*
 * Ranges that take the kernel several pieces: unmapped or with other rights as a whole when the call returns, while others
 * look for room, and programs that end in the middle of it.
 */
#include "memory.h"

enum { LARGE = 4096, TOUCHED = 1500, SMALL = 400, MEDDLED = 8 };

static volatile bool meddle_stop;
static volatile unsigned meddle_wrong, meddle_rounds;

/* Maps a page wherever the kernel wants it, and has it until it unmaps it. The kernel looks, so that no fault is met. */
static void meddler(void *unused)
{
	memory_handle page = memory_create(PAGE_SIZE);

	(void)unused;
	while (!meddle_stop) {
		long at = vm_map(own_process(), 0, page, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);

		meddle_wrong += at < 0;
		for (unsigned i = 0; i < 4; i++) {
			thread_yield();
			meddle_wrong += memory_read(page, 8, (uint8_t *)(uintptr_t)at, 8) != 8;
		}
		meddle_wrong += vm_unmap(own_process(), (uint64_t)at, PAGE_SIZE) != 0;
		meddle_rounds++;
	}
	handle_close(ANY(page));
}

static const uint64_t large_mark = 0x6c61726765;

/* Whether a page shows the large object. Another may have been mapped there since. */
static bool is_large(uint64_t address)
{
	uint64_t word = 0;

	return process_read(own_process(), address, (uint8_t *)&word, sizeof(word)) == sizeof(word) &&
	       word == large_mark;
}

/* A range with many pages, or with many mappings too, is gone whole when the call returns, and only that. */
static void unmap_large(struct checks *c, memory_handle large, bool small)
{
	uint64_t size = LARGE * PAGE_SIZE, piece = LARGE / SMALL * PAGE_SIZE;
	long at = vm_map(own_process(), 0, large, 0, size + 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	uint64_t start = (uint64_t)at + PAGE_SIZE;
	unsigned shown = 0;

	if (!check(c, at > 0, "vm_map: %ld", at))
		return;
	for (uint64_t done = 0; small && done + piece <= size; done += piece)
		check(c, !vm_protect(own_process(), start + done, PAGE_SIZE, PROT_READ), "vm_protect");
	for (uint64_t i = 0; i < LARGE; i += LARGE / TOUCHED)
		shown += *(volatile uint64_t *)(start + i * PAGE_SIZE) == large_mark;
	check(c, shown == (LARGE + LARGE / TOUCHED - 1) / (LARGE / TOUCHED), "%u pages", shown);
	check(c, !vm_unmap(own_process(), start, size), "vm_unmap");
	for (uint64_t i = 0; i < LARGE; i++)
		shown -= !is_large(start + i * PAGE_SIZE) && i % (LARGE / TOUCHED) == 0;
	check(c, !shown, "%u pages are still there", shown);
	check(c, is_large(start - PAGE_SIZE) && is_large(start + size), "what is beside it");
	check(c, !vm_unmap(own_process(), start - PAGE_SIZE, PAGE_SIZE), "the page before");
	check(c, !vm_unmap(own_process(), start + size, PAGE_SIZE), "the page behind");
}

void test_large(void)
{
	static struct suite_thread thread;
	struct checks c = {0};
	memory_handle large = memory_create((LARGE + 2) * PAGE_SIZE);

	for (uint64_t i = 0; i < LARGE + 2; i++)
		memory_write(large, i * PAGE_SIZE, (const uint8_t *)&large_mark, sizeof(large_mark));
	suite_thread_start(&thread, meddler, NULL);
	for (unsigned i = 0; i < MEDDLED; i++)
		unmap_large(&c, large, i % 2);
	meddle_stop = true;
	suite_thread_join(&thread);
	check(&c, !meddle_wrong, "somebody else's page: %u of %u", meddle_wrong, meddle_rounds);
	handle_close(ANY(large));
	checks_report(&c, "large ranges, while others look for room");
}

/* Whether user mode can write to a page, whose first word the kernel does not change by asking. */
static bool is_writable(memory_handle source, uint64_t address)
{
	return memory_read(source, 0, (uint8_t *)(uintptr_t)address, 8) == 8;
}

/* Rights of a range with many pages, or with many mappings too, have all changed when the call returns, and only those. */
static void protect_large(struct checks *c, memory_handle large, bool small)
{
	uint64_t size = LARGE * PAGE_SIZE, piece = LARGE / SMALL * PAGE_SIZE;
	long at = vm_map(own_process(), 0, large, 0, size + 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	uint64_t start = (uint64_t)at + PAGE_SIZE;
	unsigned writable = 0;

	if (!check(c, at > 0, "vm_map: %ld", at))
		return;
	for (uint64_t done = 0; small && done + piece <= size; done += piece)
		check(c, !vm_protect(own_process(), start + done, PAGE_SIZE, 0), "vm_protect");
	check(c, !vm_protect(own_process(), start, size, PROT_READ | PROT_WRITE), "what it was");
	for (uint64_t i = 0; i < LARGE; i++)
		*(volatile uint64_t *)(start + i * PAGE_SIZE) = large_mark;
	check(c, !vm_protect(own_process(), start, size, PROT_READ), "for reading");
	for (uint64_t i = 0; i < LARGE; i++)
		writable += is_writable(large, start + i * PAGE_SIZE) || !is_large(start + i * PAGE_SIZE);
	check(c, !writable, "%u pages can be written, or are others", writable);
	check(c, is_writable(large, start - PAGE_SIZE) && is_writable(large, start + size),
		"what is beside it");
	check(c, vm_protect(own_process(), start, size, PROT_EXEC) == -EACCES, "more than it was mapped for");
	check(c, !vm_unmap(own_process(), (uint64_t)at, size + 2 * PAGE_SIZE), "vm_unmap");
}

/* What is refused is so before anything has changed, however far behind the reason lies. */
static void protect_to_hole(struct checks *c, memory_handle large)
{
	uint64_t size = LARGE * PAGE_SIZE;
	long at = vm_map(own_process(), 0, large, 0, size, PROT_READ | PROT_WRITE, 0);
	uint64_t start = (uint64_t)at;

	check(c, !vm_protect(own_process(), start, size, PROT_READ), "for reading");
	check(c, !vm_unmap(own_process(), start + size - PAGE_SIZE, PAGE_SIZE), "a hole");
	check(c, vm_protect(own_process(), start, size, PROT_READ | PROT_WRITE) == -EFAULT, "up to a hole");
	check(c, !is_writable(large, start), "what is refused has changed something");
	check(c, !vm_unmap(own_process(), start, size), "vm_unmap");
}

void test_protect_large(void)
{
	static struct suite_thread thread;
	struct checks c = {0};
	memory_handle large = memory_create((LARGE + 2) * PAGE_SIZE);

	memory_write(large, 0, (const uint8_t *)&large_mark, sizeof(large_mark));
	meddle_stop = false;
	suite_thread_start(&thread, meddler, NULL);
	for (unsigned i = 0; i < MEDDLED / 2; i++)
		protect_large(&c, large, i % 2);
	meddle_stop = true;
	suite_thread_join(&thread);
	check(&c, !meddle_wrong, "somebody else's page: %u of %u", meddle_wrong, meddle_rounds);
	protect_to_hole(&c, large);
	handle_close(ANY(large));
	checks_report(&c, "rights of large ranges, while others look for room");
}

/* Changes the rights of a large range, again and again: a0 is its process. */
/* clang-format off */
CHILD_PROGRAM(protector,
	"	mv	s0, a0\n"
	"	li	s1, 1\n"
	"1:	mv	a0, s0\n"
	"	li	a1, 0x40000000\n"
	"	li	a2, 0x1000000\n"
	"	mv	a3, s1\n"
	"	li	a7, " SUITE_TEXT(SYS_vm_protect) "\n"
	"	ecall\n"
	"	bnez	a0, 2f\n"
	"	xori	s1, s1, 2\n"
	"	j	1b\n"
	"2:\n"
	CHILD_EXIT);
/* clang-format on */

void kill_protectors(struct checks *c)
{
	enum { KILLED = 20, AT = 0x40000000, SIZE = 0x1000000 };

	for (unsigned i = 0; i < KILLED; i++) {
		memory_handle large = memory_create(SIZE);
		struct process_result r = {0};
		struct child child;
		long self;

		if (!check(c, !child_make(&child, protector, (size_t)(protector_end - protector)),
			    "no child"))
			return;
		self = process_give(child.process, ANY(child.process), RIGHTS_SAME);
		check(c, vm_map(child.process, AT, large, 0, SIZE, PROT_READ | PROT_WRITE, MAP_FIXED) == AT,
			"vm_map");
		for (unsigned page = 0; page < SIZE / PAGE_SIZE; page += 5)
			process_write(child.process, AT + page * PAGE_SIZE, (const uint8_t *)&large_mark, 8);
		for (unsigned k = 0; k < 2; k++)
			check(c, self > 0 && !child_start(&child, (uint64_t)self), "no thread");
		thread_sleep(now() + i % 8 * MS / 4);
		process_kill(child.process, 1);
		check(c, !process_wait(child.process, now() + PATIENCE, &r) && r.reason == END_REASON_KILLED,
			"it has ended by itself, with %d", (int)r.status);
		child_close(&child);
		handle_close(ANY(large));
	}
}
