/*
 * The console: the driver of the machine's UART, with a terminal on it. Whoever has a handle to it speaks `file` and
 * `terminal`; all handles are to the one terminal that there is, and survive a console that is started anew.
 *
 * All in one thread: a notification of the UART comes between two calls. When nobody reads, bytes that come in fill the
 * rings; then they stay in the UART, whose interrupt is not acknowledged, and whoever sends has to wait. None is lost.
 */
#include "console.h"

#include "log.h"
#include "output.h"
#include "waiting.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tabula/console.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>
#include <tabula/serve/terminal.h>

enum { TYPED = 65536, TYPED_MOST = 256, UART_BIT = 1, LOG_BIT = 2 };

#define PATIENCE 1000000000ul /* nanoseconds, for the process server */

static struct server server;
static struct client terminal, printer; /* a printer is written to, and what is read from it is at its end */
static struct listener listener;
static struct ring typed;
static struct waiting readers; /* of file_read */
static struct waiting askers; /* of file_ready, file_watch, and file_sync, which wants nothing */
static bool unacknowledged;
static uint16_t rows, columns;

/* ---- moving bytes */

static bool can_take(void)
{
	return ring_room(&typed) >= UART_BATCH;
}

static bool take_from_uart(void)
{
	bool moved = false;
	uint8_t bytes[UART_BATCH];
	size_t count;

	while (can_take() && (count = uart_take(bytes))) {
		for (size_t i = 0; i < count; i++)
			ring_put(&typed, bytes[i]);
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

	while (edits() && typed.count && input_has_room() && output_room() >= INPUT_ECHO) {
		input_byte(ring_take(&typed));
		moved = true;
	}
	return moved;
}

static bool is_ready(void)
{
	return input_is_ready() || (!edits() && typed.count);
}

static long copy_typed(struct lent_out *to)
{
	uint8_t bytes[TYPED_MOST];
	size_t size;
	const uint8_t *from = ring_bytes(&typed, 0, &size);
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
	const uint8_t *bytes = ring_bytes(&typed, 0, &size);

	if (input_mode() & TERMINAL_MODE_ECHO && output_room() >= 2 * count)
		output_show((const char *)bytes, count);
	ring_drop(&typed, count);
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

	while (readers.count && is_ready()) {
		struct lent_out *to = &waiting_first(&readers)->to;

		long result = copy_ready(to);

		/* One that has given up meanwhile gets nothing, and nothing is lost for the next. */
		if (!answer_file_read(to->server, to->token, result, to))
			take_ready(result);
		waiting_drop(&readers);
		moved = true;
	}
	return moved;
}

/* Which of these are so. */
static uint32_t ready(uint32_t wanted)
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
	if (call->watch && ready(call->wanted))
		watch_end(call);
	else if (call->watch)
		return false;
	else if (!call->wanted && output_is_empty())
		(void)answer_file_sync(call->to.server, call->to.token, 0);
	else if (ready(call->wanted))
		(void)answer_file_ready(call->to.server, call->to.token, ready(call->wanted));
	else
		return false;
	return true;
}

static void work_for_askers(void)
{
	for (unsigned i = askers.count; i--;) {
		struct call call = *waiting_first(&askers);

		waiting_drop(&askers);
		if (!answer_asker(&call))
			(void)waiting_add(&askers, &call);
	}
}

static void work(void)
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

static void hear(struct listener *from, uint64_t bits)
{
	(void)from;
	if (bits & UART_BIT)
		unacknowledged = true;
	if (bits & LOG_BIT)
		output_look_for_log();
	work();
}

/* Those who wait to read, and with `all` the others as well, get -EINTR. */
static void interrupt_calls(bool all)
{
	for (; readers.count; waiting_drop(&readers)) {
		struct lent_out *to = &waiting_first(&readers)->to;

		(void)answer_file_read(to->server, to->token, -EINTR, to);
	}
	for (; all && askers.count; waiting_drop(&askers)) {
		const struct call *call = waiting_first(&askers);

		if (call->watch)
			watch_end(call);
		else if (call->wanted)
			(void)answer_file_ready(call->to.server, call->to.token, -EINTR);
		else
			(void)answer_file_sync(call->to.server, call->to.token, -EINTR);
	}
}

