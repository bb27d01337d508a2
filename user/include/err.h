/*
 * Messages about errors, behind the program's name; those without an x say what errno means. err and its like end the
 * program.
 */
#pragma once

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((noreturn, format(printf, 2, 3))) void err(int status, const char *format, ...);
__attribute__((noreturn, format(printf, 2, 3))) void errx(int status, const char *format, ...);
__attribute__((noreturn, format(printf, 2, 0))) void verr(int status, const char *format, va_list arguments);
__attribute__((noreturn, format(printf, 2, 0))) void verrx(int status, const char *format, va_list arguments);
__attribute__((format(printf, 1, 2))) void warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void warnx(const char *format, ...);
__attribute__((format(printf, 1, 0))) void vwarn(const char *format, va_list arguments);
__attribute__((format(printf, 1, 0))) void vwarnx(const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif
