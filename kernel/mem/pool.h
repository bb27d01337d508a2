/* Memory for kernel objects: a pool gives pieces of one size, cut from whole frames, and returns empty frames. */
#pragma once

#include <stddef.h>

#include "lib/list.h"
#include "lock.h"

struct pool {
	size_t size; /* of a piece */
	struct spinlock lock;
	struct list partial MEMBER_GUARDED_BY(lock); /* slabs with a free piece */
	size_t used MEMBER_GUARDED_BY(lock); /* pieces given out */
};

#define POOL_INIT(pool, type) \
	{ \
		.size = sizeof(type), .partial = { &(pool).partial, &(pool).partial } \
	}

/* A piece full of zeros, NULL when memory is out. */
void *pool_alloc(struct pool *pool);

void pool_free(struct pool *pool, void *piece);
