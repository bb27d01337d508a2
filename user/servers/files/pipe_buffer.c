/*
 * The bytes of a pipe, in a ring of blocks, and its making. For the other pipe*.c, which see to it that somebody is there to
 * read and to write. The server has one thread, and no lock. Answers no call.
 */
#include "pipe_inside.h"

void pipe_drop(struct pipe *pipe)
{
	for (int i = 0; i < PIPE_BLOCKS; i++)
		if (pipe->blocks[i] != 0)
			block_drop(pipe->blocks[i]);
	piece_drop(pipe);
}

struct pipe *pipe_new(void)
{
	struct pipe *pipe = piece_take(sizeof *pipe, FOR_HANDLES);
	if (pipe == NULL)
		return NULL;
	for (int i = 0; i < PIPE_BLOCKS; i++) {
		pipe->blocks[i] = block_take(i > 0 ? pipe->blocks[i - 1] : 0, FOR_HANDLES);
		if (pipe->blocks[i] == 0) {
			pipe_drop(pipe);
			return NULL;
		}
	}
	return pipe;
}

/* Bytes that lie together from a place in the ring on. */
static char *ring_at(const struct pipe *pipe, uint32_t place, size_t *size)
{
	place %= PIPE_SIZE;
	size_t left = BLOCK_SIZE - place % BLOCK_SIZE;
	if (*size > left)
		*size = left;
	return block_bytes(pipe->blocks[place / BLOCK_SIZE]) + place % BLOCK_SIZE;
}

long pipe_buffer_copy(const struct pipe *pipe, struct lent_out *to)
{
	size_t size = to->size < pipe->used ? to->size : pipe->used;
	for (size_t done = 0, count; done < size; done += count) {
		count = size - done;
		const char *bytes = ring_at(pipe, pipe->begin + (uint32_t)done, &count);
		int error = lent_write(to, done, bytes, count);
		if (error != 0)
			return error;
	}
	return (long)size;
}

void pipe_buffer_drop(struct pipe *pipe, long count)
{
	pipe->used -= (uint32_t)count;
	pipe->begin = pipe->used > 0 ? (pipe->begin + (uint32_t)count) % PIPE_SIZE : 0;
	pipe_mark(pipe, MARK_ACCESSED);
}

long pipe_buffer_fill(struct pipe *pipe, const struct lent_in *from, size_t done)
{
	size_t size = from->size - done, room = PIPE_SIZE - pipe->used;
	if (room < size && from->size <= PIPE_ATOMIC)
		return 0;
	if (size > room)
		size = room;
	for (size_t filled = 0, count; filled < size; filled += count) {
		count = size - filled;
		char *bytes = ring_at(pipe, pipe->begin + pipe->used + (uint32_t)filled, &count);
		int error = lent_read(from, done + filled, bytes, count);
		if (error != 0)
			return error;
	}
	pipe->used += (uint32_t)size;
	pipe_mark(pipe, MARK_MODIFIED);
	return (long)size;
}
