/*
 * Slabs: a frame begins with its header, the rest is pieces. The frame of a piece is found by rounding its address
 * down. A slab is on the pool's list while it has a free piece; one without used pieces goes back at once, so that
 * what was allocated and freed leaves no trace.
 */
#include "mem/pool.h"

#include "lib/string.h"
#include "mem/account.h"
#include "mem/frame.h"
#include "panic.h"
#include "result.h"

struct piece {
	struct piece *next;
};

struct slab {
	struct list link; /* in pool->partial, or alone */
	struct pool *pool;
	struct piece *free;
	size_t used;
} __attribute__((aligned(POOL_SLAB_HEADER)));

STATIC_ASSERT(sizeof(struct slab) == POOL_SLAB_HEADER);

static struct pool *pools; /* atomic: all that are listed; none ever leaves */

static void enlist(struct pool *pool) REQUIRES(pool->lock)
{
	pool->is_listed = true;
	pool->next = __atomic_load_n(&pools, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(
		&pools, &pool->next, pool, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		continue;
}

static struct slab *slab_new(struct pool *pool) REQUIRES(pool->lock)
{
	paddr_t frame;

	if (frame_alloc(&frame))
		return NULL;
	pool->slabs++;
	if (!pool->is_listed)
		enlist(pool);

	struct slab *slab = direct(frame);
	char *end = (char *)slab + PAGE_SIZE;

	/* Member by member: the whole header would be set to zero first. */
	slab->pool = pool;
	slab->free = NULL;
	slab->used = 0;
	for (char *at = (char *)(slab + 1); at + pool->size <= end; at += pool->size) {
		struct piece *piece = (struct piece *)at;

		piece->next = slab->free;
		slab->free = piece;
	}
	assert(slab->free);
	list_append(&pool->partial, &slab->link);
	return slab;
}

/* Of a slab on the list of its pool, whose lock is held. */
static inline void *take(struct slab *slab)
{
	struct piece *piece = slab->free;

	slab->free = piece->next;
	slab->used++;
	if (__builtin_expect(!slab->free, 0))
		list_remove(&slab->link);
	return piece;
}

static RARE void *take_of_new(struct pool *pool, struct account *account) RELEASES(pool->lock)
{
	struct slab *slab = slab_new(pool);
	void *piece = slab ? take(slab) : NULL;

	lock_release(&pool->lock);
	if (!piece && account)
		account_uncharge(account, pool->charge);
	return piece;
}

/* A piece that is charged already. Like its caller it calls others only at its end, so that no register has to be saved. */
static inline void *take_charged(struct pool *pool, struct account *account)
{
	void *piece;

	lock_acquire(&pool->lock);
	if (__builtin_expect(list_is_empty(&pool->partial), 0))
		return take_of_new(pool, account);
	piece = take(list_first(&pool->partial, struct slab, link));
	lock_release(&pool->lock);
	return piece;
}

static RARE void *draw_and_take(struct pool *pool, struct account *account)
{
	return account_draw(account, pool->charge) ? NULL : take_charged(pool, account);
}

void *pool_alloc_unset(struct pool *pool, struct account *account)
{
	if (account && !account_spares(account, pool->charge))
		return draw_and_take(pool, account);
	return take_charged(pool, account);
}

void *pool_alloc(struct pool *pool, struct account *account)
{
	void *piece = pool_alloc_unset(pool, account);

	return piece ? memset(piece, 0, pool->size) : NULL;
}

/* True when the slab is empty now, and taken from the pool. */
static bool give(struct pool *pool, struct slab *slab, struct piece *piece) REQUIRES(pool->lock)
{
	assert(slab->pool == pool && slab->used);
	if (!slab->free)
		list_append(&pool->partial, &slab->link);
	piece->next = slab->free;
	slab->free = piece;
	slab->used--;
	if (__builtin_expect(slab->used, 1))
		return false;
	list_remove(&slab->link);
	pool->slabs--;
	return true;
}

static RARE void give_back(struct pool *pool, struct account *account, struct slab *slab)
{
	frame_free(direct_to_physical(slab));
	if (account)
		account_uncharge(account, pool->charge);
}

/* Like pool_alloc it calls others only at its end. */
void pool_free(struct pool *pool, struct account *account, void *pointer)
{
	struct slab *slab = (struct slab *)((uintptr_t)pointer & ~(uintptr_t)(PAGE_SIZE - 1));
	bool empty;

	lock_acquire(&pool->lock);
	empty = give(pool, slab, pointer);
	lock_release(&pool->lock);
	if (empty)
		give_back(pool, account, slab);
	else if (account)
		account_uncharge(account, pool->charge);
}

size_t pool_used(struct pool *pool)
{
	size_t pieces = (PAGE_SIZE - POOL_SLAB_HEADER) / pool->size, used;

	lock_acquire(&pool->lock);
	used = pool->slabs * pieces;
	list_each(slab, &pool->partial, struct slab, link) used -= pieces - slab->used;
	lock_release(&pool->lock);
	return used;
}

void pool_totals(uint64_t *charged, size_t *frames)
{
	*charged = 0, *frames = 0;
	/* Acquire: a pool is seen with its link. Partner: enlist. */
	for (struct pool *pool = __atomic_load_n(&pools, __ATOMIC_ACQUIRE); pool; pool = pool->next) {
		*charged += pool_used(pool) * pool->charge;
		lock_acquire(&pool->lock);
		*frames += pool->slabs;
		lock_release(&pool->lock);
	}
}
