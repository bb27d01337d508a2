/* Calls about the machine: console, who prints the log, clock, shutdown. */
#include "object/system.h"

#include "abi/abi.h"
#include "arch.h"
#include "kernel/syscalls.h"
#include "log.h"
#include "object/audit.h"
#include "object/notification.h"
#include "object/printer.h"
#include "report.h"

/* Bytes that one call moves at most, so that the hart is not kept for long: the firmware takes some hundred instructions each. */
enum { CONSOLE_BATCH = 64 };

long sys_console_write(struct system *s, struct user_in buf, size_t len)
{
	char bytes[CONSOLE_BATCH];
	size_t n = len < sizeof(bytes) ? len : sizeof(bytes);

	(void)s;
	TRY(user_copy_in(bytes, buf, 0, n));

	return !n || log_bytes(bytes, n) ? (long)n : -EBUSY;
}

long sys_log_write(struct system *s, struct user_in line, size_t len)
{
	char text[LOG_TEXT];
	size_t n = len < sizeof(text) ? len : sizeof(text);

	(void)s;
	TRY(user_copy_in(text, line, 0, n));

	log_text(text, n);
	return (long)n;
}

long sys_console_read(struct system *s, struct user_out buf, size_t len, uint64_t deadline)
{
	return len ? system_read(s, buf, len, deadline) : 0;
}

long sys_log_print(struct system *s, struct notification *n, uint64_t bits)
{
	(void)s;
	if (!notification_has(bits))
		return -EINVAL;

	return printer_set(n, bits);
}

long sys_log_next(struct notification *n, struct user_out line, size_t len)
{
	if (len < LOG_LINE)
		return -EINVAL;

	return printer_next(n, line);
}

void sys_system_shutdown(struct system *s, uint8_t status)
{
	(void)s;
	report_selftest(arch_machine()->bootargs);
	log_take_back();
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
