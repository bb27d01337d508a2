/* Calls that are set aside and answered later, objects that nobody has any more, and callers that die meanwhile. */
#include "protocol.h"

#include <tabula/protocol/probe.h>

void test_gone(void)
{
	struct checks c = {0};

	for (uint64_t until = now() + PATIENCE; gone < things && now() < until;)
		server_turn(&server); /* the last words may still be on their way */
	check(&c, things == 4 && gone == 4, "%u objects, %u gone", things, gone);
	checks_report(&c, "the server hears of objects that nobody has any more");
}

static void meet(void *argument)
{
	*(long *)argument = probe_meet(to, MEETERS, DEADLINE_NEVER);
}

static void meet_shortly(void *argument)
{
	*(long *)argument = probe_meet(to, MEETERS, now() + 3 * MS);
}

static void count_waiting(void *argument)
{
	uint32_t waiting = 99;

	(void)argument;
	expect(probe_count(to, &waiting), 0, "objects");
	expect(waiting, 0, "set aside");
}

void test_deferred(void)
{
	struct checks c = {0};
	long place[MEETERS];
	bool taken[MEETERS] = {0};

	for (unsigned i = 0; i < MEETERS; i++)
		suite_thread_start(&callers[i], meet, &place[i]);
	serve_until_over(MEETERS);
	for (unsigned i = 0; i < MEETERS; i++) {
		check(&c, place[i] >= 0 && place[i] < MEETERS && !taken[place[i]], "place %ld", place[i]);
		taken[place[i] % MEETERS] = true;
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < MEETERS - 1; i++)
			suite_thread_start(&callers[i], meet_shortly, &place[i]);
		serve_until_over(MEETERS - 1);
		for (unsigned i = 0; i < MEETERS - 1; i++)
			check(&c, place[i] == -ETIMEDOUT, "waiting in vain gave %ld", place[i]);
	}
	checks_report(&c, "calls set aside, answered the last first, and given up");
	run_client(count_waiting, NULL);
	report("those who have given up leave nothing");
}

/* clang-format off */
CHILD_PROGRAM(dies_in_a_call,
	"	ld	s0, 0(a0)\n" /* endpoint */
	"	ld	s1, 8(a0)\n" /* itself */
	"	mv	s2, a0\n"
	"	mv	a0, s1\n"
	"	la	a1, 1f\n"
	"	addi	a2, sp, -1024\n"
	"	mv	a3, s2\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_create) "\n"
	"	ecall\n"
	"	ld	a0, 16(s2)\n" /* until when */
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n"
	"	li	a0, 3\n"
	CHILD_EXIT
	"1:	ld	a1, 24(a0)\n" /* label */
	"	ld	a2, 32(a0)\n" /* word 0 */
	"	addi	t0, a0, 64\n" /* lends what is behind it, for both */
	"	addi	t1, a0, 64\n"
	"	li	t2, 0x0000004000000040\n"
	"	ld	a0, 0(a0)\n"
	"	li	a3, 0\n"
	"	li	a4, 0\n"
	"	li	a5, 0\n"
	"	li	a6, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_call_lend) "\n"
	"	ecall\n"
	"	li	a0, 4\n"
	CHILD_EXIT);
/* clang-format on */

void test_death(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 5; round++) {
		struct child child;
		struct process_result result = {0};
		uint64_t data[8] = {0, 0, now() + 5 * MS, METHOD_PROBE_MEET, MEETERS};

		check(&c, !child_make(&child, dies_in_a_call, (size_t)(dies_in_a_call_end - dies_in_a_call)),
			"child");
		data[0] = (uint64_t)process_give(child.process, ANY(to), RIGHTS_SAME);
		data[1] = (uint64_t)process_give(child.process, ANY(child.process), RIGHTS_SAME);
		memory_write(child.data, 0, (const uint8_t *)data, sizeof(data));
		check(&c, !child_start(&child, CHILD_DATA), "start");
		for (uint64_t until = now() + 20 * MS; now() < until;) {
			server.deadline = now() + MS;
			server_turn(&server);
		}
		check(&c, !process_wait(child.process, now() + PATIENCE, &result) && child_exited(&result, 3),
			"it ended with %d", result.status);
		sweep_meeting();
		check(&c, meeting_count == 0, "%u calls of the dead", meeting_count);
		child_close(&child);
	}
	checks_report(&c, "a caller that dies in a call");
}
