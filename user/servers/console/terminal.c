/*
 * The terminal: moves bytes between the UART, the line discipline and those who read, and answers them. For the calls of
 * files (serve_file.c), what is typed, and the calls that are the terminal's own. The server has one thread, and no lock.
 * Waits for nobody but the process server, and for that not long.
 */
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>
#include <tabula/serve/file.h>
#include <tabula/serve/terminal.h>

#include "output.h"

enum { TYPED_MOST = 256 };

#define PATIENCE 1000000000ul /* nanoseconds, for the process server */

struct client terminal_client, terminal_printer;
struct ring terminal_typed;
struct waiting terminal_readers, terminal_askers;
bool terminal_interrupted;

static bool unacknowledged;
static uint16_t rows, columns;

static bool can_take(void)
{
	return ring_room(&terminal_typed) >= UART_BATCH;
}

static bool take_from_uart(void)
{
	bool moved = false;
	uint8_t bytes[UART_BATCH];
	size_t count;

	while (can_take() && (count = uart_take(bytes))) {
		for (size_t i = 0; i < count; i++)
			ring_put(&terminal_typed, bytes[i]);
		moved = true;
	}
	return moved;
}

/* Bytes that are wanted as they come stay as they are until they are read: lines may be wanted again by then. */
static bool edits(void)
{
	return input_mode() & (TERMINAL_MODE_LINES | TERMINAL_MODE_SIGNALS);
}

static bool edit(void)
{
	bool moved = false;

	while (edits() && terminal_typed.count && input_has_room() && output_room() >= INPUT_ECHO) {
		input_byte(ring_take(&terminal_typed));
		moved = true;
	}
	return moved;
}

static bool is_ready(void)
{
	return input_is_ready() || (!edits() && terminal_typed.count);
}

static long copy_typed(struct lent_out *to)
{
	uint8_t bytes[TYPED_MOST];
	size_t size;
	const uint8_t *from = ring_bytes(&terminal_typed, 0, &size);
	int error;

	size = size < to->size ? size : to->size;
	size = size < sizeof(bytes) ? size : sizeof(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = input_translated(from[i]);
	error = lent_write(to, 0, bytes, size);
	return error ? error : (long)size;
}

static void take_typed(size_t count)
{
	size_t size;
	const uint8_t *bytes = ring_bytes(&terminal_typed, 0, &size);

	if (input_mode() & TERMINAL_MODE_ECHO && output_room() >= 2 * count)
		output_show((const char *)bytes, count);
	ring_drop(&terminal_typed, count);
}

/* Copies what is ready to a reader; 0 at the end. It stays ready until it is taken. */
static long copy_ready(struct lent_out *to)
{
	if (!input_is_ready())
		return copy_typed(to);

	size_t length = input_length() < to->size ? input_length() : to->size;

	for (size_t done = 0, size; done < length; done += size) {
		const uint8_t *bytes = input_bytes(done, &size);
		int error;

		size = size < length - done ? size : length - done;
		error = lent_write(to, done, bytes, size);
		if (error)
			return error;
	}
	return (long)length;
}

/* A reader has what was copied to it. */
static void take_ready(long count)
{
	if (count < 0)
		return;
	if (input_is_ready())
		input_taken((size_t)count);
	else
		take_typed((size_t)count);
}

static bool work_for_readers(void)
{
	bool moved = false;

	while (terminal_readers.count && is_ready()) {
		struct lent_out *to = &waiting_first(&terminal_readers)->to;

		long result = copy_ready(to);

		/* One that has given up meanwhile gets nothing, and nothing is lost for the next. */
		if (!answer_file_read(to->server, to->token, result, to))
			take_ready(result);
		waiting_drop(&terminal_readers);
		moved = true;
	}
	return moved;
}

uint32_t terminal_ready(uint32_t wanted)
{
	uint32_t now = 0;

	if (is_ready())
		now |= READY_READ;
	if (output_has_room())
		now |= READY_WRITE;
	return wanted & now;
}

static bool answer_asker(const struct call *call)
{
	if (call->watch && terminal_ready(call->wanted))
		watch_end(call);
	else if (call->watch)
		return false;
	else if (!call->wanted && output_is_empty())
		(void)answer_file_sync(call->to.server, call->to.token, 0);
	else if (terminal_ready(call->wanted))
		(void)answer_file_ready(call->to.server, call->to.token, terminal_ready(call->wanted));
	else
		return false;
	return true;
}

static void work_for_askers(void)
{
	for (unsigned i = terminal_askers.count; i--;) {
		struct call call = *waiting_first(&terminal_askers);

		waiting_drop(&terminal_askers);
		if (!answer_asker(&call))
			(void)waiting_add(&terminal_askers, &call);
	}
}

void terminal_work(void)
{
	bool moved;

	do {
		moved = take_from_uart();
		moved |= edit();
		moved |= work_for_readers();
		moved |= output_work();
	} while (moved);
	work_for_askers();
	if (unacknowledged && can_take()) {
		unacknowledged = false;
		uart_acknowledge();
	}
}

void terminal_hear(struct listener *from, uint64_t bits)
{
	(void)from;
	if (bits & UART_BIT)
		unacknowledged = true;
	if (bits & LOG_BIT)
		output_look_for_log();
	terminal_work();
}

void terminal_interrupt(bool all)
{
	for (; terminal_readers.count; waiting_drop(&terminal_readers)) {
		struct lent_out *to = &waiting_first(&terminal_readers)->to;

		(void)answer_file_read(to->server, to->token, -EINTR, to);
	}
	for (; all && terminal_askers.count; waiting_drop(&terminal_askers)) {
		const struct call *call = waiting_first(&terminal_askers);

		if (call->watch)
			watch_end(call);
		else if (call->wanted)
			(void)answer_file_ready(call->to.server, call->to.token, -EINTR);
		else
			(void)answer_file_sync(call->to.server, call->to.token, -EINTR);
	}
}

/* Sends the signal to those in the foreground. False when nobody got it. */
static bool signal_foreground(int number)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};

	return programs.value > 0 &&
	       !program_signal_foreground(programs, (uint32_t)number, (uint64_t)clock_now() + PATIENCE);
}

void terminal_signal(int number)
{
	terminal_interrupted = !signal_foreground(number) && number == SIGINT && !terminal_readers.count;
	terminal_interrupt(false);
}

long serve_terminal_get_mode(struct request *request)
{
	(void)request;
	return input_mode();
}

long serve_terminal_set_mode(struct request *request, enum terminal_mode mode)
{
	terminal_interrupted = false;
	(void)request;
	input_set_mode(mode);
	terminal_work();
	return 0;
}

long serve_terminal_get_size(struct request *request, uint16_t *to_rows, uint16_t *to_columns)
{
	(void)request;
	*to_rows = rows;
	*to_columns = columns;
	return 0;
}

long serve_terminal_set_size(struct request *request, uint16_t to_rows, uint16_t to_columns)
{
	(void)request;
	rows = to_rows;
	columns = to_columns;
	return 0;
}

long serve_terminal_discard(struct request *request)
{
	(void)request;
	ring_drop(&terminal_typed, terminal_typed.count);
	input_discard();
	terminal_work();
	return 0;
}
