/*
 * The calls of `file` that the console serves. For whoever has a handle to it; one that has to wait is set aside, and answered by
 * terminal_work. The server has one thread, and no lock. What a file on a disk could do besides is an error here.
 */
#include "terminal.h"

#include <errno.h>
#include <sys/stat.h>
#include <tabula/handles.h>
#include <tabula/serve/file.h>

#include "output.h"

/*
 * It is set aside, also when there is something to read: work answers it, and hears from that whether the reader has the
 * bytes. One that gives up meanwhile has not, and they stay.
 */
long serve_file_read(struct request *request, struct lent_out *buf)
{
	struct call call = {.to = *buf};

	if (!buf->size || request->client == &terminal_printer)
		return 0;
	if (terminal_interrupted) {
		terminal_interrupted = false;
		return -EINTR;
	}
	if (!waiting_add(&terminal_readers, &call))
		return -ENOMEM;
	terminal_work();
	return DEFERRED;
}

/* What the kernel logged before a program writes may come to be known after it, on other harts: so it is looked for here. */
long serve_file_write(struct request *request, const struct lent_in *buf)
{
	long result;

	(void)request;
	output_look_for_log();
	result = output_write(buf);
	terminal_work();
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
	status->terminal = request->client == &terminal_client;
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
	terminal_work();
	if (output_is_empty())
		return 0;
	return waiting_add(&terminal_askers, &call) ? DEFERRED : -EIO;
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
	return terminal_ready(wanted) | (request->client == &terminal_printer ? wanted & READY_READ : 0);
}

long serve_file_ready(struct request *request, enum ready wanted)
{
	struct call call = {.to = {.server = request->server, .token = request->token}, .wanted = wanted};
	uint32_t now = ready_for(request, wanted);

	if (now)
		return now;
	return wanted && waiting_add(&terminal_askers, &call) ? DEFERRED : -EINVAL;
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
	if (!now && wanted && waiting_add(&terminal_askers, &call)) {
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
	waiting_unwatch(&terminal_askers, watch);
	return 0;
}

long serve_file_interrupt(struct request *request)
{
	(void)request;
	terminal_interrupt(true);
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
