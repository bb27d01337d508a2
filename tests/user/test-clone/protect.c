/* What a mapping allows: what it was last told, on all harts at once, and never more than at first. */
#include "clone.h"

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

void test_protect(void)
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

void test_protect_running(void)
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
