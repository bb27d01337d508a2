/*
 * The methods of the protocol directory. Whatever a path begins with, it is called on a directory.
 */
#include <errno.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/serve/directory.h>

#include "archive.h"
#include "block.h"
#include "console.h"
#include "description.h"
#include "disk.h"
#include "files.h"
#include "pipe.h"
#include "tree.h"

enum { PATH_ROOM = 1024 };

/* The directory that a client stands for. Null for what is none: having a file open opens no other. */
static struct node *start_of(struct client *client)
{
	struct node *node = description_of(client)->node;
	return node != NULL && node_is_directory(node) ? node : NULL;
}

/* Makes a gift of a description, which goes when there can be none. */
static int description_give(struct description *description, struct gift *gift)
{
	if (client_give(&files, &description->client, RIGHTS_SAME, gift) == 0)
		return 0;
	description_close(description);
	return -ENOSPC;
}

long serve_directory_open(struct request *request, const char *path, enum open how, uint32_t mode,
	uint32_t *then, struct gift *result)
{
	struct description *description;
	*then = OPENING_DONE;
	int error = description_open(start_of(request->client), path, how, mode, &description);
	if (error != 0)
		return error;
	const struct node *node = description->node;
	if (node_is_fifo(node) && !(how & OPEN_NONBLOCK) && !pipe_has_met(description))
		*then = OPENING_MEET;
	if (node_is_disk(node)) {
		*then = OPENING_DEVICE;
		error = disk_give(node->disk, result);
	} else if (node_is_device(node) && node->device == DEVICE_CONSOLE) {
		error = console_give(result);
	} else {
		return description_give(description, result);
	}
	description_close(description);
	return error;
}

long serve_directory_stat(struct request *request, const char *path, bool follow, struct file_status *status)
{
	struct node *node;
	int error = tree_find(start_of(request->client), path, follow, &node);
	if (error == 0)
		node_stat(node, status);
	return error;
}

long serve_directory_make(struct request *request, const char *path, uint32_t mode)
{
	return tree_make_directory(start_of(request->client), path, mode);
}

long serve_directory_remove(struct request *request, const char *path)
{
	return tree_remove_directory(start_of(request->client), path);
}

long serve_directory_unlink(struct request *request, const char *path)
{
	return tree_unlink(start_of(request->client), path);
}

long serve_directory_rename(struct request *request, const char *from, struct client *there, const char *name)
{
	return tree_rename(start_of(request->client), from, start_of(there), name);
}

long serve_directory_link(
	struct request *request, const char *from, struct client *there, const char *name, bool follow)
{
	return tree_link(start_of(request->client), from, follow, start_of(there), name);
}

long serve_directory_make_fifo(struct request *request, const char *path, uint32_t mode)
{
	return tree_make_fifo(start_of(request->client), path, mode);
}

long serve_directory_make_link(struct request *request, const char *target, const char *path)
{
	return tree_make_link(start_of(request->client), path, target);
}

long serve_directory_read_link(struct request *request, const char *path, struct lent_out *buf)
{
	struct node *node;
	int error = tree_find(start_of(request->client), path, false, &node);
	if (error != 0)
		return error;
	if (!node_is_link(node))
		return -EINVAL;
	size_t size = node->link.length < buf->size ? node->link.length : buf->size;
	error = lent_write(buf, 0, node->link.target, size);
	return error != 0 ? error : (long)size;
}

long serve_directory_list(struct request *request, struct lent_out *buf)
{
	return description_list(description_of(request->client), buf);
}

long serve_directory_path(struct request *request, struct lent_out *buf)
{
	char path[PATH_ROOM];
	struct node *node = start_of(request->client);
	if (node == NULL)
		return -ENOTDIR;
	int error = tree_path(node, path, sizeof path);
	if (error != 0)
		return error;
	size_t size = strlen(path) + 1;
	if (size > buf->size)
		return -ERANGE;
	error = lent_write(buf, 0, path, size);
	return error != 0 ? error : (long)size;
}

long serve_directory_set_mode(struct request *request, const char *path, uint32_t mode)
{
	struct node *node;
	int error = tree_find(start_of(request->client), path, true, &node);
	if (error == 0)
		node_set_mode(node, mode);
	return error;
}

long serve_directory_set_times(struct request *request, const char *path, uint64_t accessed,
	uint64_t modified, enum times which, bool follow)
{
	struct node *node;
	int error = tree_find(start_of(request->client), path, follow, &node);
	if (error == 0)
		node_set_times(node, accessed, modified, which);
	return error;
}

long serve_directory_space(struct request *request, struct space *space)
{
	(void)request;
	*space = (struct space){
		.block_size = BLOCK_SIZE, .blocks = block_count(), .blocks_free = block_count_free()};
	return 0;
}

/* Makes both ends, or neither. */
static int ends_make(uint32_t how, struct description **reader, struct description **writer)
{
	int error;
	*reader = description_make(OPEN_READ | (how & OPEN_NONBLOCK), &error);
	if (*reader == NULL)
		return error;
	*writer = description_make(OPEN_WRITE | (how & OPEN_NONBLOCK), &error);
	if (*writer != NULL)
		error = pipe_make(*reader, *writer);
	if (*writer != NULL && error == 0)
		return 0;
	if (*writer != NULL)
		description_close(*writer);
	description_close(*reader);
	return error;
}

long serve_directory_pipe(
	struct request *request, enum open how, struct gift *read_end, struct gift *write_end)
{
	struct description *reader = NULL, *writer = NULL;
	if (how & ~(enum open)OPEN_NONBLOCK)
		return -EINVAL;
	if (start_of(request->client) == NULL)
		return -ENOTDIR;
	int error = ends_make(how, &reader, &writer);
	if (error != 0)
		return error;
	error = description_give(reader, read_end);
	if (error != 0) {
		description_close(writer);
		return error;
	}
	/* When this fails the other end goes with its handle. */
	return description_give(writer, write_end);
}

long serve_directory_image(
	struct request *request, const char *path, uint64_t *offset, uint64_t *length, struct gift *result)
{
	struct node *node;
	int error = tree_find(start_of(request->client), path, true, &node);
	if (error != 0)
		return error;
	return node_allows(node, MAY_READ) ? archive_image(node, result, offset, length) : -ENODATA;
}
