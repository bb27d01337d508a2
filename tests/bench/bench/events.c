/* Notifications, timers, and an interrupt with its driver. */
#include "bench.h"

static notification_handle here, there;

static long take(notification_handle n)
{
	return (long)notification_wait(n, 1, DEADLINE_NEVER);
}

static char answering_stack[4096] __attribute__((aligned(16)));

/* The thread has no gp, so it can't reach global variables. */
static void run_answering(uint64_t both)
{
	notification_handle wait = {(int32_t)(both & UINT32_MAX)}, signal = {(int32_t)(both >> 32)};

	while (take(wait) == 1)
		notification_signal(signal, 1);
	thread_exit();
}

void start_answering_with(void (*run)(uint64_t both))
{
	here = notification_create();
	there = notification_create();
	made = thread_create(own_process(), (uint64_t)run,
		(uint64_t)(answering_stack + sizeof(answering_stack)),
		(uint64_t)here.value << 32 | (uint32_t)there.value);
	check("thread_create", made.value);
}

static void start_answering(void)
{
	start_answering_with(run_answering);
}

/* There and back: two signals, two waits, two switches. */
void notify_pingpong(void)
{
	notification_signal(there, 1);
	take(here);
}

/* Rounds of either side, who waits for the next of the other one. */
static volatile uint32_t rounds[2];
enum { ASKED, ANSWERED };

static void wake_next(volatile uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
	futex_wake((uintptr_t)word, 1);
}

static void wait_for_next(volatile uint32_t *word, uint32_t last)
{
	while (*word == last)
		futex_wait((uintptr_t)word, last, DEADLINE_NEVER);
}

static void run_answering_at_word(uint64_t at)
{
	volatile uint32_t *words = (volatile uint32_t *)at;

	for (;;) {
		wait_for_next(&words[ASKED], words[ANSWERED]);
		wake_next(&words[ANSWERED]);
	}
}

void start_answering_at_word(void)
{
	rounds[ASKED] = rounds[ANSWERED] = 0;
	made = thread_create(own_process(), (uint64_t)run_answering_at_word,
		(uint64_t)(answering_stack + sizeof(answering_stack)), (uint64_t)rounds);
	check("thread_create", made.value);
}

/* There and back by futexes. */
void futex_pingpong(void)
{
	uint32_t last = rounds[ANSWERED];

	wake_next(&rounds[ASKED]);
	wait_for_next(&rounds[ANSWERED], last);
}

static timer_handle timer;

static void make_timer(void)
{
	here = notification_create();
	timer = timer_create(here, 1);
	check("timer_create", timer.value);
}

/* A timer that is due at once: set, interrupt, and the wait that finds its bit. */
static void timer_wake(void)
{
	timer_set(timer, 0, 0);
	take(here);
}

static volatile uint32_t *alarm_clock; /* words of the goldfish clock: 2 and 3 the alarm, 4 enable, 7 clear */
static interrupt_handle line;

static void become_driver(void)
{
	static const char path[] = "/soc/rtc@101000";
	memory_handle registers = memory_device(own_system(), (const uint8_t *)path, sizeof(path) - 1);
	long number = device_interrupt(own_system(), (const uint8_t *)path, sizeof(path) - 1);
	long at = vm_map(own_process(), 0, registers, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);

	check("vm_map", at);
	check("device_interrupt", number);
	here = notification_create();
	line = interrupt_create(own_system(), (uint32_t)number, here, 1);
	check("interrupt_create", line.value);
	alarm_clock = (volatile uint32_t *)at;
	alarm_clock[4] = 1;
	alarm_clock[3] = 0;
}

/* An alarm in the past: the interrupt, the wait that finds it, quiet for the device, acknowledged. */
static void irq_to_driver(void)
{
	alarm_clock[2] = 0;
	take(here);
	alarm_clock[7] = 1;
	interrupt_acknowledge(line);
}

const struct operation event_operations[] = {
	{.name = "timer_wake", .prepare = make_timer, .run = timer_wake},
	{.name = "irq_to_driver", .prepare = become_driver, .run = irq_to_driver},
	{.name = "notify_pingpong", .prepare = start_answering, .run = notify_pingpong},
	{.name = "futex_pingpong", .prepare = start_answering_at_word, .run = futex_pingpong},
	{.name = NULL},
};
