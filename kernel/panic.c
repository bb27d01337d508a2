/* Panic: message, thread, backtrace, end. Uses the log and the seam only, since nothing else may work any more. */
#include "panic.h"

#include <stdarg.h>
#include <stdbool.h>

#include "arch.h"
#include "lib/format.h"
#include "log.h"
#include "symbols.h"

static void (*describe_current)(char *to, unsigned long size);

void panic_describe_with(void (*describe)(char *to, unsigned long size))
{
	describe_current = describe;
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
	log_error(
		"  To look at it in GDB: `make qemu-gdb`, in another terminal `make gdb`, then `break panic`.");
	arch_shutdown(PANIC_STATUS);
}

static void log_reason(const char *text, va_list arguments)
{
	static bool panicking;
	char reason[200];

	if (panicking) /* a panic inside a panic: what could be said has been said */
		arch_shutdown(PANIC_STATUS);
	panicking = true;
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