static bool interrupted; /* when nobody was reading, and nobody got the signal */

/* Sends the signal to those in the foreground. False when nobody got it. */
static bool signal_foreground(int number)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};

	return programs.value > 0 &&
	       !program_signal_foreground(programs, (uint32_t)number, (uint64_t)clock_now() + PATIENCE);
}

/*
 * Ctrl-C, say: the programs in the foreground get the signal, and whoever reads returns, those that have stopped when they go
 * on. Without the process server those who read have to do without the signal; and if nobody does, whoever reads first, unless
 * the terminal changes hands before.
 */
static void signal_key(int number)
{
	interrupted = !signal_foreground(number) && number == SIGINT && !readers.count;
	interrupt_calls(false);
}

/* ---- file */

/*
 * It is set aside, also when there is something to read: work answers it, and hears from that whether the reader has the
 * bytes. One that gives up meanwhile has not, and they stay.
 */
long serve_file_read(struct request *request, struct lent_out *buf)
{
	struct call call = {.to = *buf};

	if (!buf->size || request->client == &printer)
		return 0;
	if (interrupted) {
		interrupted = false;
		return -EINTR;
	}
	if (!waiting_add(&readers, &call))
		return -ENOMEM;
	work();
	return DEFERRED;
}

/* What the kernel logged before a program writes may come to be known after it, on other harts: so it is looked for here. */
long serve_file_write(struct request *request, const struct lent_in *buf)
{
	long result;

	(void)request;
	output_look_for_log();
	result = output_write(buf);
	work();
	return result;
}

long serve_file_read_at(struct request *request, uint64_t offset, struct lent_out *buf)
{
	(void)request;
	(void)offset;
	(void)buf;
	return -ESPIPE;
}

long serve_file_write_at(struct request *request, uint64_t offset, const struct lent_in *buf)
{
	(void)request;
	(void)offset;
	(void)buf;
	return -ESPIPE;
}

long serve_file_seek(struct request *request, int64_t offset, enum whence whence)
{
	(void)request;
	(void)offset;
	(void)whence;
	return -ESPIPE;
}

long serve_file_stat(struct request *request, struct file_status *status)
{
	status->mode = S_IFCHR | S_IRUSR | S_IWUSR;
	status->links = 1;
	status->terminal = request->client == &terminal;
	return 0;
}

long serve_file_truncate(struct request *request, uint64_t length)
{
	(void)request;
	(void)length;
	return -EINVAL;
}

long serve_file_sync(struct request *request)
{
	struct call call = {.to = {.server = request->server, .token = request->token}};

	output_look_for_log();
	work();
	if (output_is_empty())
		return 0;
	return waiting_add(&askers, &call) ? DEFERRED : -EIO;
}

long serve_file_flags(struct request *request)
{
	(void)request;
	return OPEN_READ | OPEN_WRITE;
}

/* Flags would be those of all handles, since all are to one terminal. */
long serve_file_set_flags(struct request *request, enum open how)
{
	(void)request;
	return how & (OPEN_NONBLOCK | OPEN_APPEND) ? -EINVAL : 0;
}

long serve_file_set_mode(struct request *request, uint32_t mode)
{
	(void)request;
	(void)mode;
	return -EPERM;
}

long serve_file_set_times(struct request *request, uint64_t accessed, uint64_t modified, enum times which)
{
	(void)request;
	(void)accessed;
	(void)modified;
	(void)which;
	return -EPERM;
}

/* What is read from a printer is at its end. */
static uint32_t ready_for(const struct request *request, uint32_t wanted)
{
	return ready(wanted) | (request->client == &printer ? wanted & READY_READ : 0);
}

long serve_file_ready(struct request *request, enum ready wanted)
{
	struct call call = {.to = {.server = request->server, .token = request->token}, .wanted = wanted};
	uint32_t now = ready_for(request, wanted);

	if (now)
		return now;
	return wanted && waiting_add(&askers, &call) ? DEFERRED : -EINVAL;
}

