/* The same operation among 10, 1,000 and 10,000 others. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/protocol/directory.h>

#include "code.h"

static const unsigned growth_counts[] = {10, 1000, 10000};

static notification_handle growth_notification;

static void handle_more(void)
{
	check("handle_duplicate", handle_duplicate(ANY(page), RIGHTS_SAME).value);
}

/* A time that is far away, and another one each time. */
static uint64_t far_away(void)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005 + 1442695040888963407;
	return (1ul << 60) + (x >> 33);
}

/* One that sleeps for long; it has no stack. */
static void thread_more(void)
{
	thread_handle thread = thread_create(own_process(), (uint64_t)sleeper_code, 0, far_away());

	check("thread_create", thread.value);
	check("thread_yield", thread_yield());
	check("handle_close", handle_close(ANY(thread)));
}

/* Answers like run_answering, but each of its waits has a deadline: it is a sleeper among the others. */
static void run_answering_in_time(uint64_t both)
{
	notification_handle wait = {(int32_t)(both & UINT32_MAX)}, signal = {(int32_t)(both >> 32)};

	while (notification_wait(wait, 1, (1ul << 60) + (1ul << 30)) == 1)
		notification_signal(signal, 1);
	thread_exit();
}

static void start_answering_in_time(void)
{
	start_answering_with(run_answering_in_time);
}

/* One that waits at a word of its own. */
static void waiter_more(void)
{
	static uint32_t words[10000], used;
	thread_handle thread = thread_create(own_process(), (uint64_t)futex_code, 0, (uintptr_t)&words[used++]);

	check("thread_create", thread.value);
	check("thread_yield", thread_yield());
	check("handle_close", handle_close(ANY(thread)));
}

static void mapping_more(void)
{
	static memory_handle mapped_often;

	if (!mapped_often.value)
		mapped_often = memory_create(PAGE_SIZE);
	check("vm_map", vm_map(own_process(), 0, mapped_often, 0, PAGE_SIZE, PROT_READ, 0));
}

static timer_handle one_timer;

static void timer_more(void)
{
	if (!growth_notification.value)
		growth_notification = notification_create();
	one_timer = timer_create(growth_notification, 1);
	check("timer_create", one_timer.value);
	check("timer_set", timer_set(one_timer, far_away(), 0));
}

static void set_timer(void)
{
	timer_set(one_timer, (1ul << 60) + (1ul << 30), 0);
}

/* Without a descriptor, of which a process has 256. */
static endpoint_handle open_motd(void)
{
	endpoint_handle opened = directory_open(own_root(), "etc/motd", OPEN_READ, 0, &(uint32_t){0}, DEADLINE_NEVER);

	check("directory_open", opened.value);
	return opened;
}

static void file_more(void)
{
	open_motd();
}

static void open_and_close_motd(void)
{
	handle_close(ANY(open_motd()));
}

static const struct growth {
	void (*more)(void); /* one more of what there is much of */
	struct operation operation;
} growths[] = {
	{timer_more, {.name = "timer_set", .run = set_timer}},
	{mapping_more, {.name = "map_page", .before = make_page, .run = map_page, .after = unmap_and_close}},
	{mapping_more,
		{.name = "anon_touch", .before = make_and_map, .run = touch, .after = unmap_and_close}},
	{thread_more, {.name = "thread_create", .run = thread_make, .after = thread_finish}},
	{thread_more, {.name = "thread_wake",
			      .prepare = start_answering_in_time,
			      .run = notify_pingpong,
			      .finish = thread_stop}},
	{waiter_more, {.name = "futex_pingpong",
			      .prepare = start_answering_at_word,
			      .run = futex_pingpong,
			      .finish = thread_stop}},
	{file_more, {.name = "file_open_close", .run = open_and_close_motd}},
	{handle_more, {.name = "handle_dup_close", .run = handle_dup_close}},
};

static void measure_among_more(const struct growth *growth, const char *wanted)
{
	char name[32];
	unsigned count = 0;

	for (size_t i = 0; i < sizeof(growth_counts) / sizeof(growth_counts[0]); i++) {
		snprintf(name, sizeof(name), "%s_of_%u", growth->operation.name, growth_counts[i]);
		if (wanted && strcmp(wanted, name))
			continue;
		for (; count < growth_counts[i]; count++)
			growth->more();
		measure(&growth->operation);
		print_counts(name);
	}
}

/* In a process of its own, with which all that it has made ends. */
static void measure_growth(const struct growth *growth, const char *wanted)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		measure_among_more(growth, wanted);
		exit(0);
	}
	wait_for_child(pid);
}

void measure_growths(const char *wanted)
{
	for (size_t i = 0; i < sizeof(growths) / sizeof(growths[0]); i++)
		measure_growth(&growths[i], wanted);
}
