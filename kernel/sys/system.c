/* Calls about the machine: console, clock, shutdown. */
#include "object/system.h"

#include "abi/abi.h"
#include "arch.h"
#include "kernel/syscalls.h"
#include "log.h"
#include "object/audit.h"
#include "report.h"

/* Bytes that one call moves at most, so that the hart is not kept for long: the firmware takes some hundred instructions each. */
enum { CONSOLE_BATCH = 64 };

long sys_console_write(struct system *s, struct user_in buf, size_t len)
{
	char bytes[CONSOLE_BATCH];
	size_t n = len < sizeof(bytes) ? len : sizeof(bytes);

	(void)s;
	TRY(user_copy_in(bytes, buf, 0, n));

	log_bytes(bytes, n);
	return (long)n;
}

long sys_console_read(struct system *s, struct user_out buf, size_t len, uint64_t deadline)
{
	return len ? system_read(s, buf, len, deadline) : 0;
}

void sys_system_shutdown(struct system *s, uint8_t status)
{
	(void)s;
	if (hart_count() == 1)
		audit_now();
	report(arch_machine()->bootargs);
	log_info("shutdown with status %u", status);
	arch_shutdown(status);
}

long sys_clock_now(void)
{
	return (long)arch_time_now();
}
