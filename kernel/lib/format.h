/* printf's formatting for the kernel: %d %u %x %p %s %c %%, l and z, width, 0 and -, precision for %s. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most `size` bytes, the final NUL included; returns the length of the whole text, without the NUL. An
 * unknown conversion is copied as it stands.
 */
size_t format_va(char *to, size_t size, const char *format, va_list arguments);
size_t format(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
