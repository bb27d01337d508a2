/* Calls about the machine: console, clock, shutdown. */
#include "object/system.h"

#include "abi/abi.h"
#include "arch.h"
#include "kernel/syscalls.h"
#include "log.h"
#include "sched.h"
#include "sys/console.h"

/* Bytes that one call moves at most, so that the hart is not kept for long. */
enum { CONSOLE_BATCH = 256 };

long sys_console_write(struct system *s, struct user_in buf, size_t len)
{
	char bytes[CONSOLE_BATCH];
	size_t n = len < sizeof(bytes) ? len : sizeof(bytes);

	(void)s;
	TRY(user_copy_in(bytes, buf, 0, n));

	for (size_t i = 0; i < n; i++)
		arch_console_put(bytes[i]);
	return (long)n;
}

/* Input that was found but not yet taken by a reader: one byte, since a look at the firmware's console takes it. */
static int waiting_byte = -1;

static int take_byte(void)
{
	int byte = waiting_byte >= 0 ? waiting_byte : arch_console_get();

	waiting_byte = -1;
	return byte;
}

long sys_console_read(struct system *s, struct user_out buf, size_t len, uint64_t deadline)
{
	size_t n = 0;

	if (!len)
		return 0;
	for (; n < len && n < CONSOLE_BATCH; n++) {
		int byte = take_byte();
		char c = (char)byte;

		if (byte < 0)
			break;
		if (user_copy_out(buf, n, &c, 1)) {
			waiting_byte = byte;
			return n ? (long)n : -EFAULT;
		}
	}
	if (n)
		return (long)n;
	if (arch_time_now() >= deadline)
		return -ETIMEDOUT;

	sched_poll_console_at(arch_time_now() + CONFIG_CONSOLE_POLL_NS);
	return runner_wait(&s->readers, deadline);
}

void console_poll(void)
{
	struct list *readers = &system_root.readers;

	if (waiting_byte < 0)
		waiting_byte = arch_console_get();
	if (waiting_byte >= 0)
		runner_wake_all_again(readers);
	sched_poll_console_at(list_is_empty(readers) ? UINT64_MAX : arch_time_now() + CONFIG_CONSOLE_POLL_NS);
}

void sys_system_shutdown(struct system *s, uint8_t status)
{
	(void)s;
	log_info("shutdown with status %u", status);
	arch_shutdown(status);
}

long sys_clock_now(void)
{
	return (long)arch_time_now();
}
