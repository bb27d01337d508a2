/* The crowd: threads without a stack, each of which makes one call, and who looks how far they are. */
#include "crowds.h"

__asm__("	.text\n"
	"	.globl	crowd_entry\n"
	"crowd_entry:\n"
	"	mv	s0, a0\n"
	"	ld	a0, 0(s0)\n"
	"	ld	a1, 8(s0)\n"
	"	ld	a2, 16(s0)\n"
	"	ld	a3, 24(s0)\n"
	"	ld	a4, 32(s0)\n"
	"	ld	a5, 40(s0)\n"
	"	ld	a6, 48(s0)\n"
	"	ld	a7, 56(s0)\n"
	"	ecall\n"
	"	sd	a0, 64(s0)\n"
	"	ld	t0, 80(s0)\n"
	"	li	t1, 1\n"
	"	amoadd.w t1, t1, (t0)\n"
	"	sd	t1, 88(s0)\n"
	"	fence	rw, w\n"
	"	li	t0, 1\n"
	"	sd	t0, 72(s0)\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_exit) "\n"
							  "	ecall\n");

struct waiting crowd[CROWD];
uint32_t turns;

void crowd_start(struct waiting *w, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t last)
{
	thread_handle thread;

	*w = (struct waiting){.a = {a0, a1, a2, [6] = last}, .number = number, .turn = &turns};
	thread = thread_create(own_process(), (uintptr_t)crowd_entry, 0, (uintptr_t)w);
	if (thread.value < 0)
		ktap_bail_out("no thread for the test: %d", thread.value);
	handle_close(ANY(thread));
}

void start_at_word(unsigned i, const uint32_t *word)
{
	crowd_start(&crowd[i], SYS_futex_wait, (uintptr_t)word, 0, DEADLINE_NEVER, 0);
}

void start_at_notification(unsigned i, notification_handle n, uint64_t mask)
{
	crowd_start(&crowd[i], SYS_notification_wait, (uint64_t)n.value, mask, DEADLINE_NEVER, 0);
}

void start_calling_until(unsigned i, endpoint_handle e, uint64_t deadline)
{
	crowd_start(&crowd[i], SYS_ipc_call, (uint64_t)e.value, i, 0, deadline);
}

void start_calling(unsigned i, endpoint_handle e)
{
	start_calling_until(i, e, DEADLINE_NEVER);
}

void start_receiving(unsigned i, endpoint_handle e, uint64_t deadline)
{
	crowd_start(&crowd[i], SYS_ipc_receive, (uint64_t)e.value, 0, 0, deadline);
}

/* How many of the threads of this process wait for such a thing. */
unsigned threads_waiting(enum waits_for what)
{
	struct thread_wait wait = {0};
	uint32_t last = 0, own = (uint32_t)process_id();
	unsigned count = 0;

	while (!system_thread(own_system(), own, last, &wait) && wait.process == own) {
		count += wait.waits_for == what;
		last = wait.thread;
	}
	return count;
}

bool all_wait(enum waits_for what, unsigned count)
{
	uint64_t until = now() + PATIENCE;

	while (threads_waiting(what) < count && now() < until)
		thread_sleep(now() + MS);
	return threads_waiting(what) == count;
}

/* Whether so many, from one on, come back with a result. */
bool come_back(unsigned from, unsigned count, long result)
{
	uint64_t until = now() + PATIENCE;
	bool as_expected = true;

	for (unsigned i = from; i < from + count; i++) {
		while (!crowd[i].over && now() < until)
			thread_yield();
		as_expected &= crowd[i].over && (long)crowd[i].result == result;
	}
	return as_expected;
}

bool come_in_order(unsigned from, unsigned count)
{
	for (unsigned i = from + 1; i < from + count; i++)
		if (crowd[i].came != crowd[i - 1].came + 1)
			return false;
	return true;
}
