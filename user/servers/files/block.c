/*
 * A bit for each block tells whether it is taken, another whether its page has ever been touched. Sixteen blocks are
 * a group, and a word of the bitmaps: a file that can't go on in the next block goes on in a group that is all free,
 * so that files that grow at the same time do not interleave block by block.
 */
#include "block.h"

#include <string.h>

#include "outside.h"

enum { GROUP = 16, GROUP_ALL = 0xffff };

/* Some fifteen pipes; of few blocks, one in so many. */
enum { RESERVE_MOST = 64, RESERVE_SHARE = 8 };

char *block_memory;
static uint32_t groups;
static uint32_t free_blocks;
static uint32_t reserve; /* so many are not for files */
static uint32_t free_groups; /* of which all blocks are free */
static uint32_t lowest; /* no group below it has a free block */
static uint32_t lowest_free; /* no group below it is all free */
static uint16_t *taken, *touched; /* bitmaps, at the beginning of the blocks themselves */

static bool is_taken(uint32_t block)
{
	return taken[block / GROUP] >> block % GROUP & 1;
}

static bool is_touched(uint32_t block)
{
	return touched[block / GROUP] >> block % GROUP & 1;
}

static void mark(uint32_t block)
{
	uint16_t *group = &taken[block / GROUP];
	free_groups -= *group == 0;
	*group = (uint16_t)(*group | 1 << block % GROUP);
	free_blocks--;
}

bool block_begin(uint32_t count)
{
	groups = count / GROUP;
	size_t map = groups * sizeof(uint16_t);
	uint32_t own = (uint32_t)((2 * map + BLOCK_SIZE - 1) / BLOCK_SIZE);
	if (own >= groups * GROUP)
		return false;
	block_memory = pages_reserve(groups * (size_t)GROUP);
	if (block_memory == NULL)
		return false;
	for (uint32_t i = 0; i < own; i++)
		if (!page_commit(block_bytes(i)))
			return false;
	taken = (uint16_t *)block_memory;
	touched = taken + groups;
	free_groups = groups;
	free_blocks = groups * GROUP;
	reserve = free_blocks / RESERVE_SHARE;
	if (reserve > RESERVE_MOST)
		reserve = RESERVE_MOST;
	for (uint32_t i = 0; i < own; i++)
		mark(i);
	return true;
}

/* The lowest clear bit of a group that is not full. */
static uint32_t lowest_clear(uint32_t group, uint32_t bits)
{
	return group * GROUP + (uint32_t)__builtin_ctz(~bits);
}

/* The first block of a group that is all free, or 0. */
static uint32_t find_group(void)
{
	if (free_groups == 0)
		return 0;
	while (taken[lowest_free] != 0)
		lowest_free++;
	return lowest_free * GROUP;
}

/* Any free block; 0 when there is none. The lowest are used again and again, so others stay untouched. */
static uint32_t find_any(void)
{
	if (free_blocks == 0)
		return 0;
	while (taken[lowest] == GROUP_ALL)
		lowest++;
	return lowest_clear(lowest, taken[lowest]);
}

static uint32_t find_touched(void)
{
	for (uint32_t group = lowest; group < groups; group++)
		if ((touched[group] & ~taken[group]) != 0)
			return lowest_clear(group, taken[group] | (uint16_t)~touched[group]);
	return 0;
}

static bool touch(uint32_t block)
{
	if (is_touched(block))
		return true;
	if (!page_commit(block_bytes(block)))
		return false;
	touched[block / GROUP] = (uint16_t)(touched[block / GROUP] | 1 << block % GROUP);
	return true;
}

static uint32_t find(uint32_t after)
{
	uint32_t block = 0;
	if (after != 0 && after + 1 < groups * GROUP && !is_taken(after + 1))
		return after + 1;
	if (after != 0)
		block = find_group();
	return block != 0 ? block : find_any();
}

uint32_t block_take(uint32_t after, enum block_use use)
{
	if (use == FOR_FILES && free_blocks <= reserve)
		return 0;
	uint32_t block = find(after);
	/* When the system has no page left, one that was given back here may still be had. */
	if (block != 0 && !touch(block))
		block = find_touched();
	if (block != 0)
		mark(block);
	return block;
}

void block_drop(uint32_t block)
{
	uint16_t *group = &taken[block / GROUP];
	*group = (uint16_t)(*group & ~(1 << block % GROUP));
	free_blocks++;
	if (block / GROUP < lowest)
		lowest = block / GROUP;
	if (*group != 0)
		return;
	free_groups++;
	if (block / GROUP < lowest_free)
		lowest_free = block / GROUP;
}

uint32_t block_count(void)
{
	return groups * GROUP - reserve;
}

uint32_t block_count_free(void)
{
	return free_blocks > reserve ? free_blocks - reserve : 0;
}
