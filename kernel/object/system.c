/* The system root. It has a reference of its own and never goes. Its input comes byte by byte from the firmware. */
#include "object/system.h"

#include "arch.h"
#include "lib/string.h"

struct system system_root;

void system_init(void)
{
	object_init(&system_root.object, OBJECT_SYSTEM, &kernel_account);
	wait_queue_init(&system_root.readers, &system_root.lock);
}

static void take_from_firmware(struct system *system) REQUIRES(system->lock)
{
	for (int byte; system->input_count < SYSTEM_INPUT && (byte = arch_console_get()) >= 0;)
		system->input[system->input_count++] = (char)byte;
}

static long give(struct system *system, struct user_out to) REQUIRES(system->lock)
{
	size_t n = to.size < system->input_count ? to.size : system->input_count;

	TRY(user_copy_out(to, 0, system->input, n));
	system->input_count -= n;
	memmove(system->input, system->input + n, system->input_count);
	return (long)n;
}

static long give_or_wait(struct system *system, struct user_out to, uint64_t deadline) REQUIRES(system->lock)
{
	take_from_firmware(system);
	if (system->input_count)
		return give(system, to);
	if (arch_time_now() >= deadline)
		return -ETIMEDOUT;
	sched_poll_console_at(arch_time_now() + CONFIG_CONSOLE_POLL_NS);
	lock_assert_held(system->readers.lock);
	return runner_wait(&system->readers, deadline);
}

long system_read(struct system *system, struct user_out to, uint64_t deadline)
{
	long result;

	lock_acquire(&system->lock);
	result = give_or_wait(system, to, deadline);
	lock_release(&system->lock);
	return result;
}

/* Whether somebody still waits. */
static bool poll(struct system *system) REQUIRES(system->lock)
{
	take_from_firmware(system);
	lock_assert_held(system->readers.lock);
	if (system->input_count)
		wait_queue_wake_all_again(&system->readers);
	return !list_is_empty(&system->readers.runners);
}

void system_poll(void)
{
	bool more;

	lock_acquire(&system_root.lock);
	more = poll(&system_root);
	lock_release(&system_root.lock);
	sched_poll_console_at(more ? arch_time_now() + CONFIG_CONSOLE_POLL_NS : UINT64_MAX);
}
