/*
 * The bytes of a regular file. What was never written reads as zero and takes no block (a hole); a file of the boot
 * archive reads what stands there until it is written. Bytes of a block behind the end of the file are zero.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block.h"

enum { DATA_DIRECT = 8, DATA_LEVELS = 3 };

struct data {
	uint64_t size;
	const char *origin; /* what holes read as, as far as it goes; stays where it is */
	uint64_t origin_size;
	uint32_t blocks; /* that it takes, maps of blocks included */
	uint32_t direct[DATA_DIRECT]; /* the first blocks; 0 is a hole */
	uint32_t map[DATA_LEVELS]; /* maps of those behind them, one, two and three levels deep */
};

/* No file is longer. */
extern const uint64_t data_size_max;

/* A part of a file that lies in one piece of memory. */
struct run {
	char *bytes;
	size_t size;
	bool made; /* it was a hole, all of it */
};

/* Of data.c: the block in a map that holds a part of the file, with an index behind the first few; 0 is a hole. */
uint32_t data_block_in_map(const struct data *data, uint64_t index);

/* How much of a hole at `offset` can be read at once. */
size_t data_hole_run(const struct data *data, uint64_t offset, size_t size, const char **bytes);

/* How far blocks lie behind one another that begin with the one at `offset`, up to `size` bytes. */
size_t data_block_run(const struct data *data, uint64_t offset, size_t size);

/* The block that holds this part of the file; 0 is a hole. */
static inline uint32_t data_block(const struct data *data, uint64_t index)
{
	return __builtin_expect(index < DATA_DIRECT, 1) ? data->direct[index]
							: data_block_in_map(data, index);
}

/*
 * The bytes from `offset` on that lie together: at most `size`, none at the end of the file. Here, so that a read that finds
 * all in one block calls nobody on the way.
 */
static inline size_t data_read_run(const struct data *data, uint64_t offset, size_t size, const char **bytes)
{
	if (offset >= data->size)
		return 0;
	if (size > data->size - offset)
		size = (size_t)(data->size - offset);
	uint32_t block = data_block(data, offset / BLOCK_SIZE);
	if (__builtin_expect(block == 0, 0))
		return data_hole_run(data, offset, size, bytes);
	size_t inside = offset % BLOCK_SIZE;
	*bytes = block_bytes(block) + inside;
	return __builtin_expect(inside + size <= BLOCK_SIZE, 1) ? size : data_block_run(data, offset, size);
}

/*
 * A place for at least one of the `size` bytes that are to be written at `offset`. When they have been copied there,
 * data_written makes them part of the file; when that failed midway, data_write_undo puts back what can be. 0, or
 * -ENOSPC, -EFBIG.
 */
int data_write_run(struct data *data, uint64_t offset, size_t size, struct run *run);
void data_written(struct data *data, uint64_t offset, const struct run *run);
void data_write_undo(struct data *data, uint64_t offset, const struct run *run);

/* Gives the file this size: cut, or longer by a hole. 0 or -EFBIG. */
int data_resize(struct data *data, uint64_t size);
