#include "description.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "block.h"
#include "device.h"
#include "directory.h"
#include "piece.h"
#include "pipe.h"
#include "record_lock.h"
#include "tree.h"

/* So much is copied for one call: others wait meanwhile. */
enum { TRANSFER_MAX = 1 << 20 };

_Static_assert(offsetof(struct description, client) == 0, "description_of");

static uint32_t descriptions;

struct description *description_make(uint32_t how, int *error)
{
	*error = descriptions < DESCRIPTIONS_MAX ? -ENOSPC : -ENFILE;
	struct description *description =
		descriptions < DESCRIPTIONS_MAX ? piece_take(sizeof *description, FOR_HANDLES) : NULL;
	if (description == NULL)
		return NULL;
	descriptions++;
	description->how = how & (OPEN_READ | OPEN_WRITE | OPEN_APPEND | OPEN_NONBLOCK);
	return description;
}

void description_close(struct description *description)
{
	if (description->pipe != NULL)
		pipe_close(description);
	record_lock_close(description);
	if (description->node != NULL) {
		node_date(description->node);
		node_leave(description->node);
	}
	piece_drop(description);
	descriptions--;
}

/* ---- opening */

/* May a node that is there be opened like this? */
static int may_open(const struct node *node, uint32_t how)
{
	if ((how & OPEN_DIRECTORY) && !node_is_directory(node))
		return -ENOTDIR;
	if (node_is_directory(node) && (how & (OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)))
		return -EISDIR;
	if ((how & OPEN_READ) && !node_allows(node, MAY_READ))
		return -EACCES;
	if ((how & (OPEN_WRITE | OPEN_TRUNCATE)) && !node_allows(node, MAY_WRITE))
		return -EACCES;
	return 0;
}

/* Finds or makes the node, which is used once more afterwards. */
static int node_open(struct node *start, const char *path, uint32_t how, uint32_t mode, struct node **node)
{
	bool follow = !(how & OPEN_NOFOLLOW), made = false;
	int error = how & OPEN_CREATE
			    ? tree_create(start, path, mode, how & OPEN_EXCLUSIVE, follow, node, &made)
			    : tree_open(start, path, follow, node);
	if (error != 0 || made)
		return error;
	error = may_open(*node, how);
	if (error != 0)
		node_leave(*node);
	return error;
}

int description_open(
	struct node *start, const char *path, uint32_t how, uint32_t mode, struct description **result)
{
	int error;
	if ((how & OPEN_CREATE) && (how & OPEN_DIRECTORY))
		return -EINVAL;
	struct description *description = description_make(how, &error);
	if (description == NULL)
		return error;
	error = node_open(start, path, how, mode, &description->node);
	if (error != 0) {
		description->node = NULL;
		description_close(description);
		return error;
	}
	struct node *node = description->node;
	error = node_is_fifo(node) ? pipe_open(description) : 0;
	if (error != 0) {
		description_close(description);
		return error;
	}
	if ((how & OPEN_TRUNCATE) && node_is_file(node)) {
		(void)data_resize(&node->data, 0); /* 0 is not too long */
		node_mark(node, MARK_MODIFIED);
	}
	*result = description;
	return 0;
}

/* ---- reading and writing */

/* Copies what lies together, up to what one call copies, from byte `done` of a read on. A count or -errno. */
static inline long run_read(const struct data *data, uint64_t offset, struct lent_out *to, size_t done)
{
	const char *bytes;
	size_t size = to->size;
	if (size > TRANSFER_MAX)
		size = TRANSFER_MAX;
	size = data_read_run(data, offset + done, size - done, &bytes);
	int error = size > 0 ? lent_write(to, done, bytes, size) : 0;
	return error != 0 ? error : (long)size;
}

/* Goes on after the first run, until there is no more: nothing is left of `to`, of what one call copies, or of the file. */
__attribute__((noinline)) static long data_read_rest(
	const struct data *data, uint64_t offset, struct lent_out *to, size_t done)
{
	long count;
	while ((count = run_read(data, offset, to, done)) > 0)
		done += (size_t)count;
	return (long)done;
}

