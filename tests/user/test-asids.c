/*
 * Address spaces that have the same addresses and other pages there: more of them at a time than there are ASIDs when the
 * kernel is told asid-bits=2 or less, and more of them one after the other than that at any rate.
 */
#include "suite.h"

enum { TOGETHER = 24, TURNS = 60, IN_SEQUENCE = 150, RIGHT = 7, WRONG = 8, REPLACED = 60 };

/* Looks at its word at CHILD_DATA between turns of others, which have other words there; counts its turns behind it. */
/* clang-format off */
CHILD_PROGRAM(looker,
	"	mv	s2, a0\n"
	"	li	s1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	s0, 60\n" /* TURNS */
	"1:	ld	a1, (s1)\n"
	"	bne	a1, s2, 2f\n"
	"	ld	a1, 8(s1)\n"
	"	addi	a1, a1, 1\n"
	"	sd	a1, 8(s1)\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	ecall\n"
	"	addi	s0, s0, -1\n"
	"	bnez	s0, 1b\n"
	"	li	a0, 7\n"
	CHILD_EXIT
	"2:	li	a0, 8\n"
	CHILD_EXIT);
/* clang-format on */

static uint64_t word_of(memory_handle memory, uint64_t index)
{
	uint64_t value = 0;

	memory_read(memory, index * sizeof(value), (uint8_t *)&value, sizeof(value));
	return value;
}

static void set_word(memory_handle memory, uint64_t value)
{
	memory_write(memory, 0, (const uint8_t *)&value, sizeof(value));
}

static void test_together(void)
{
	static struct child children[TOGETHER];
	struct checks c = {0};

	for (uint64_t i = 0; i < TOGETHER; i++) {
		check(&c, !child_make(&children[i], looker, (size_t)(looker_end - looker)), "no child");
		set_word(children[i].data, 1000 + i);
	}
	for (uint64_t i = 0; i < TOGETHER; i++)
		check(&c, !child_start(&children[i], 1000 + i), "child %lu does not start", (unsigned long)i);
	for (uint64_t i = 0; i < TOGETHER; i++) {
		struct process_result r = {0};

		check(&c, !process_wait(children[i].process, now() + PATIENCE, &r) && child_exited(&r, RIGHT),
			"child %lu: reason %u, status %d", (unsigned long)i, (unsigned)r.reason,
			(int)r.status);
		check(&c, word_of(children[i].data, 1) == TURNS, "child %lu has had %lu turns",
			(unsigned long)i, (unsigned long)word_of(children[i].data, 1));
		child_close(&children[i]);
	}
	checks_report(&c, "programs take turns, each with a page of its own at one address");
}

/* addi a0, zero, number; ld a1, (a2); add a0, a0, a1, and the end, with CHILD_DATA in a2. */
static struct process_result run_numbered(uint32_t number, uint64_t word)
{
	uint32_t code[] = {0x00200637, number << 20 | 0x513, 0x00063583, 0x00b50533,
		(uint32_t)SYS_process_exit << 20 | 0x893, 0x73};
	struct process_result result = {.reason = (enum end_reason) - 1};
	struct child child;

	_Static_assert(CHILD_DATA == 0x200000, "lui a2, 0x200");
	if (child_make(&child, code, sizeof(code)))
		return result;
	set_word(child.data, word);
	if (!child_start(&child, 0))
		process_wait(child.process, now() + PATIENCE, &result);
	child_close(&child);
	return result;
}

/* Each gets frames, and on real hardware an ASID, that another has had just before. */
static void test_in_sequence(void)
{
	struct checks c = {0};

	for (uint32_t i = 0; i < IN_SEQUENCE; i++) {
		struct process_result r = run_numbered(i, 1000 * i);

		check(&c, child_exited(&r, (int)(1001 * i)), "program %u: reason %u, status %d", i,
			(unsigned)r.reason, (int)r.status);
	}
	checks_report(&c, "programs one after the other, with other code and data at the same addresses");
}

/* Copies its word at CHILD_DATA to the page behind, for ever. */
/* clang-format off */
CHILD_PROGRAM(mirror,
	"	li	s1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	lui	s2, 1\n"
	"	add	s2, s2, s1\n"
	"1:	ld	a1, (s1)\n"
	"	sd	a1, (s2)\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	ecall\n"
	"	j	1b\n");
/* clang-format on */

/* The page at CHILD_DATA becomes another one, with this word. */
static bool put_page(const struct child *child, uint64_t word)
{
	memory_handle page = memory_create(PAGE_SIZE);
	long at;

	set_word(page, word);
	at = vm_map(child->process, CHILD_DATA, page, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
	handle_close(ANY(page));
	return at == (long)CHILD_DATA;
}

static bool shows(const struct child *child, uint64_t word)
{
	uint64_t end = now() + PATIENCE;

	while (word_of(child->data, PAGE_SIZE / 8) != word && now() < end)
		thread_yield();
	return word_of(child->data, PAGE_SIZE / 8) == word;
}

/*
 * A page is replaced while its program is kept from running, so the harts where it ran are elsewhere. From time to time it
 * moves on, and comes back to harts where it has been.
 */
static void test_replaced_while_elsewhere(void)
{
	struct checks c = {0};
	struct system_info info = {.harts = 1};
	struct child child;
	thread_handle thread;

	system_info(own_system(), &info);
	child_make(&child, mirror, (size_t)(mirror_end - mirror));
	thread = thread_create(child.process, CHILD_CODE, CHILD_SP, 0);
	check(&c, thread.value > 0, "no thread");
	for (uint64_t i = 1; i <= REPLACED; i++) {
		check(&c, !thread_suspend(thread), "thread_suspend");
		check(&c, !vm_unmap(child.process, CHILD_DATA, PAGE_SIZE), "vm_unmap");
		check(&c, put_page(&child, i), "vm_map");
		check(&c, !thread_resume(thread), "thread_resume");
		check(&c, shows(&child, i), "round %lu: it sees page %lu", (unsigned long)i,
			(unsigned long)word_of(child.data, PAGE_SIZE / 8));
		if (i % 4 == 0)
			check(&c, !thread_set_affinity(thread, 1ul << i / 4 % info.harts),
				"thread_set_affinity");
	}
	process_kill(child.process, 0);
	handle_close(ANY(thread));
	child_close(&child);
	checks_report(&c, "no load of a page that was replaced while its program did not run");
}

/* What a space has had on a hart ends with it. */
static void test_nothing_kept(struct checks *c)
{
	for (uint32_t i = 0; i < 8; i++) {
		struct process_result r = run_numbered(i, i);

		check(c, child_exited(&r, (int)(2 * i)), "program %u", i);
	}
}

int main(void)
{
	ktap_plan(4);
	test_together();
	test_in_sequence();
	test_replaced_while_elsewhere();
	test_nothing_is_lost(test_nothing_kept, 100, "spaces that end give everything back");
	return ktap_end();
}
