/*
 * The terminal behind descriptors 0 to 2: that of the console server if the program has been given a handle to it,
 * which edits lines itself; else what the kernel prints and reads without one.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <tabula/console.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>
#include <tabula/protocol/terminal.h>

#include "signals.h"
#include "terminal.h"

enum { RESTARTS_MOST = 3 };

#define TENTH 100000000ul /* nanoseconds: what VTIME counts */

struct terminal_reads terminal_reads = {.minimum = 1};

static bool is_raw; /* this program has turned the lines of the terminal off */

static endpoint_handle terminal(void)
{
	return (endpoint_handle){startup_handle(STARTUP_CONSOLE).value};
}

/*
 * Whether to try again: the console has died in the middle of a call, and another takes its place, which gives lines. If
 * none does, the next call fails in the same way.
 */
static bool is_new(long result, unsigned *tries)
{
	if (result != -EPIPE || ++*tries > RESTARTS_MOST)
		return false;
	is_raw = false;
	return true;
}

ssize_t console_output(const void *buffer, size_t size)
{
	unsigned tries = 0;
	ssize_t result;
	if (terminal().value == 0)
		return kernel_output(buffer, size);
	call_begin(terminal().value);
	do
		result = file_write(terminal(), buffer, size, DEADLINE_NEVER);
	while (call_again(result) || is_new(result, &tries));
	call_end();
	return result;
}

bool console_is_terminal(void)
{
	struct file_status status;
	return terminal().value != 0 && file_stat(terminal(), &status) == 0 && status.terminal != 0;
}

static int set_raw(bool raw)
{
	if (is_raw == raw)
		return 0;
	const enum terminal_mode lines =
		TERMINAL_MODE_LINES | TERMINAL_MODE_ECHO | TERMINAL_MODE_SIGNALS | TERMINAL_MODE_ENTER;
	int result = terminal_set_mode(terminal(), raw ? (enum terminal_mode)0 : lines);
	if (result == 0)
		is_raw = raw;
	return result;
}

void console_settle(void)
{
	(void)set_raw(false);
}

void console_lines(void)
{
	console_settle();
}

void console_raw(void)
{
	if (terminal().value != 0)
		(void)set_raw(true);
}

/* In the background that stops the program, by SIGTTIN. 0, or why it can't read: -EINTR, -EIO. */
static int may_read(void)
{
	if (own_program().value <= 0)
		return 0;
	int result = program_may_read(own_program());
	bool refused = result == -EIO || (result == -EINTR && thread_self->blocked & signal_bit(SIGTTIN));
	return refused ? -EIO : result == -EINTR ? result : 0;
}

int console_get(void)
{
	unsigned tries = 0;
	uint8_t byte;
	long count;
	call_begin(terminal().value);
	do {
		count = terminal().value != 0 ? may_read() : -EACCES;
		if (count == 0)
			count = set_raw(true);
		if (count == 0)
			count = file_read(terminal(), &byte, 1, DEADLINE_NEVER);
	} while (call_again(count) || is_new(count, &tries));
	call_end();
	if (count == 1)
		return byte;
	errno = count < 0 ? (int)-count : EIO;
	return -1;
}

/*
 * Whether to read again. Ctrl-C ends a read, and the signal comes besides, from the process server, if there is one.
 */
static bool is_interrupted(long result)
{
	if (result == -EINTR && own_program().value <= 0)
		(void)raise(SIGINT);
	return call_again(result);
}

/* A read of lines, or of the bytes that are there. */
static long read_some(void *buffer, size_t size)
{
	unsigned tries = 0;
	long result;
	do {
		result = may_read();
		if (result == 0)
			result = file_read(terminal(), buffer, size, DEADLINE_NEVER);
	} while (is_interrupted(result) || is_new(result, &tries));
	return result;
}

/* Waits until there is something to read. 1; 0 when there was nothing for so long; or -errno. */
static long wait_for_bytes(uint64_t length)
{
	uint64_t deadline = (uint64_t)clock_now() + length;
	long result;
	if (length == 0)
		return file_ready_now(terminal(), READY_READ) > 0;
	do
		result = file_ready(terminal(), READY_READ, deadline);
	while (is_interrupted(result));
	return result == -ETIMEDOUT ? 0 : result;
}

/*
 * As VMIN and VTIME say: waits for so many bytes, and between them for so long. What has come is returned, though
 * something else follows that is an error.
 */
static long read_bytes(char *buffer, size_t size, struct terminal_reads how)
{
	size_t done = 0, least = how.minimum < size ? how.minimum : size;
	uint64_t length = how.tenths * TENTH;
	long result = 1;
	while (result > 0 && (done < least || (done == 0 && least == 0))) {
		bool for_ever = least > 0 && (done == 0 || length == 0);
		result = for_ever ? 1 : wait_for_bytes(length);
		if (result > 0)
			result = read_some(buffer + done, size - done);
		if (result > 0)
			done += (size_t)result;
	}
	return done > 0 ? (long)done : result;
}

ssize_t console_input(void *buffer, size_t size)
{
	struct terminal_reads how = terminal_reads;
	if (terminal().value == 0)
		return 0;
	console_settle();
	call_begin(terminal().value);
	ssize_t result = how.bytes && size > 0 ? read_bytes(buffer, size, how) : read_some(buffer, size);
	call_end();
	return result;
}

int console_sync(void)
{
	return terminal().value != 0 ? file_sync(terminal(), DEADLINE_NEVER) : 0;
}
