/* The kernel's own words, line by line, on the console. Any context. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "result.h"

enum log_level { LOG_ERROR, LOG_INFO, LOG_DEBUG };

/* Reads `log=` and `mark=` from the command line; before this, lines of level info and above are printed plainly. */
void log_init(const char *bootargs);

/* Bytes as they are, with nobody else's between them. */
void log_bytes(const char *bytes, size_t count);

/* One line, without newline at its end. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Which part of the log is kept, as positions in all that has been logged. */
void log_span(uint64_t *start, uint64_t *end);

/* Copies of the log from a position on, without marks: how many bytes, or -EINVAL where it is not kept. */
MUST_USE int log_read(uint64_t position, char *to, size_t size);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
