/* Harts: a thread of POSIX each, which goes between the kernel and user mode for ever. */
#include "seam.h"

#include "doors.h"
#include "host.h"
#include "lib/string.h"
#include "sched.h"

_Thread_local struct hart *hosted_hart;

struct pthread_hart pthread_harts[CONFIG_HARTS];
bool hosted_quiet;

void arch_hart_init(struct hart *hart)
{
	__atomic_store_n(&pthread_harts[hart->index].timer, UINT64_MAX, __ATOMIC_RELAXED);
}

void hosted_published(void)
{
	static _Thread_local unsigned count;

	if (++count % 64 == 0)
		host_pause();
}

void arch_leave(void)
{
	longjmp(mine()->leave, 1);
}

long arch_go_on(struct trapframe *next)
{
	this_hart()->current = (struct runner *)next;
	arch_leave();
}

long arch_hand_over(struct trapframe *next, uint64_t first, uint64_t word0, uint64_t word1, uint64_t word2,
	uint64_t word3, uint64_t last)
{
	const uint64_t message[] = {first, word0, word1, word2, word3, last};

	next->result = 0;
	memcpy(&next->a[1], message, sizeof(message));
	return arch_go_on(next);
}

static void do_job(struct pthread_hart *hart)
{
	void (*job)(void *);
	void *argument;

	host_lock();
	job = hart->job;
	argument = hart->argument;
	hart->job = NULL;
	host_unlock();
	if (job)
		job(argument);
}

static struct trapframe *take_interrupts(struct trapframe *frame)
{
	struct pthread_hart *hart = mine();

	ring_alarms();
	if (__atomic_exchange_n(&hart->ipi, 0, __ATOMIC_ACQ_REL)) {
		door_ipi();
		frame = door_next();
	}
	if (__atomic_load_n(&hart->timer, __ATOMIC_RELAXED) <=
		__atomic_load_n(&hosted_now, __ATOMIC_RELAXED)) {
		door_timer();
		frame = door_next();
	}
	if (hosted_take_interrupts(this_hart()->index))
		frame = door_next();
	return frame;
}

/* Apart from run_hart, so that no local variable of what happens here is in a frame that longjmp comes back to. */
static __attribute__((noinline)) void run_threads(void)
{
	do_job(mine());
	for (struct trapframe *frame = door_next();;) {
		__atomic_fetch_add(&mine()->times_outside, 1, __ATOMIC_SEQ_CST);
		frame = user_mode(take_interrupts(frame));
	}
}

static void run_hart(unsigned index)
{
	hosted_hart = &harts[index];
	if (!setjmp(pthread_harts[index].leave)) {
		if (index)
			door_hart();
		else
			door_boot();
	}
	run_threads();
}

void arch_start(void)
{
	door_start();
}

void arch_harts_start(void)
{
	for (unsigned i = 1; i < hosted_options.harts; i++) {
		hart_init(&harts[i], i, i);
		host_thread(run_hart, i);
		while (hart_count() <= i)
			arch_relax();
	}
}

static void wait_until_quiet(void)
{
	while (!hosted_quiet)
		host_wait(MAIN_PLACE);
}

void hosted_boot(const struct hosted_machine *wanted)
{
	hosted_options = *wanted;
	hosted_memory = host_memory(hosted_options.memory);
	host_lock();
	host_thread(run_hart, 0);
	wait_until_quiet();
	host_unlock();
}

void hosted_do(unsigned index, void (*job)(void *), void *argument)
{
	host_lock();
	hosted_quiet = false;
	pthread_harts[index].job = job;
	pthread_harts[index].argument = argument;
	host_wake(index);
	wait_until_quiet();
	host_unlock();
}

void arch_switch(struct trapframe *from, struct trapframe *to)
{
	HOSTED_REQUIRE(from != to);
	HOSTED_REQUIRE(to->hart == this_hart());
	this_hart()->current = container_of(to, struct runner, frame);
}

static unsigned times_outside(unsigned hart)
{
	return __atomic_load_n(&pthread_harts[hart].times_outside, __ATOMIC_SEQ_CST);
}

static bool is_outside(unsigned hart)
{
	return __atomic_load_n(&pthread_harts[hart].outside, __ATOMIC_SEQ_CST);
}

/* Is outside itself meanwhile, for those that wait for it. */
void arch_harts_settle(void)
{
	struct pthread_hart *hart = mine();

	__atomic_store_n(&hart->outside, true, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < hart_count(); i++) {
		unsigned before = times_outside(i);

		while (i != this_hart()->index && !is_outside(i) && times_outside(i) == before)
			host_yield();
	}
	__atomic_store_n(&hart->outside, false, __ATOMIC_SEQ_CST);
}
