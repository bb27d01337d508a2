/*
 * Small pieces of memory, cut from blocks: nodes, names, descriptions. A block of which no piece is left in use goes
 * back.
 */
#pragma once

#include <stddef.h>

#include "block.h"

enum { PIECE_MAX = 2032 };

/* A piece of at most PIECE_MAX bytes, all zero; null when there is no block for this use. */
void *piece_take(size_t size, enum block_use use);

void piece_drop(void *piece);
