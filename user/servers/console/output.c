/* Output. The firmware does as the UART's driver here: a newline goes out as carriage return and newline. */
#include "output.h"

#include "log.h"

#include <errno.h>

enum { SHOWN = 65536, WRITERS = 64, ECHO_ROOM = 2 * INPUT_ECHO, CHUNK = 1024 };

/* A write that has begun. */
struct writer {
	struct lent_in from;
	uint32_t done;
};

static struct ring shown;
static struct writer writers[WRITERS]; /* the first is the one that is going on */
static unsigned first_writer, writer_count;

bool output_init(void)
{
	return ring_init(&shown, SHOWN);
}

size_t output_room(void)
{
	return ring_room(&shown);
}

void output_show(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n')
			ring_put(&shown, '\r');
		ring_put(&shown, (uint8_t)bytes[i]);
	}
}

/* Room that writers may have: some is kept for echo. */
static size_t writers_room(void)
{
	size_t room = ring_room(&shown);

	return room > ECHO_ROOM ? (room - ECHO_ROOM) / 2 : 0;
}

/* Takes what there is room for. True when that is all of it; a caller that can't be read from is done as well. */
static bool take(struct writer *writer, int *error)
{
	char bytes[CHUNK];

	*error = 0;
	while (writer->done < writer->from.size) {
		size_t size = writer->from.size - writer->done, room = writers_room();

		size = size < room ? size : room;
		size = size < sizeof(bytes) ? size : sizeof(bytes);
		if (!size)
			return false;
		*error = lent_read(&writer->from, writer->done, bytes, size);
		if (*error)
			return true;
		output_show(bytes, size);
		writer->done += (uint32_t)size;
	}
	return true;
}

static long result(const struct writer *writer, int error)
{
	return writer->done || !error ? (long)writer->done : error;
}

long output_write(const struct lent_in *from)
{
	struct writer writer = {*from, 0};
	int error;

	if (!writer_count && take(&writer, &error))
		return result(&writer, error);
	if (writer_count == WRITERS)
		return -EAGAIN;
	writers[(first_writer + writer_count++) % WRITERS] = writer;
	return DEFERRED;
}

/* A caller that has given up by now is none that can be answered. */
static bool work_for_writers(void)
{
	bool moved = false;

	while (writer_count) {
		struct writer *writer = &writers[first_writer];
		uint32_t before = writer->done;
		int error = -ESRCH;
		bool over = !lent_waits(&writer->from) || take(writer, &error);

		moved |= over || writer->done != before;
		if (!over)
			break;
		(void)answer_file_write(writer->from.server, writer->from.token, result(writer, error));
		first_writer = (first_writer + 1) % WRITERS;
		writer_count--;
	}
	return moved;
}

static size_t send_shown(void)
{
	size_t together, sent;
	const uint8_t *bytes = ring_bytes(&shown, 0, &together);

	sent = uart_send(bytes, together);
	ring_drop(&shown, sent);
	return sent;
}

static bool send(void)
{
	bool moved = false;
	size_t sent;

	do {
		if (log_is_due(&shown, writer_count > 0))
			sent = log_send(&shown);
		else
			sent = shown.count ? send_shown() : 0;
		moved |= sent > 0;
	} while (sent);
	uart_want_room(shown.count > 0 || log_is_waiting());
	return moved;
}

void output_look_for_log(void)
{
	log_look(&shown);
}

bool output_work(void)
{
	bool moved = send();

	return work_for_writers() || moved;
}

bool output_is_empty(void)
{
	return !shown.count && !writer_count && !log_is_waiting();
}

bool output_has_room(void)
{
	return writers_room() > 0 && !writer_count;
}
