/*
 * Accounts. A charge moves bytes from `spare`; when these are too few, an account with a parent raises what it holds, and
 * so do those between it and the first above that has enough to spare:
 *
 *   account       spare 0, held 64K -> 72K     wants 4K: asks for a portion of 8K more
 *   parent        spare 1K, held 2M -> 2M+8K   has too little, so it passes the wish on
 *   its parent    spare 5M -> 5M-8K            has it
 *
 * All of it is atomic, without locks. A wish that fails lowers again what it has raised.
 */
#include "mem/account.h"

#include "abi/abi.h"
#include "mem/pool.h"
#include "panic.h"

enum { PORTION_MOST = 16 * PAGE_SIZE, LIMITS_MOST = 16 };

struct account kernel_account = {.spare = ACCOUNT_NO_LIMIT,
	.watched = INT64_MAX,
	.held = ACCOUNT_NO_LIMIT,
	.limit = ACCOUNT_NO_LIMIT,
	.references = 1};

static struct pool accounts = POOL_INIT(accounts, struct account);
static struct spinlock all_lock;
static struct list all GUARDED_BY(all_lock);

static void enlist(struct account *account)
{
	lock_acquire(&all_lock);
	list_append(&all, &account->link);
	lock_release(&all_lock);
}

void account_init(void)
{
	lock_acquire(&all_lock);
	list_init(&all);
	lock_release(&all_lock);
	enlist(&kernel_account);
}

/* ---- the slow way of charging */

/* What is drawn beyond the need: little of little, so that accounts with one limit don't starve each other. */
static uint64_t portion(const struct account *account)
{
	uint64_t eighth = __atomic_load_n(&account->held, __ATOMIC_RELAXED) / 8;

	if (eighth < PAGE_SIZE)
		return PAGE_SIZE;
	return eighth < PORTION_MOST ? eighth : PORTION_MOST;
}

static uint64_t limit_of(const struct account *account)
{
	return __atomic_load_n(&account->limit, __ATOMIC_RELAXED);
}

static void add_spare(struct account *account, uint64_t bytes)
{
	__atomic_fetch_add(&account->spare, (int64_t)bytes, __ATOMIC_RELAXED);
}