long serve_file_ready_now(struct request *request, enum ready wanted)
{
	return ready_for(request, wanted);
}

long serve_file_watch(
	struct request *request, enum ready wanted, uint64_t bits, notification_handle n, uint32_t *watch)
{
	static uint32_t last;
	struct call call = {.wanted = wanted, .watch = last + 1, .notification = n, .bits = bits};
	uint32_t now = ready_for(request, wanted);

	*watch = 0;
	if (!now && wanted && waiting_add(&askers, &call)) {
		last = last < UINT32_MAX - 1 ? last + 1 : 0;
		*watch = call.watch;
		return 0;
	}
	(void)handle_close(ANY(n));
	return now || !wanted ? (long)now : -ENOMEM;
}

long serve_file_unwatch(struct request *request, uint32_t watch)
{
	(void)request;
	waiting_unwatch(&askers, watch);
	return 0;
}

long serve_file_interrupt(struct request *request)
{
	(void)request;
	interrupt_calls(true);
	return 0;
}

long serve_file_meet(struct request *request)
{
	(void)request;
	return 0;
}

long serve_file_lock(
	struct request *request, struct client *owner, enum locking how, const struct file_range *range)
{
	(void)request;
	(void)owner;
	(void)how;
	(void)range;
	return -EINVAL;
}

long serve_file_find_lock(struct request *request, struct client *owner, enum locking how,
	const struct file_range *range, uint64_t *begin, uint64_t *last, uint32_t *name)
{
	(void)request;
	(void)owner;
	(void)how;
	(void)range;
	*begin = *last = *name = 0;
	return -EINVAL;
}

long serve_file_image(struct request *request, uint64_t *offset, uint64_t *length, struct gift *result)
{
	(void)request;
	(void)offset;
	(void)length;
	(void)result;
	return -EINVAL;
}

/* ---- terminal */

long serve_terminal_get_mode(struct request *request)
{
	(void)request;
	return input_mode();
}

long serve_terminal_set_mode(struct request *request, enum terminal_mode mode)
{
	interrupted = false;
	(void)request;
	input_set_mode(mode);
	work();
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
	ring_drop(&typed, typed.count);
	input_discard();
	work();
	return 0;
}

/* ---- the start */

/* The badges that init gives: see services.c there. */
static struct client *adopt(struct server *of, uint64_t badge)
{
	(void)of;
	if (badge == CONSOLE_TERMINAL)
		return &terminal;
	return badge == CONSOLE_PRINTER ? &printer : NULL;
}

/* Nobody would see a message that goes through the console. This one has no terminal, so the kernel gets it. */
_Noreturn static void give_up(const char *what, int error)
{
	fprintf(stderr, "console: %s: %s\n", what, strerror(error));
	exit(1);
}

/* Touches the stack that serving will need: see ring_init. */
static void touch_stack(void)
{
	volatile char bytes[4 * PAGE_SIZE];

	for (size_t i = 0; i < sizeof(bytes); i += PAGE_SIZE)
		bytes[i] = 1;
}

int main(void)
{
	static const struct protocol *const protocols[] = {&file_protocol, &terminal_protocol, NULL};
	static const struct input_hooks hooks = {output_show, signal_key};
	notification_handle notification = notification_create();
	int error;

	if (notification.value < 0 || !ring_init(&typed, TYPED) || !input_init(&hooks) || !output_init())
		give_up("no memory", ENOMEM);
	error = server_init(&server, (endpoint_handle){startup_handle(STARTUP_ENDPOINT).value}, protocols);
	if (!error)
		error = server_listen(&server, &listener, notification, UART_BIT | LOG_BIT, hear);
	if (error)
		give_up("can't serve", -error);
	server.adopt = adopt;
	touch_stack();
	error = uart_open(own_system(), notification, UART_BIT);
	if (error)
		give_up("can't drive the UART", -error);
	log_open(own_system(), notification, LOG_BIT);
	server_run(&server);
}
