/* The system root. It has a reference of its own and never goes. Its input comes byte by byte from the firmware. */
#include "object/system.h"

#include "abi/abi.h"
#include "arch.h"
#include "lib/string.h"
#include "log.h"
#include "mem/account.h"
#include "mem/frame.h"

struct system system_root;

void system_init(void)
{
	object_init(&system_root.object, OBJECT_SYSTEM, &kernel_account);
	wait_queue_init(&system_root.readers, &system_root.lock);
	system_root.readers.kind = WAITS_FOR_INPUT;
}

static void take_from_firmware(struct system *system) REQUIRES(system->lock)
{
	if (system->drivers)
		return;
	for (int byte; system->input_count < SYSTEM_INPUT && (byte = arch_console_get()) >= 0;)
		system->input[system->input_count++] = (char)byte;
}

/* What a reader has seen of the input, to take it once its copy has reached the reader. */
struct sight {
	char bytes[SYSTEM_INPUT];
	size_t count;
	uint64_t taken; /* how many had been taken before */
};

static long look_or_wait(struct system *system, size_t most, uint64_t deadline, struct sight *sight)
	REQUIRES(system->lock)
{
	take_from_firmware(system);
	if (system->input_count) {
		sight->count = most < system->input_count ? most : system->input_count;
		sight->taken = system->input_taken;
		memcpy(sight->bytes, system->input, sight->count);
		return (long)sight->count;
	}
	if (system->drivers)
		return -EBUSY;
	if (arch_time_now() >= deadline)
		return -ETIMEDOUT;
	sched_poll_console_at(arch_time_now() + CONFIG_CONSOLE_POLL_NS);
	lock_assert_held(system->readers.lock);
	return runner_wait(&system->readers, deadline);
}

/* False when another reader was faster. */
static bool take(struct system *system, const struct sight *sight) REQUIRES(system->lock)
{
	if (system->input_taken != sight->taken)
		return false;
	system->input_taken += sight->count;
	system->input_count -= sight->count;
	memmove(system->input, system->input + sight->count, system->input_count);
	return true;
}

/* The copy to user memory may wait for other harts, so it is made without the lock. */
long system_read(struct system *system, struct user_out to, size_t size, uint64_t deadline)
{
	struct sight sight;
	bool taken;

	do {
		long result;

		lock_acquire(&system->lock);
		result = look_or_wait(system, size, deadline, &sight);
		lock_release(&system->lock);
		if (result < 0)
			return result;
		TRY(user_copy_out(to, 0, sight.bytes, sight.count));
		lock_acquire(&system->lock);
		taken = take(system, &sight);
		lock_release(&system->lock);
	} while (!taken);
	return (long)sight.count;
}

static uint64_t idle_time(void)
{
	uint64_t ticks = 0;

	for (unsigned i = 0; i < hart_count(); i++)
		ticks += __atomic_load_n(&harts[i].idle_time, __ATOMIC_RELAXED);
	return arch_ticks_to_ns(ticks);
}

void system_read_info(struct system_info *info)
{
	info->uptime = arch_time_now();
	info->idle_time = idle_time();
	info->timebase = arch_machine()->timebase;
	info->memory_total = frame_count() << PAGE_SHIFT;
	info->memory_free = frame_free_count() << PAGE_SHIFT;
	info->memory_charged = account_total();
	log_span(&info->log_start, &info->log_end);
	info->harts = hart_count();
	memcpy(info->version, CONFIG_VERSION, sizeof(CONFIG_VERSION));
}

/* So many look again at once; the others do with the next polls, so that no hart is kept for long. */
enum { READERS_AT_ONCE = 16 };

static void wake_some(struct system *system) REQUIRES(system->lock)
{
	lock_assert_held(system->readers.lock);
	for (unsigned i = 0; i < READERS_AT_ONCE && !list_is_empty(&system->readers.runners); i++)
		wait_queue_wake_first_again(&system->readers);
}

/* Whether somebody still waits. There is something to take, or nothing any more, since another one has it. */
static bool poll(struct system *system) REQUIRES(system->lock)
{
	take_from_firmware(system);
	if (system->input_count || system->drivers)
		wake_some(system);
	lock_assert_held(system->readers.lock);
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

/* Who waits for input finds out that it is another's now. */
void system_console_taken(void)
{
	lock_acquire(&system_root.lock);
	system_root.drivers++;
	wake_some(&system_root);
	lock_release(&system_root.lock);
}

void system_console_left(void)
{
	lock_acquire(&system_root.lock);
	system_root.drivers--;
	lock_release(&system_root.lock);
}