/* Mostly one run is all, so registers are saved only for others. */
static inline long data_read(const struct data *data, uint64_t offset, struct lent_out *to)
{
	long count = run_read(data, offset, to, 0);
	if (__builtin_expect(count <= 0 || count == to->size, 1))
		return count;
	return data_read_rest(data, offset, to, (size_t)count);
}

static long data_write(struct data *data, uint64_t offset, const struct lent_in *from)
{
	size_t done = 0, size = from->size < TRANSFER_MAX ? from->size : TRANSFER_MAX;
	int error = 0;
	while (done < size) {
		struct run run;
		error = data_write_run(data, offset + done, size - done, &run);
		if (error != 0)
			break;
		error = lent_read(from, done, run.bytes, run.size);
		if (error != 0) {
			data_write_undo(data, offset + done, &run);
			break;
		}
		data_written(data, offset + done, &run);
		done += run.size;
	}
	return done > 0 ? (long)done : error;
}

static long node_read(struct node *node, uint64_t offset, struct lent_out *to)
{
	if (node_is_directory(node))
		return -EISDIR;
	node_mark(node, MARK_ACCESSED);
	return node_is_file(node) ? data_read(&node->data, offset, to) : device_read(node->device, to);
}

static long node_write(struct node *node, uint64_t offset, const struct lent_in *from)
{
	if (!node_is_file(node))
		return device_write(node->device, from);
	if (from->size == 0)
		return 0;
	node_mark(node, MARK_MODIFIED);
	return data_write(&node->data, offset, from);
}

/* Apart, so that the registers that it needs are not saved for a pipe. */
__attribute__((noinline)) static long offset_read(struct description *description, struct lent_out *to)
{
	long count = node_read(description->node, description->offset, to);
	if (count > 0)
		description->offset += (uint64_t)count;
	return count;
}

long description_read(struct description *description, struct lent_out *to)
{
	if (!(description->how & OPEN_READ))
		return -EBADF;
	return description->pipe != NULL ? pipe_read(description, to) : offset_read(description, to);
}

/* Where a write goes that is meant for `offset`. */
static uint64_t write_offset(const struct description *description, uint64_t offset)
{
	const struct node *node = description->node;
	return (description->how & OPEN_APPEND) && node_is_file(node) ? node->data.size : offset;
}

__attribute__((noinline)) static long offset_write(
	struct description *description, const struct lent_in *from)
{
	uint64_t offset = write_offset(description, description->offset);
	long count = node_write(description->node, offset, from);
	if (count > 0)
		description->offset = offset + (uint64_t)count;
	return count;
}

long description_write(struct description *description, const struct lent_in *from)
{
	if (!(description->how & OPEN_WRITE))
		return -EBADF;
	return description->pipe != NULL ? pipe_write(description, from) : offset_write(description, from);
}

long description_read_at(struct description *description, uint64_t offset, struct lent_out *to)
{
	if (!(description->how & OPEN_READ))
		return -EBADF;
	if (description->pipe != NULL)
		return -ESPIPE;
	if (offset > INT64_MAX)
		return -EINVAL;
	return node_read(description->node, offset, to);
}

long description_write_at(struct description *description, uint64_t offset, const struct lent_in *from)
{
	if (!(description->how & OPEN_WRITE))
		return -EBADF;
	if (description->pipe != NULL)
		return -ESPIPE;
	if (offset > INT64_MAX)
		return -EINVAL;
	return node_write(description->node, write_offset(description, offset), from);
}

/* ---- the rest */

long description_seek(struct description *description, int64_t offset, enum whence whence)
{
	if (description->pipe != NULL)
		return -ESPIPE;
	const struct node *node = description->node;
	int64_t base = 0, to;
	if (whence == WHENCE_CURRENT)
		base = (int64_t)description->offset;
	else if (whence == WHENCE_END && node_is_file(node))
		base = (int64_t)node->data.size;
	if (__builtin_add_overflow(base, offset, &to))
		return -EOVERFLOW;
	if (to < 0)
		return -EINVAL;
	description->offset = (uint64_t)to;
	return to;
}

