/*
 * Small pieces of memory, cut from blocks: nodes, names, descriptions. A block of which no piece is left in use goes
 * back.
 */
#pragma once

#include <stddef.h>

enum { PIECE_MAX = 2032 };

/* A piece of at most PIECE_MAX bytes, all zero; null when all blocks are taken. */
void *piece_take(size_t size);

void piece_drop(void *piece);
