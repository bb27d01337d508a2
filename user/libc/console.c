/*
 * The terminal behind descriptors 0 to 2. Input comes in lines that can be corrected until they are entered
 * (POSIX's canonical mode). It is taken from the kernel byte by byte, so that nothing typed ahead is lost
 * with the program that happened to read it. Output goes as it is.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <tabula/console.h>
#include <tabula/handles.h>

#include "libc.h"

enum { LINE_MAX_BYTES = 4096 };

enum { CTRL_C = 3, CTRL_D = 4, CTRL_H = 8, CTRL_U = 21, CTRL_W = 23, DELETE = 127 };

static char line[LINE_MAX_BYTES];
static size_t line_length; /* bytes entered */
static size_t line_taken; /* of these, bytes that read() has given out */

ssize_t console_output(const void *buffer, size_t size)
{
	const uint8_t *bytes = buffer;
	size_t done = 0;
	while (done < size) {
		long count = console_write(own_system(), bytes + done, size - done);
		if (count < 0)
			return done > 0 ? (ssize_t)done : count;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

bool console_is_terminal(void)
{
	struct handle_info info;
	return handle_info(ANY(own_system()), &info) == 0 && (info.rights & RIGHT_SYSTEM_CONSOLE_READ) != 0;
}

int console_get(void)
{
	uint8_t byte;
	long count = console_read(own_system(), &byte, 1, DEADLINE_NEVER);
	if (count == 1)
		return byte;
	errno = count < 0 ? (int)-count : EIO;
	return -1;
}

static void echo(const char *text, size_t length)
{
	(void)console_output(text, length);
}

static bool is_control(uint8_t c)
{
	return c < ' ' || c == DELETE;
}

/* Control characters show as ^X, two columns wide. */
static void echo_byte(uint8_t c)
{
	char shown[2] = {'^', (char)(c ^ 0x40)};
	if (is_control(c))
		echo(shown, 2);
	else
		echo((const char *)&c, 1);
}

/* Takes the last character back: all the bytes of it, if it is UTF-8. */
static void erase(void)
{
	uint8_t c;
	if (line_length == 0)
		return;
	do
		c = (uint8_t)line[--line_length];
	while ((c & 0xc0) == 0x80 && line_length > 0);
	echo("\b \b", 3);
	if (is_control(c))
		echo("\b \b", 3);
}

static void erase_word(void)
{
	while (line_length > 0 && line[line_length - 1] == ' ')
		erase();
	while (line_length > 0 && line[line_length - 1] != ' ')
		erase();
}

static void erase_line(void)
{
	while (line_length > 0)
		erase();
}

static void line_put(uint8_t c)
{
	if (line_length >= LINE_MAX_BYTES - 1) { /* room for the newline stays */
		echo("\a", 1);
		return;
	}
	line[line_length++] = (char)c;
	echo_byte(c);
}

/* Acts on one byte. Returns true when it has ended the line. */
static bool line_edit(uint8_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		line[line_length++] = '\n';
		echo("\n", 1);
		return true;
	case CTRL_D:
		return true;
	case CTRL_H:
	case DELETE:
		erase();
		return false;
	case CTRL_U:
		erase_line();
		return false;
	case CTRL_W:
		erase_word();
		return false;
	default:
		line_put(c);
		return false;
	}
}

/* Reads until a line is entered: 0, or -errno. */
static int line_read(void)
{
	line_length = 0;
	line_taken = 0;
	for (;;) {
		int c = console_get();
		if (c < 0)
			return -errno;
		if (c == CTRL_C) {
			echo("^C\n", 3);
			line_length = 0;
			(void)raise(SIGINT);
			return -EINTR;
		}
		if (line_edit((uint8_t)c))
			return 0;
	}
}

/* A program that may not read the console finds nothing there: end of file. */
static bool means_no_input(int error)
{
	return error == -EACCES || error == -EBADF || error == -EFTYPE;
}

ssize_t console_input(void *buffer, size_t size)
{
	if (size == 0)
		return 0;
	if (line_taken == line_length) {
		int result = line_read();
		if (result != 0)
			return means_no_input(result) ? 0 : result;
	}
	size_t count = line_length - line_taken;
	if (count > size)
		count = size;
	memcpy(buffer, line + line_taken, count);
	line_taken += count;
	return (ssize_t)count;
}
