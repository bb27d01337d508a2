/*
 * The methods of the protocol file.
 */
#include <errno.h>
#include <tabula/serve/file.h>

#include "archive.h"
#include "description.h"
#include "outside.h"
#include "pipe.h"
#include "record_lock.h"

long serve_file_read(struct request *request, struct lent_out *buf)
{
	return description_read(description_of(request->client), buf);
}

long serve_file_write(struct request *request, const struct lent_in *buf)
{
	return description_write(description_of(request->client), buf);
}

long serve_file_read_at(struct request *request, uint64_t offset, struct lent_out *buf)
{
	return description_read_at(description_of(request->client), offset, buf);
}

long serve_file_write_at(struct request *request, uint64_t offset, const struct lent_in *buf)
{
	return description_write_at(description_of(request->client), offset, buf);
}

long serve_file_seek(struct request *request, int64_t offset, enum whence whence)
{
	return description_seek(description_of(request->client), offset, whence);
}

long serve_file_stat(struct request *request, struct file_status *status)
{
	description_stat(description_of(request->client), status);
	return 0;
}

long serve_file_truncate(struct request *request, uint64_t length)
{
	return description_truncate(description_of(request->client), length);
}

long serve_file_sync(struct request *request)
{
	/* Nothing is kept back. */
	return description_of(request->client)->pipe != NULL ? -EINVAL : 0;
}

long serve_file_flags(struct request *request)
{
	return description_of(request->client)->how;
}

long serve_file_set_flags(struct request *request, enum open how)
{
	const uint32_t changes = OPEN_APPEND | OPEN_NONBLOCK;
	struct description *description = description_of(request->client);
	description->how = (description->how & ~changes) | (how & changes);
	return 0;
}

long serve_file_set_mode(struct request *request, uint32_t mode)
{
	struct node *node = description_of(request->client)->node;
	if (node == NULL)
		return -EINVAL;
	node_set_mode(node, mode);
	return 0;
}

long serve_file_set_times(struct request *request, uint64_t accessed, uint64_t modified, enum times which)
{
	struct node *node = description_of(request->client)->node;
	if (node == NULL)
		return -EINVAL;
	node_set_times(node, accessed, modified, which);
	return 0;
}

long serve_file_ready(struct request *request, enum ready wanted)
{
	struct description *description = description_of(request->client);
	if (description->pipe != NULL)
		return pipe_ready(description, request->token, wanted);
	/* Files never keep anybody waiting. */
	return wanted & (READY_READ | READY_WRITE);
}

long serve_file_ready_now(struct request *request, enum ready wanted)
{
	const struct description *description = description_of(request->client);
	return description->pipe != NULL ? pipe_ready_now(description, wanted)
					 : wanted & (READY_READ | READY_WRITE);
}

long serve_file_watch(
	struct request *request, enum ready wanted, uint64_t bits, notification_handle n, uint32_t *watch)
{
	struct description *description = description_of(request->client);
	long ready = serve_file_ready_now(request, wanted), number = 0;
	*watch = 0;
	if (ready == 0 && description->pipe != NULL)
		number = pipe_watch(description, wanted, n.value, bits);
	if (number > 0)
		*watch = (uint32_t)number;
	else
		notification_drop(n.value);
	return number < 0 ? number : ready;
}

long serve_file_unwatch(struct request *request, uint32_t watch)
{
	const struct description *description = description_of(request->client);
	if (description->pipe != NULL)
		pipe_unwatch(description, watch);
	return 0;
}

long serve_file_interrupt(struct request *request)
{
	struct description *description = description_of(request->client);
	if (description->pipe != NULL)
		pipe_interrupt(description);
	record_lock_interrupt(description);
	return 0;
}

long serve_file_meet(struct request *request)
{
	struct description *description = description_of(request->client);
	return description->pipe != NULL ? pipe_meet(description, request->token) : 0;
}

long serve_file_lock(
	struct request *request, struct client *owner, enum locking how, const struct file_range *range)
{
	if (owner->badge == 0)
		return -EINVAL; /* everybody's root, which never goes */
	return record_lock_set(
		description_of(request->client), request->token, description_of(owner), how, range);
}

long serve_file_find_lock(struct request *request, struct client *owner, enum locking how,
	const struct file_range *range, uint64_t *begin, uint64_t *last, uint32_t *name)
{
	struct file_range found = *range;
	if (range->begin > range->last)
		return -EINVAL;
	uint32_t kind = record_lock_find(description_of(request->client), description_of(owner), how, &found);
	*begin = found.begin;
	*last = found.last;
	*name = found.name;
	return kind;
}

long serve_file_image(struct request *request, uint64_t *offset, uint64_t *length, struct gift *result)
{
	return archive_image(description_of(request->client)->node, result, offset, length);
}
