/*
 * Accounts: how many bytes of kernel memory each process causes, and how many it may. There is one a process; whatever
 * is allocated for it is charged to it, and given back to it when that is freed. A limit bounds a process together with
 * all that come from it: their accounts draw what they charge from the one with the limit, in portions, so that processes
 * share nothing on the way. Where there is no limit above, an account draws nothing from anybody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/abi.h"
#include "arch.h"
#include "lib/list.h"
#include "lib/string.h"
#include "lock.h"
#include "mem/frame.h"
#include "result.h"

/* A limit that is none: more than there can be, and far from the end of 64 bits. */
#define ACCOUNT_NO_LIMIT (1ul << 62)

struct account {
	int64_t spare; /* atomic: bytes that may be charged; below 0 when the limit was set below what is used */
	int64_t watched; /* atomic: when there is less to spare before something is given back, account_gave looks at it */
	struct account *parent; /* the next one above with a limit, with a reference; NULL: none */
	uint64_t held; /* atomic: used and spare: drawn from `parent`, or without it the limit */
	uint64_t limit; /* atomic: of `held`; changes under `lock` */
	int64_t peak; /* atomic: the most in use that account_gave has seen */
	uint32_t references; /* atomic: of the process, of accounts below, of objects charged */
	unsigned limits_above;
	struct spinlock lock;
	bool has_heirs MEMBER_GUARDED_BY(lock); /* a process has been made from it */
	struct list link; /* in the list of all */
} __attribute__((aligned(64))); /* a line of its own: charging writes to it */

/* For what the kernel needs before there is a process, and for the first one. */
extern struct account kernel_account;

/* Once, before any other. */
void account_init(void);

/* The account of a process that `creator` makes, charged with itself; NULL when memory is out. With a reference. */
struct account *account_create(struct account *creator);

struct account *account_take(struct account *account);

/* The last one gone, nothing may be charged any more: what was not given back is a panic. */
void account_put(struct account *account);

/*
 * Bounds what the account and those that come from it use: -EINVAL above the limit it has, -EBUSY when processes have
 * been made from it without one, -ENOMEM when there are too many limits above. When more is used already, that stays, and
 * nothing more is drawn until it is less; what those below have drawn they may still use.
 */
MUST_USE int account_limit(struct account *account, uint64_t bytes);

/* Bytes in use, with what the accounts below have drawn, and the limit. While a portion is drawn it may count as used. */
void account_read(struct account *account, uint64_t *used, uint64_t *limit);

/* The most bytes in use at a time. Below a limit, what was drawn may count as used, as in account_read. */
uint64_t account_peak(struct account *account);

/* Bytes charged to all accounts. Exact while nobody else charges any. */
uint64_t account_total(void);

/*
 * The slow ways of charging and giving back, below; `bytes` have been taken from `spare` already, which was too little; or have
 * been given back when that was `before`.
 */
MUST_USE int account_draw(struct account *account, uint64_t bytes);
void account_gave(struct account *account, int64_t before);

/* Takes bytes from `spare`; false when it was too little: account_draw has to follow. */
static inline MUST_USE bool account_spares(struct account *account, uint64_t bytes)
{
	/* Taken first and looked at then, which is one step; what is below 0 meanwhile sends others the slow way. */
	int64_t before = __atomic_fetch_sub(&account->spare, (int64_t)bytes, __ATOMIC_RELAXED);

	return __builtin_expect(before >= (int64_t)bytes, 1);
}

/* -ENOMEM when a limit is reached. */
static inline MUST_USE int account_charge(struct account *account, uint64_t bytes)
{
	return account_spares(account, bytes) ? 0 : account_draw(account, bytes);
}

static inline void account_uncharge(struct account *account, uint64_t bytes)
{
	int64_t before = __atomic_fetch_add(&account->spare, (int64_t)bytes, __ATOMIC_RELAXED);

	if (__builtin_expect(before < __atomic_load_n(&account->watched, __ATOMIC_RELAXED), 0))
		account_gave(account, before);
}

/* Frames, charged: -ENOMEM when there is none, or the limit is reached. As frame_alloc and its companions. */
static inline MUST_USE int account_frame_alloc(struct account *account, paddr_t *frame)
{
	TRY(account_charge(account, PAGE_SIZE));

	int error = frame_alloc(frame);

	if (error)
		account_uncharge(account, PAGE_SIZE);
	return error;
}

static inline MUST_USE int account_frame_alloc_zeroed(struct account *account, paddr_t *frame)
{
	TRY(account_charge(account, PAGE_SIZE));

	int error = frame_alloc_zeroed(frame);

	if (error)
		account_uncharge(account, PAGE_SIZE);
	return error;
}

static inline void account_frame_free(struct account *account, paddr_t frame)
{
	account_uncharge(account, PAGE_SIZE);
	frame_free(frame);
}

static inline void account_frame_free_zeroed(struct account *account, paddr_t frame)
{
	account_uncharge(account, PAGE_SIZE);
	frame_free_zeroed(frame);
}
