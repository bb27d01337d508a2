/*
 * Messages about errors as the GNU C library has them: with a status that is not 0 they end the program.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

extern unsigned error_message_count;
extern int error_one_per_line; /* error_at_line says nothing twice in a row of one line */
extern void (*error_print_progname)(void); /* instead of the program's name */

__attribute__((format(printf, 3, 4))) void error(int status, int number, const char *format, ...);
__attribute__((format(printf, 5, 6))) void error_at_line(
	int status, int number, const char *file, unsigned line, const char *format, ...);

#ifdef __cplusplus
}
#endif