static bool try_take(struct account *account, uint64_t bytes)
{
	int64_t spare = __atomic_load_n(&account->spare, __ATOMIC_RELAXED);

	do {
		if (spare < (int64_t)bytes)
			return false;
	} while (!__atomic_compare_exchange_n(
		&account->spare, &spare, spare - (int64_t)bytes, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* Takes what is there to spare above `keep`, `bytes` at most: how much. */
static uint64_t take_up_to(struct account *account, uint64_t bytes, uint64_t keep)
{
	int64_t spare = __atomic_load_n(&account->spare, __ATOMIC_RELAXED), taken;

	do {
		if (spare <= (int64_t)keep)
			return 0;
		taken = spare - (int64_t)keep < (int64_t)bytes ? spare - (int64_t)keep : (int64_t)bytes;
	} while (!__atomic_compare_exchange_n(
		&account->spare, &spare, spare - taken, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return (uint64_t)taken;
}

static bool raise(struct account *account, uint64_t bytes)
{
	uint64_t held = __atomic_load_n(&account->held, __ATOMIC_RELAXED), limit = limit_of(account);

	do {
		if (held > limit || bytes > limit - held)
			return false;
	} while (!__atomic_compare_exchange_n(
		&account->held, &held, held + bytes, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

static void lower(struct account *account, uint64_t bytes)
{
	__atomic_fetch_sub(&account->held, bytes, __ATOMIC_RELAXED);
}

/* Raises what the account holds, at the cost of those above. */
static int raise_from_above(struct account *account, uint64_t bytes)
{
	struct account *at = account;

	for (; at->parent && raise(at, bytes); at = at->parent)
		if (try_take(at->parent, bytes))
			return 0;
	for (; account != at; account = account->parent)
		lower(account, bytes);
	return -ENOMEM;
}

int account_draw(struct account *account, uint64_t bytes)
{
	uint64_t more = portion(account), here;

	/* Put back first, so that what is here counts. Another hart that asks at this moment may be refused in vain. */
	add_spare(account, bytes);
	if (try_take(account, bytes))
		return 0;
	if (!raise_from_above(account, bytes + more)) {
		add_spare(account, more);
		return 0;
	}
	/* Little is left above: what is here counts, and no portion is put by. */
	here = take_up_to(account, bytes, 0);
	if (here == bytes || !raise_from_above(account, bytes - here))
		return 0;
	add_spare(account, here);
	return -ENOMEM;
}

/* An account that holds more than its limit, which has been lowered, keeps nothing. */
static uint64_t spare_most(const struct account *account)
{
	return __atomic_load_n(&account->held, __ATOMIC_RELAXED) > limit_of(account) ? 0
										     : 2 * portion(account);
}

static void give_back(struct account *account)
{
	for (; account->parent; account = account->parent) {
		uint64_t most = spare_most(account), bytes;

		if (__atomic_load_n(&account->spare, __ATOMIC_RELAXED) <= (int64_t)most)
			return;
		bytes = take_up_to(account, UINT64_MAX >> 1, most / 2);
		lower(account, bytes);
		add_spare(account->parent, bytes);
	}
}

/* Signed: while a limit is being set, there may be more to spare than is held. */
static void note_peak(struct account *account, int64_t used)
{
	int64_t peak = __atomic_load_n(&account->peak, __ATOMIC_RELAXED);

	while (used > peak && !__atomic_compare_exchange_n(
				      &account->peak, &peak, used, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
}

/*
 * What is in use grows until something is given back, so then is the time to look how much it was. Without a limit above, only
 * when it was more than ever: what is held stays, so that shows in what there is to spare.
 */
void account_gave(struct account *account, int64_t before)
{
	note_peak(account, (int64_t)__atomic_load_n(&account->held, __ATOMIC_RELAXED) - before);
	if (account->parent)
		give_back(account);
	else
		__atomic_store_n(&account->watched, before, __ATOMIC_RELAXED);
}

/* ---- making, limiting, ending */

/* The account with a limit from which one made by `creator` draws; NULL: none. */
static struct account *parent_for(struct account *creator)
{
	struct account *parent;

	lock_acquire(&creator->lock);
	creator->has_heirs = true;
	parent = limit_of(creator) == ACCOUNT_NO_LIMIT ? creator->parent : creator;
	lock_release(&creator->lock);
	return parent;
}

struct account *account_create(struct account *creator)
{
	struct account *account = pool_alloc(&accounts, NULL), *parent;

	if (!account)
		return NULL;
	parent = parent_for(creator);
	account->limit = ACCOUNT_NO_LIMIT;
	account->watched = INT64_MAX;
	if (parent) {
		account->parent = parent;
		account->limits_above = parent->limits_above + 1;
	} else {
		account->held = ACCOUNT_NO_LIMIT;
		account->spare = ACCOUNT_NO_LIMIT;
	}
	if (account_charge(account, accounts.charge)) {
		pool_free(&accounts, NULL, account);
		return NULL;
	}
	if (parent)
		account_take(parent);
	account->references = 1;
	enlist(account);
	return account;
}

struct account *account_take(struct account *account)
{
	__atomic_fetch_add(&account->references, 1, __ATOMIC_RELAXED);
	return account;
}

static void destroy(struct account *account)
{
	uint64_t used = account->held - (uint64_t)account->spare;

	if (used != accounts.charge)
		panic("an account ends with %lu bytes charged to it", used - accounts.charge);
	if (account->parent)
		add_spare(account->parent, account->held);
	lock_acquire(&all_lock);
	list_remove(&account->link);
	lock_release(&all_lock);
	pool_free(&accounts, NULL, account);
}

void account_put(struct account *account)
{
	/* Release and acquire: what was charged and given back is seen by whoever ends it. */
	while (account && __atomic_sub_fetch(&account->references, 1, __ATOMIC_ACQ_REL) == 0) {
		struct account *parent = account->parent;

		destroy(account);
		if (parent)
			give_back(parent);
		account = parent;
	}
}

static int limit(struct account *account, uint64_t bytes) REQUIRES(account->lock)
{
	uint64_t before = limit_of(account);

	if (bytes > before)
		return -EINVAL;
	if (before == ACCOUNT_NO_LIMIT && account->has_heirs)
		return -EBUSY;
	if (before == ACCOUNT_NO_LIMIT && account->limits_above == LIMITS_MOST)
		return -ENOMEM;

	__atomic_store_n(&account->limit, bytes, __ATOMIC_RELAXED);
	if (!account->parent) {
		__atomic_store_n(&account->held, bytes, __ATOMIC_RELAXED);
		__atomic_fetch_sub(&account->spare, (int64_t)(before - bytes), __ATOMIC_RELAXED);
		__atomic_store_n(&account->watched, INT64_MAX, __ATOMIC_RELAXED);
	}
	give_back(account);
	return 0;
}

int account_limit(struct account *account, uint64_t bytes)
{
	int error;

	lock_acquire(&account->lock);
	error = limit(account, bytes);
	lock_release(&account->lock);
	return error;
}

/* ---- figures */

void account_read(struct account *account, uint64_t *used, uint64_t *limit)
{
	uint64_t held;

	lock_acquire(&account->lock);
	do {
		held = __atomic_load_n(&account->held, __ATOMIC_ACQUIRE);
		*used = held - (uint64_t)__atomic_load_n(&account->spare, __ATOMIC_ACQUIRE);
	} while (held != __atomic_load_n(&account->held, __ATOMIC_RELAXED));
	*limit = limit_of(account);
	lock_release(&account->lock);
}

uint64_t account_peak(struct account *account)
{
	uint64_t used, limit, peak = (uint64_t)__atomic_load_n(&account->peak, __ATOMIC_RELAXED);

	account_read(account, &used, &limit);
	return used > peak ? used : peak;
}

/* What one below has drawn and not used counts as used above. */
uint64_t account_total(void)
{
	uint64_t total = 0;

	lock_acquire(&all_lock);
	for (const struct list *at = all.next; at != &all; at = at->next) {
		const struct account *account = container_of(at, const struct account, link);
		uint64_t spare = (uint64_t)__atomic_load_n(&account->spare, __ATOMIC_RELAXED);

		total -= spare;
		if (!account->parent)
			total += __atomic_load_n(&account->held, __ATOMIC_RELAXED);
	}
	lock_release(&all_lock);
	return total;
}