/* Puts a record where there is room for it; returns its size, or 0. */
static size_t record_put(
	char *to, size_t room, uint64_t position, const struct node *node, const char *name, size_t length)
{
	struct directory_record record = {
		.number = node->number,
		.position = position,
		.type = node->mode >> 12,
		.size = (uint16_t)((sizeof record + length + 7) & ~(size_t)7),
		.length = (uint16_t)length,
	};
	if (record.size > room)
		return 0;
	memset(to + record.size - 8, 0, 8);
	memcpy(to, &record, sizeof record);
	memcpy(to + sizeof record, name, length);
	return record.size;
}

/* Puts the name behind `*position`, and moves that. 0 at the end, -1 when there is no room. */
static long record_next(struct node *directory, uint64_t *position, char *to, size_t room)
{
	struct node *above = directory_above(directory);
	const struct entry *entry;
	size_t size;
	if (*position < COOKIE_SELF) {
		size = record_put(to, room, COOKIE_SELF, directory, ".", 1);
		*position += size > 0 ? COOKIE_SELF - *position : 0;
	} else if (*position < COOKIE_ABOVE) {
		size = record_put(to, room, COOKIE_ABOVE, above != NULL ? above : directory, "..", 2);
		*position += size > 0 ? COOKIE_ABOVE - *position : 0;
	} else {
		entry = directory_after(directory, *position);
		if (entry == NULL)
			return 0;
		size = record_put(to, room, entry->cookie, entry->node, entry->name, entry->length);
		*position = size > 0 ? entry->cookie : *position;
	}
	return size > 0 ? (long)size : -1;
}

long description_list(struct description *description, struct lent_out *to)
{
	_Alignas(8) char records[BLOCK_SIZE];
	struct node *directory = description->node;
	if (directory == NULL || !node_is_directory(directory))
		return -ENOTDIR;
	if (directory->links == 0)
		return -ENOENT;
	uint64_t position = description->offset;
	size_t room = to->size < sizeof records ? to->size : sizeof records, done = 0;
	long size;
	while ((size = record_next(directory, &position, records + done, room - done)) > 0)
		done += (size_t)size;
	if (done == 0)
		return size == 0 ? 0 : -EINVAL;
	int error = lent_write(to, 0, records, done);
	if (error != 0)
		return error;
	description->offset = position;
	node_mark(directory, MARK_ACCESSED);
	return (long)done;
}

int description_truncate(struct description *description, uint64_t size)
{
	struct node *node = description->node;
	if (!(description->how & OPEN_WRITE))
		return -EBADF;
	if (node == NULL || !node_is_file(node) || size > INT64_MAX)
		return -EINVAL;
	int error = data_resize(&node->data, size);
	if (error == 0)
		node_mark(node, MARK_MODIFIED);
	return error;
}

void node_stat(struct node *node, struct file_status *status)
{
	node_date(node);
	*status = (struct file_status){
		.number = node->number,
		.accessed = node->accessed,
		.modified = node->modified,
		.changed = node->changed,
		.mode = node->mode,
		.links = node->links,
	};
	if (node_is_file(node)) {
		status->size = node->data.size;
		status->blocks = (uint64_t)node->data.blocks * (BLOCK_SIZE / 512);
	} else if (node_is_link(node)) {
		status->size = node->link.length;
	} else if (node_is_fifo(node)) {
		status->size = node->pipe != NULL ? pipe_used(node->pipe) : 0;
	} else if (node_is_device(node)) {
		status->terminal = node->device == DEVICE_CONSOLE;
	}
}

void description_stat(struct description *description, struct file_status *status)
{
	if (description->node != NULL)
		node_stat(description->node, status);
	else
		pipe_stat(description->pipe, status);
}
