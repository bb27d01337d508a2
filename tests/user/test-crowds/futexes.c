/* Futexes: many wait at one word, at as many words, or at words with the same hash. */
#include "crowds.h"

enum { WORDS = PAGE_SIZE / sizeof(uint32_t) };

static alignas(PAGE_SIZE) uint32_t words[4][WORDS];

/* All wait at one word; others have the same hash, whatever that is. */
void test_one_word(void)
{
	struct checks c = {0};
	long woken = 0;

	for (unsigned i = 0; i < CROWD; i++)
		start_at_word(i, words[0]);
	check(&c, all_wait(WAITS_FOR_FUTEX, CROWD), "%u wait", threads_waiting(WAITS_FOR_FUTEX));
	for (unsigned i = 1; i < 4 * WORDS; i++)
		check(&c, wake(&words[0][i], 1) == 0, "somebody waits at word %u", i);
	for (unsigned i = 0; i < 4; i++)
		woken += wake(words[0], CROWD / 4);
	check(&c, woken == CROWD, "%ld woken", woken);
	check(&c, come_back(0, CROWD, 0), "a wait fails");
	check(&c, wake(words[0], UINT32_MAX) == 0, "somebody is left");
	checks_report(&c, "a crowd waits at one word, and others are woken beside it");
}

/* Each has a word of its own, but the last ones, which share theirs with some of the first. */
void test_many_words(void)
{
	enum { AGAIN = 64 };
	struct checks c = {0};
	const unsigned own = CROWD - AGAIN;

	for (unsigned i = 0; i < own; i++)
		start_at_word(i, &words[0][i]);
	check(&c, all_wait(WAITS_FOR_FUTEX, own), "%u wait", threads_waiting(WAITS_FOR_FUTEX));
	for (unsigned i = 0; i < AGAIN; i++)
		start_at_word(own + i, &words[0][i * 7]);
	check(&c, all_wait(WAITS_FOR_FUTEX, CROWD), "%u wait", threads_waiting(WAITS_FOR_FUTEX));
	for (unsigned i = 0; i < AGAIN; i++) {
		check(&c, wake(&words[0][i * 7], 1) == 1 && come_back(i * 7, 1, 0), "the first at word %u",
			i * 7);
		check(&c, !crowd[own + i].over, "the second at word %u comes first", i * 7);
		check(&c, wake(&words[0][i * 7], 2) == 1 && come_back(own + i, 1, 0), "the second at word %u",
			i * 7);
	}
	for (unsigned i = own; i--;) {
		bool first = i % 7 == 0 && i / 7 < AGAIN;

		check(&c, wake(&words[0][i], 2) == !first && come_back(i, 1, 0), "word %u", i);
	}
	checks_report(&c, "a crowd waits at as many words");
}

/* First come, first served, however many come in between at other words. */
void test_turns(void)
{
	enum { EACH = 80 };
	struct checks c = {0};

	for (unsigned i = 0; i < EACH; i++) {
		start_at_word(i, words[1]);
		start_at_word(EACH + i, words[2]);
		start_at_word(2 * EACH + i, &words[3][i]);
		/* one comes after the other */
		check(&c, all_wait(WAITS_FOR_FUTEX, 3 * i + 3), "%u wait", threads_waiting(WAITS_FOR_FUTEX));
	}
	for (unsigned n = 0, next; n < EACH; n = next) {
		turns = 0;
		next = n + 1 + (unsigned)random_below(40);
		next = next < EACH ? next : EACH;
		for (unsigned i = n; i < next; i++)
			check(&c, wake(words[1], 1) == 1 && come_back(i, 1, 0), "%u at the first word", i);
		check(&c, come_in_order(n, next - n), "the order at the first word");
		check(&c, wake(words[2], next - n) == next - n && come_back(EACH + n, next - n, 0),
			"the second");
	}
	for (unsigned i = 0; i < EACH; i++)
		check(&c, wake(&words[3][i], UINT32_MAX) == 1 && come_back(2 * EACH + i, 1, 0), "the others");
	checks_report(&c, "first come, first served");
}

/* Some stop waiting by themselves, from the midst of the crowd. */
void test_deadlines(void)
{
	enum { EACH = 400 };
	struct checks c = {0};
	uint64_t deadline = now() + 400 * MS;
	long left = 0;

	for (unsigned i = 0; i < 2 * EACH; i++)
		crowd_start(&crowd[i], SYS_futex_wait, (uintptr_t)&words[i % 8 == 0][i / 2 % 97], 0,
			i % 2 ? deadline + random_below(20 * MS) : DEADLINE_NEVER, 0);
	for (unsigned i = 1; i < 2 * EACH; i += 2)
		check(&c, come_back(i, 1, -ETIMEDOUT), "%u gives %ld", i, (long)crowd[i].result);
	check(&c, all_wait(WAITS_FOR_FUTEX, EACH), "%u wait", threads_waiting(WAITS_FOR_FUTEX));
	for (unsigned i = 0; i < 97; i++)
		left += wake(&words[0][i], UINT32_MAX) + wake(&words[1][i], UINT32_MAX);
	check(&c, left == EACH, "%ld were left", left);
	for (unsigned i = 0; i < 2 * EACH; i += 2)
		check(&c, come_back(i, 1, 0), "%u gives %ld", i, (long)crowd[i].result);
	checks_report(&c, "some of a crowd stop waiting");
}
