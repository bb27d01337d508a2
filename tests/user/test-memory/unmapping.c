/*
 * Mappings that go: cut anywhere, mapped again in the same place, in a process that runs, by a process that has just used
 * the page. Nothing can be seen of them afterwards, and what is beside them stays.
 */
#include "memory.h"

/* Which of sixteen pages are there after a cut is seen by what can be mapped in their place. */
static bool is_mapped(process_handle p, uint64_t at)
{
	long result = map(p, at, 0, PAGE_SIZE, PROT_READ);

	if (result > 0)
		vm_unmap(p, at, PAGE_SIZE);
	return result == -EEXIST;
}

void test_cuts(void)
{
	struct checks c = {0};
	uint64_t base = 0x700000000;

	for (uint64_t first = 0; first < 16; first += 3)
		for (uint64_t last = first + 1; last <= 16; last += 2) {
			volatile uint32_t *words = (volatile uint32_t *)base;

			check(&c, map(own_process(), base, 0, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE) > 0,
				"mapping");
			for (uint64_t i = 0; i < 16; i++) {
				uint32_t value = (uint32_t)i + 1000;

				if (last % 4 == 1) /* every page is there before the cut, or comes after it */
					words[i * PAGE_SIZE / 4] = value;
				else
					memory_write(object, i * PAGE_SIZE, (const uint8_t *)&value,
						sizeof(value));
			}
			check(&c,
				!vm_unmap(
					own_process(), base + first * PAGE_SIZE, (last - first) * PAGE_SIZE),
				"cutting");
			for (uint64_t i = 0; i < 16; i++) {
				bool there = i < first || i >= last;

				check(&c, is_mapped(own_process(), base + i * PAGE_SIZE) == there, "page %lu",
					(unsigned long)i);
				if (there)
					check(&c, words[i * PAGE_SIZE / 4] == i + 1000,
						"page %lu shows another", (unsigned long)i);
			}
			check(&c, !vm_unmap(own_process(), base, 16 * PAGE_SIZE), "unmapping the rest");
		}
	checks_report(&c, "a mapping cut anywhere keeps the rest");
}

/* After unmapping, the hardware must have forgotten the page, too: what is mapped next at the address shows. */
void test_remap(void)
{
	struct checks c = {0};
	volatile uint32_t *word = (volatile uint32_t *)0x710000000;

	for (uint32_t i = 0; i < 200; i++) {
		uint32_t there = 0, offset = i % 16;

		check(&c,
			map(own_process(), (uintptr_t)word, offset * PAGE_SIZE, PAGE_SIZE,
				PROT_READ | PROT_WRITE) > 0,
			"mapping");
		*word = i;
		memory_read(object, offset * PAGE_SIZE, (uint8_t *)&there, sizeof(there));
		check(&c, there == i, "round %u wrote to another page", (unsigned)i);
		check(&c, !vm_unmap(own_process(), (uintptr_t)word, PAGE_SIZE), "unmapping");
		check(&c, memory_read(object, 0, (uint8_t *)(uintptr_t)word, 4) == -EFAULT,
			"the kernel still sees the page");
		if (i % 2) { /* read-only in the same place: writable no more */
			check(&c,
				map(own_process(), (uintptr_t)word, offset * PAGE_SIZE, PAGE_SIZE,
					PROT_READ) > 0,
				"mapping");
			check(&c, *word == i, "round %u reads %u", (unsigned)i, (unsigned)*word);
			check(&c, memory_read(object, 0, (uint8_t *)(uintptr_t)word, 4) == -EFAULT,
				"still writable");
			vm_unmap(own_process(), (uintptr_t)word, PAGE_SIZE);
		}
	}
	checks_report(&c, "an address used again shows what is there now");
}

/* Loads after another has unmapped. */
/* clang-format off */
CHILD_PROGRAM(loader,
	"1:	lw	a1, (a0)\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	mv	s0, a0\n"
	"	ecall\n"
	"	mv	a0, s0\n"
	"	j	1b\n");
/* clang-format on */

void test_unmap_other(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 20; i++) {
		struct process_result r = {0};
		struct child child;

		check(&c,
			!child_make(&child, loader, (size_t)(loader_end - loader)) &&
				!child_start(&child, CHILD_DATA),
			"child");
		check(&c, process_wait(child.process, now() + MS, &r) == -ETIMEDOUT, "it ended with %d",
			(int)r.status);
		check(&c, !vm_unmap(child.process, CHILD_DATA, PAGE_SIZE), "unmapping");
		check(&c,
			!process_wait(child.process, now() + PATIENCE, &r) &&
				r.reason == END_REASON_FAULTED && r.address == CHILD_DATA,
			"it still reads");
		child_close(&child);
	}
	checks_report(&c, "unmapping in a process that runs");
}

/* Stores, unmaps its own page, stores again. In a0 a handle to itself. */
/* clang-format off */
CHILD_PROGRAM(unmapper,
	"	li	a1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	a2, " SUITE_TEXT(CHILD_SIZE_TEXT) "\n"
	"	sd	a1, (a1)\n"
	"	li	a7, " SUITE_TEXT(SYS_vm_unmap) "\n"
	"	ecall\n"
	"	bnez	a0, 1f\n"
	"	sd	a1, (a1)\n"
	"1:\n"
	CHILD_EXIT);
/* clang-format on */

/* No call copies anything in between: emulators drop their translations when the kernel touches user memory. */
void test_unmap_own(void)
{
	struct process_result r = {0};
	struct checks c = {0};
	struct child child;

	check(&c, !child_make(&child, unmapper, (size_t)(unmapper_end - unmapper)), "child");
	check(&c,
		!child_start(&child, (uint64_t)process_give(child.process, ANY(child.process), RIGHTS_SAME)),
		"start");
	check(&c, !process_wait(child.process, now() + PATIENCE, &r), "it does not end");
	check(&c, r.reason == END_REASON_FAULTED && r.cause == 15 && r.address == CHILD_DATA,
		"reason %d, status %d", (int)r.reason, (int)r.status);
	child_close(&child);
	checks_report(&c, "a process that unmaps what it has just used");
}
