/*
 * Panic: message, thread, backtrace, who waits for whom, end. Other harts are stopped first, and locks are not waited for
 * any more. What may fail comes last: an exception in the report ends the machine with what has been said until then.
 */
#include "panic.h"

#include <stdarg.h>
#include <stdbool.h>

#include "arch.h"
#include "hart.h"
#include "lib/format.h"
#include "log.h"
#include "symbols.h"

/* How long other harts have to stop before the report goes on without them. */
enum { PATIENCE_NS = 20000000 };

static void (*describe_current)(char *to, unsigned long size);
static void (*describe_waits)(void);
struct hart *panic_hart;
static unsigned stopped; /* atomic: harts that have stopped because of that */

void panic_describe_with(void (*current)(char *to, unsigned long size), void (*waits)(void))
{
	describe_current = current;
	describe_waits = waits;
}

void panic_obey(void)
{
	const struct hart *hart = __atomic_load_n(&panic_hart, __ATOMIC_RELAXED);

	if (!hart || hart == this_hart())
		return;
	__atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
	arch_halt();
}

/* They stop in user mode or idle, or in a panic of their own: what they leave is whole then. One that waits for a lock goes on
 * waiting. */
static void stop_other_harts(void)
{
	uint64_t deadline = arch_time_now() + PATIENCE_NS;

	for (unsigned i = 0; i < hart_count(); i++)
		if (&harts[i] != this_hart())
			arch_send_ipi(&harts[i]);
	while (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) + 1 < hart_count() && arch_time_now() < deadline)
		arch_relax();
}

static void log_place(uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_name(address, &offset);

	log_error("    %016lx %s+0x%lx", address, name, offset);
}

/* A return address can lie behind the end of its function, when the call is the last instruction. */
static void log_return_place(uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_name(address - 1, &offset);

	log_error("    %016lx %s+0x%lx", address, name, offset + 1);
}

static _Noreturn void finish(uint64_t pc, uint64_t frame_pointer)
{
	uint64_t address[24];
	size_t count = arch_backtrace(frame_pointer, address, sizeof(address) / sizeof(address[0]));

	if (describe_current) {
		char text[128];

		describe_current(text, sizeof(text));
		log_error("  thread: %s", text);
	}
	log_error("  backtrace:");
	if (pc)
		log_place(pc);
	for (size_t i = 0; i < count; i++)
		log_return_place(address[i]);
	if (describe_waits)
		describe_waits();
	log_error(
		"  To look at it in GDB: `make qemu-gdb`, in another terminal `make gdb`, then `break panic`.");
	arch_shutdown(PANIC_STATUS);
}

static void log_reason(const char *text, va_list arguments)
{
	struct hart *nobody = NULL;
	char reason[200];

	if (!__atomic_compare_exchange_n(
		    &panic_hart, &nobody, this_hart(), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		panic_obey();
		arch_shutdown(PANIC_STATUS); /* a panic inside a panic: what could be said has been said */
	}
	stop_other_harts();
	log_take_back();
	format_va(reason, sizeof(reason), text, arguments);
	log_error("panic: %s", reason);
}

void panic(const char *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	log_reason(text, arguments);
	va_end(arguments);
	finish(0, (uint64_t)__builtin_frame_address(0));
}

void panic_at(uint64_t pc, uint64_t frame_pointer, const char *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	log_reason(text, arguments);
	va_end(arguments);
	finish(pc, frame_pointer);
}
