/*
 * The kernel's own words, line by line, on the console. They go through the firmware, or by whoever prints them in place of the
 * kernel: the driver of the console, so that there is one who writes to it. Any context with a lock no lower than printer_lock's
 * in docs/LOCKS.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"
#include "result.h"

enum log_level { LOG_ERROR, LOG_INFO, LOG_DEBUG };

/* Reads `log=` and `mark=` from the command line; before this, lines of level info and above are printed plainly. */
void log_init(const char *bootargs);

/* Bytes as they are, with nobody else's between them. False: somebody else prints, and would be disturbed. */
MUST_USE bool log_bytes(const char *bytes, size_t count);

/* One line, without newline at its end. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, of a program's words: whatever `log=` says, and with `?` for control characters. */
void log_text(const char *text, size_t size);

/* Which part of the log is kept, as positions in all that has been logged. */
void log_span(uint64_t *start, uint64_t *end);

/* Copies of the log from a position on, without marks: how many bytes, or -EINVAL where it is not kept. */
MUST_USE int log_read(uint64_t position, char *to, size_t size);

/*
 * From now on lines are kept for a printer, and `tell` is called after each. What has been printed before is not kept. It takes
 * them one by one, as they go out, and whoever takes one has printed those before it: the length, 0 when there is none. If it
 * has not got it after all, it puts it back.
 */
void log_hand_over(void (*tell)(void));
size_t log_take(char line[LOG_LINE]);
void log_put_back(void);

/*
 * The printer has gone: prints the next line that it has not printed, also one that it has taken, and returns true; or, when
 * there is none any more, false, and the kernel prints itself from then on.
 */
bool log_take_back_line(void);

/* The machine is about to end: prints all that has not been printed, and the kernel prints itself from then on. */
void log_take_back(void);

/* Lines are only kept until log_take_back, which is near: for who may have any lock, and has other harts to stop first. */
void log_hold(void);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
