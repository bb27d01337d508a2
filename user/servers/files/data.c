/*
 * Which block holds a part of a file is found as in old UNIX: the first few stand in the file's own list, the others
 * in maps of 1,024 numbers each, up to three levels of them.
 */
#include "data.h"

#include <errno.h>
#include <string.h>

enum { MAP_SHIFT = 10, MAP_SLOTS = 1 << MAP_SHIFT };

#define REACH(levels) (1ull << MAP_SHIFT * (levels)) /* blocks below a map with this many levels */

const uint64_t data_size_max = (DATA_DIRECT + REACH(1) + REACH(2) + REACH(3)) * BLOCK_SIZE;

static const char zeros[BLOCK_SIZE];

static uint32_t *map_slots(uint32_t map)
{
	return (uint32_t *)block_bytes(map);
}

/* Puts a new map into an empty slot. */
static bool map_make(struct data *data, uint32_t *slot)
{
	if (*slot != 0)
		return true;
	*slot = block_take(0, FOR_FILES);
	if (*slot == 0)
		return false;
	data->blocks++;
	memset(block_bytes(*slot), 0, BLOCK_SIZE);
	return true;
}

/* How many levels of maps lead to a part of the file; the index becomes that below its map. */
static int levels_above(uint64_t *index)
{
	int levels = 0;
	if (*index < DATA_DIRECT)
		return 0;
	*index -= DATA_DIRECT;
	for (levels = 1; *index >= REACH(levels); levels++)
		*index -= REACH(levels);
	return levels;
}

static size_t slot_in_map(uint64_t index, int level)
{
	return index >> MAP_SHIFT * level & (MAP_SLOTS - 1);
}

/* Where the number of a block stands, after the maps above it have been made. Null when there is no room for them. */
static uint32_t *slot_make(struct data *data, uint64_t index)
{
	int levels = levels_above(&index);
	if (levels == 0)
		return &data->direct[index];
	uint32_t *slot = &data->map[levels - 1];
	while (levels-- > 0) {
		if (!map_make(data, slot))
			return NULL;
		slot = &map_slots(*slot)[slot_in_map(index, levels)];
	}
	return slot;
}

uint32_t data_block_in_map(const struct data *data, uint64_t index)
{
	int levels = levels_above(&index);
	uint32_t block = data->map[levels - 1];
	while (levels-- > 0 && block != 0)
		block = map_slots(block)[slot_in_map(index, levels)];
	return block;
}

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

size_t data_hole_run(const struct data *data, uint64_t offset, size_t size, const char **bytes)
{
	uint64_t next = (offset / BLOCK_SIZE + 1) * BLOCK_SIZE;
	if (offset >= data->origin_size) {
		*bytes = zeros;
		return smaller(size, next - offset);
	}
	*bytes = data->origin + offset;
	size = smaller(size, data->origin_size - offset);
	while (next < offset + size && data_block(data, next / BLOCK_SIZE) == 0)
		next += BLOCK_SIZE;
	return smaller(size, next - offset);
}

size_t data_block_run(const struct data *data, uint64_t offset, size_t size)
{
	uint64_t index = offset / BLOCK_SIZE;
	uint32_t block = data_block(data, index);
	size_t length = BLOCK_SIZE - offset % BLOCK_SIZE;
	while (length < size && data_block(data, ++index) == ++block)
		length += BLOCK_SIZE;
	return smaller(size, length);
}

/* Writes what a hole reads as. */
static void hole_copy(const struct data *data, uint64_t offset, char *bytes, size_t size)
{
	size_t old = offset < data->origin_size ? smaller(size, data->origin_size - offset) : 0;
	if (old > 0)
		memcpy(bytes, data->origin + offset, old);
	memset(bytes + old, 0, size - old);
}

