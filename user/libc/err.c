/*
 * err, warn and error: messages on stderr that begin with the program's name.
 */
#include <err.h>
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libc.h"

unsigned error_message_count;
int error_one_per_line;
void (*error_print_progname)(void);

/* With the meaning of `number`, unless that is negative; in one piece. Without memory the text is left out. */
static void say(int number, const char *format, va_list arguments)
{
	char *text = NULL;
	bool has_text = format != NULL && vasprintf(&text, format, arguments) >= 0;
	(void)fprintf(stderr, "%s: %s%s%s\n", own_name(), has_text ? text : "",
		has_text && number >= 0 ? ": " : "", number >= 0 ? strerror(number) : "");
	free(text);
}

void vwarn(const char *format, va_list arguments)
{
	say(errno, format, arguments);
}

void vwarnx(const char *format, va_list arguments)
{
	say(-1, format, arguments);
}

void verr(int status, const char *format, va_list arguments)
{
	say(errno, format, arguments);
	exit(status);
}

void verrx(int status, const char *format, va_list arguments)
{
	say(-1, format, arguments);
	exit(status);
}

void warn(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vwarn(format, arguments);
	va_end(arguments);
}

void warnx(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vwarnx(format, arguments);
	va_end(arguments);
}

void err(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	verr(status, format, arguments);
}

void errx(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	verrx(status, format, arguments);
}

/* ---- error */

static void error_begin(void)
{
	(void)fflush(stdout);
	flockfile(stderr);
	if (error_print_progname != NULL)
		error_print_progname();
	else
		(void)fprintf(stderr, "%s:", own_name());
}

static void error_end(int status, int number, const char *format, va_list arguments)
{
	(void)fputc(' ', stderr);
	(void)vfprintf(stderr, format, arguments);
	if (number != 0)
		(void)fprintf(stderr, ": %s", strerror(number));
	(void)fputc('\n', stderr);
	funlockfile(stderr);
	error_message_count++;
	if (status != 0)
		exit(status);
}

void error(int status, int number, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	error_begin();
	error_end(status, number, format, arguments);
	va_end(arguments);
}

void error_at_line(int status, int number, const char *file, unsigned line, const char *format, ...)
{
	static const char *last_file;
	static unsigned last_line;
	va_list arguments;
	bool same = last_file != NULL && file != NULL && strcmp(file, last_file) == 0 && line == last_line;
	last_file = file;
	last_line = line;
	if (error_one_per_line && same)
		return;
	va_start(arguments, format);
	error_begin();
	if (file != NULL)
		(void)fprintf(stderr, "%s:%u:", file, line);
	error_end(status, number, format, arguments);
	va_end(arguments);
}
