/* process_info, process_memory_peak, and what memory costs. */
#include "info.h"

/* clang-format off */
CHILD_PROGRAM(spinner,
	"	li	s0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"1:	ld	a0, 0(s0)\n"
	"	beqz	a0, 1b\n"
	"	li	a0, 5\n"
	CHILD_EXIT);
/* clang-format on */

int spinner_make(struct child *child)
{
	return child_make(child, spinner, (size_t)(spinner_end - spinner));
}

struct process_info process_look(struct checks *c, process_handle p)
{
	struct process_info info;

	memset(&info, 0xff, sizeof(info));
	check(c, process_info(p, &info) == 0, "process_info");
	check(c, info.reserved == 0 && info.name[31] == 0, "padding");
	return info;
}

void test_own_process(void)
{
	struct checks c = {0};
	process_handle own = {handle_duplicate(ANY(own_process()), RIGHTS_SAME).value};
	process_handle p = process_create((const uint8_t *)"a\nchild of this", 15);
	struct process_info info = process_look(&c, p);

	check(&c, own.value > 0 && process_look(&c, own).id == (uint32_t)process_id(), "the own handle");
	handle_close(ANY(own));
	check(&c, info.parent == (uint32_t)process_id(), "parent %u", info.parent);
	check(&c, info.id > info.parent, "id %u", info.id);
	check(&c, info.state == PROCESS_STATE_NEW, "state %d", (int)info.state);
	check(&c, info.threads == 0 && info.handles == 0, "%u threads, %u handles", info.threads,
		info.handles);
	check(&c, !strcmp((const char *)info.name, "a?child?of?this"), "name %s", (const char *)info.name);
	check(&c, info.memory_limit == 1ul << 62, "limit %#lx", (unsigned long)info.memory_limit);
	check(&c, info.cpu_time == 0, "cpu time");
	check(&c, process_give(p, ANY(p), RIGHTS_SAME) > 0, "a handle");
	check(&c, process_look(&c, p).handles == 1, "one handle");
	check(&c, process_limit(p, 1 << 20) == 0, "a limit");
	check(&c, process_look(&c, p).memory_limit == 1 << 20, "the limit");
	handle_close(ANY(p));
	checks_report(&c, "a process that has not begun");
}

void test_life_of_process(void)
{
	struct checks c = {0};
	struct process_result result;
	struct process_info before, later;
	struct child child;
	uint64_t one = 1, start;
	long used;

	check(&c, !spinner_make(&child), "a child");
	before = process_look(&c, child.process);
	start = now();
	check(&c, !child_start(&child, 0), "its start");
	do {
		thread_yield();
		later = process_look(&c, child.process);
	} while ((later.cpu_time < 5 * MS || later.memory_used == before.memory_used) &&
		 now() < start + PATIENCE);
	check(&c, later.state == PROCESS_STATE_LIVE && later.threads == 1, "state %d, %u threads",
		(int)later.state, later.threads);
	check(&c, later.cpu_time >= 5 * MS && later.cpu_time <= now() - start, "it ran %lu ns of %lu",
		(unsigned long)later.cpu_time, (unsigned long)(now() - start));
	check(&c, later.memory_used > before.memory_used, "%lu bytes before, %lu after touching pages",
		(unsigned long)before.memory_used, (unsigned long)later.memory_used);
	used = (long)later.memory_used;
	check(&c, process_memory_peak(child.process) >= used, "%ld bytes at most, of %ld",
		process_memory_peak(child.process), used);
	memory_write(child.data, 0, (const uint8_t *)&one, sizeof(one));
	check(&c, !process_wait(child.process, DEADLINE_NEVER, &result), "its end");
	later = process_look(&c, child.process);
	check(&c, later.state == PROCESS_STATE_ENDED && later.threads == 0 && later.handles == 0, "state %d",
		(int)later.state);
	check(&c, later.reason == END_REASON_EXITED && later.status == 5, "status %d", (int)later.status);
	check(&c, later.cpu_time >= 5 * MS, "its time stays");
	check(&c, later.memory_used < before.memory_used, "%lu bytes are left",
		(unsigned long)later.memory_used);
	check(&c, process_memory_peak(child.process) >= used, "%ld bytes at most, of %ld",
		process_memory_peak(child.process), used);
	child_close(&child);
	checks_report(&c, "a process from its start to its end");
}