/* Puts a block into a hole. What of it will not be written now, `from` to `to`, reads as it did. */
static bool hole_fill(struct data *data, uint64_t index, uint32_t *slot, size_t from, size_t to)
{
	uint32_t block = block_take(index > 0 ? data_block(data, index - 1) : 0, FOR_FILES);
	if (block == 0)
		return false;
	char *bytes = block_bytes(block);
	hole_copy(data, index * BLOCK_SIZE, bytes, from);
	hole_copy(data, index * BLOCK_SIZE + to, bytes + to, BLOCK_SIZE - to);
	data->blocks++;
	*slot = block;
	return true;
}

int data_write_run(struct data *data, uint64_t offset, size_t size, struct run *run)
{
	if (offset >= data_size_max)
		return -EFBIG;
	size = smaller(size, data_size_max - offset);
	uint64_t index = offset / BLOCK_SIZE;
	size_t inside = offset % BLOCK_SIZE;
	*run = (struct run){.size = 0};
	while (run->size < size) {
		size_t length = smaller(size - run->size, BLOCK_SIZE - inside);
		uint32_t *slot = slot_make(data, index);
		bool made = slot != NULL && *slot == 0;
		if (run->size > 0 && made != run->made)
			break;
		if (slot == NULL || (made && !hole_fill(data, index, slot, inside, inside + length)))
			break;
		char *bytes = block_bytes(*slot) + inside;
		if (run->size > 0 && bytes != run->bytes + run->size) {
			/* It comes in the next run, and must not show what is in the block if there is none. */
			if (made)
				hole_copy(data, index * BLOCK_SIZE, bytes, length);
			break;
		}
		if (run->size == 0)
			*run = (struct run){.bytes = bytes, .made = made};
		run->size += length;
		index++;
		inside = 0;
	}
	return run->size > 0 ? 0 : -ENOSPC;
}

void data_written(struct data *data, uint64_t offset, const struct run *run)
{
	if (offset + run->size > data->size)
		data->size = offset + run->size;
}

void data_write_undo(struct data *data, uint64_t offset, const struct run *run)
{
	uint64_t end = offset + run->size;
	if (run->made)
		hole_copy(data, offset, run->bytes, run->size);
	else if (end > data->size && offset >= data->size)
		memset(run->bytes, 0, run->size);
	else if (end > data->size)
		memset(run->bytes + (data->size - offset), 0, (size_t)(end - data->size));
}

static void slot_drop(struct data *data, uint32_t *slot)
{
	block_drop(*slot);
	*slot = 0;
	data->blocks--;
}

/* Drops the blocks below a slot, the first `keep` of them excepted; the map goes with its last block. */
static void slot_cut(struct data *data, uint32_t *slot, int levels, uint64_t keep)
{
	if (*slot == 0 || keep >= REACH(levels))
		return;
	if (levels > 0) {
		uint32_t *slots = map_slots(*slot);
		uint64_t reach = REACH(levels - 1);
		for (uint64_t i = keep / reach; i < MAP_SLOTS; i++)
			slot_cut(data, &slots[i], levels - 1, i * reach < keep ? keep - i * reach : 0);
	}
	if (keep == 0)
		slot_drop(data, slot);
}

static void blocks_cut(struct data *data, uint64_t keep)
{
	for (uint64_t i = 0; i < DATA_DIRECT; i++)
		slot_cut(data, &data->direct[i], 0, i < keep);
	uint64_t before = DATA_DIRECT;
	for (int levels = 1; levels <= DATA_LEVELS; levels++) {
		slot_cut(data, &data->map[levels - 1], levels, keep > before ? keep - before : 0);
		before += REACH(levels);
	}
}

int data_resize(struct data *data, uint64_t size)
{
	if (size > data_size_max)
		return -EFBIG;
	uint64_t keep = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;
	blocks_cut(data, keep);
	uint32_t last = size % BLOCK_SIZE != 0 ? data_block(data, keep - 1) : 0;
	if (last != 0 && size < data->size)
		memset(block_bytes(last) + size % BLOCK_SIZE, 0, BLOCK_SIZE - size % BLOCK_SIZE);
	if (data->origin_size > size)
		data->origin_size = size;
	data->size = size;
	return 0;
}
