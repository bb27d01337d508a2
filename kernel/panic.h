/* When the kernel has broken its own promise: say all that is known and stop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Exit status of a machine whose kernel panicked. */
enum { PANIC_STATUS = 253 };

/* Prints message, current thread and backtrace, and ends the machine with PANIC_STATUS. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the backtrace of another place: that of the frame pointer in use at `pc`. */
_Noreturn void panic_at(uint64_t pc, uint64_t frame_pointer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A promise of the kernel to itself, kept in release builds. User input never reaches one. */
#define assert(condition) \
	((condition) ? (void)0 : panic("%s:%d: promise broken: %s", __FILE__, __LINE__, #condition))

#define STATIC_ASSERT(condition) _Static_assert(condition, #condition)

/* A place that the logic above it excludes; says why. */
#define unreachable(why) panic("%s:%d: reached, though %s", __FILE__, __LINE__, why)

/*
 * Has panic name the current thread through `current`, which may write up to `size` bytes, and log who waits for whom through
 * `waits`. Set at boot.
 */
void panic_describe_with(void (*current)(char *to, unsigned long size), void (*waits)(void));

/* The hart that is reporting a panic; NULL: none. Atomic. */
extern struct hart *panic_hart;

/* Stops this hart if another one is reporting a panic. */
void panic_obey(void);