/* Makes a process have so many bytes more for a while: what it has had at most afterwards, and what it had then. */
static long peak_after(struct checks *c, process_handle p, size_t size, long *then)
{
	memory_handle m = memory_create(size);
	long at = vm_map(p, 0, m, 0, size, PROT_READ | PROT_WRITE, 0);

	check(c, at > 0, "map %ld", at);
	for (size_t i = 0; i < size; i += PAGE_SIZE)
		check(c, process_write(p, (uint64_t)at + i, (const uint8_t *)"x", 1) == 1, "touch %zu", i);
	*then = (long)process_look(c, p).memory_used;
	check(c, !vm_unmap(p, (uint64_t)at, size), "unmap");
	handle_close(ANY(m));
	return process_memory_peak(p);
}

/*
 * The objects are this process's own, what maps them is the other's: page tables, which are few. What it has given up before may
 * come back to its account only now, when the other harts have left the kernel: so it may have less in the end than is added up.
 */
void test_peak(void)
{
	enum { LARGE = 64 * PAGE_SIZE };
	struct checks c = {0};
	process_handle own = own_process(), p = process_create((const uint8_t *)"peak", 4);
	struct process_info info = process_look(&c, own);
	long before = process_memory_peak(own), after, then;
	size_t size = LARGE + (((size_t)before - info.memory_used + PAGE_SIZE) & -(size_t)PAGE_SIZE);

	check(&c, before >= (long)info.memory_used, "%ld bytes at most, %lu now", before,
		(unsigned long)info.memory_used);
	after = peak_after(&c, own, size, &then);
	check(&c, then > before && after >= then && after < before + 2 * LARGE, "%ld bytes, then %ld of %ld",
		before, after, then);
	check(&c, process_memory_peak(own) == after, "it stays");
	for (uint64_t until = now() + PATIENCE;
		(long)process_look(&c, own).memory_used >= after - LARGE / 2 && now() < until;)
		continue; /* what goes waits for the other harts */
	check(&c, (long)process_look(&c, own).memory_used < after - LARGE / 2, "what is used does not");
	check(&c, !process_limit(p, 1 << 20), "a limit");
	before = process_memory_peak(p);
	after = peak_after(&c, p, LARGE, &then);
	check(&c, after >= before && after >= then && after <= 1 << 20,
		"below a limit %ld bytes, then %ld of %ld", before, after, then);
	handle_close(ANY(p));
	checks_report(&c, "the most that a process has had");
}

/* How many bytes less are free, and how many more are charged, when pages of a new object have been touched. */
static void count_pages(struct checks *c, unsigned pages, long *less, long *more)
{
	struct system_info before, after;
	memory_handle m = memory_create(512 * PAGE_SIZE);
	struct memory_info info;

	page_fill(m, 0); /* with these two all nodes of the object are there that the others need */
	page_fill(m, pages + 1);
	system_info(own_system(), &before);
	for (unsigned i = 1; i <= pages; i++)
		page_fill(m, i);
	system_info(own_system(), &after);
	*less = (long)(before.memory_free - after.memory_free);
	*more = (long)(after.memory_charged - before.memory_charged);
	check(c, !memory_info(m, &info) && info.resident == (pages + 2) * PAGE_SIZE, "%lu are there",
		(unsigned long)info.resident);
	check(c, info.size == 512 * PAGE_SIZE && info.source == MEMORY_SOURCE_ZERO && !info.reserved,
		"an object");
	handle_close(ANY(m));
}

/*
 * A page costs a page. The figures are the whole machine's: what the tests before have let go, such as the four pages of a
 * child, comes back when all harts have left the kernel. A count that this falls into is made again.
 */
void test_charges(void)
{
	enum { PAGES = 99 };
	struct checks c = {0};
	struct memory_info info;
	uint64_t until = now() + PATIENCE;
	long less, more;

	do
		count_pages(&c, PAGES, &less, &more);
	while ((less != PAGES * PAGE_SIZE || more != PAGES * PAGE_SIZE) && now() < until &&
		!thread_sleep(now() + MS));
	check(&c, less == PAGES * PAGE_SIZE, "%ld bytes less are free", less);
	check(&c, more == PAGES * PAGE_SIZE, "%ld bytes more are charged", more);
	check(&c,
		!memory_info(own_archive(), &info) && info.source == MEMORY_SOURCE_MACHINE &&
			info.resident == info.size,
		"the archive");
	checks_report(&c, "pages of memory");
}
