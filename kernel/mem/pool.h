/* Memory for kernel objects: a pool gives pieces of one size, cut from whole frames, and returns empty frames. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"
#include "lib/list.h"
#include "lock.h"

struct account;

enum { POOL_SLAB_HEADER = 64 };

struct pool {
	size_t size; /* of a piece */
	size_t charge; /* for a piece: its share of a frame */
	struct pool *next; /* in the list of all that have had a piece */
	struct spinlock lock;
	struct list partial MEMBER_GUARDED_BY(lock); /* slabs with a free piece */
	size_t slabs MEMBER_GUARDED_BY(lock); /* frames it has */
	bool is_listed MEMBER_GUARDED_BY(lock);
};

#define POOL_PIECES(type) ((PAGE_SIZE - POOL_SLAB_HEADER) / sizeof(type))

#define POOL_INIT(pool, type) \
	{ \
		.size = sizeof(type), .charge = (PAGE_SIZE + POOL_PIECES(type) - 1) / POOL_PIECES(type), \
		.partial = { \
			&(pool).partial, \
			&(pool).partial \
		} \
	}

/* A piece full of zeros, charged to an account if there is one; NULL when memory is out or a limit is reached. */
void *pool_alloc(struct pool *pool, struct account *account);

/* The same with whatever it held before, for callers that fill all of it. */
void *pool_alloc_unset(struct pool *pool, struct account *account);

void pool_free(struct pool *pool, struct account *account, void *piece);

/* The pieces given out: counted, for audits. */
size_t pool_used(struct pool *pool);

/* What all pools have: the pieces given out, in bytes that they are charged with, and the frames. */
void pool_totals(uint64_t *charged, size_t *frames);
