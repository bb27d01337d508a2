/*
 * A node has its locks in a list, in the order in which they were made, and behind them the calls that wait for one; an owner has
 * its own in another. Both are short, and bounded.
 */
#include "record_lock.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <tabula/serve/file.h>

#include "description.h"
#include "files.h"
#include "node.h"
#include "piece.h"

/* Of so many owners it is looked whom they wait for. */
enum { DEADLOCK_OWNERS = 64 };

struct record_lock {
	struct record_lock *next, *next_of_owner;
	struct node *node; /* used by it */
	struct description *owner;
	struct description *waits; /* a call through this one waits for the lock; null: the owner has it */
	struct file_range range;
	uint32_t kind; /* LOCKING_SHARED or LOCKING_EXCLUSIVE */
	uint32_t token;
};

/* ---- lists */

static struct record_lock *lock_make(void)
{
	return piece_take(sizeof(struct record_lock), FOR_HANDLES);
}

static void lock_enter(struct record_lock *lock)
{
	struct record_lock **link = &lock->node->locks;
	while (*link != NULL)
		link = &(*link)->next;
	*link = lock;
	lock->next = NULL;
	lock->next_of_owner = lock->owner->locks;
	lock->owner->locks = lock;
	lock->owner->lock_count++;
	lock->node->lock_count++;
	node_use(lock->node);
}

/* Takes a lock out of both lists. Its node may go with it. */
static void lock_drop(struct record_lock *lock)
{
	struct record_lock **link = &lock->node->locks;
	while (*link != lock)
		link = &(*link)->next;
	*link = lock->next;
	link = &lock->owner->locks;
	while (*link != lock)
		link = &(*link)->next_of_owner;
	*link = lock->next_of_owner;
	lock->owner->lock_count--;
	lock->node->lock_count--;
	node_leave(lock->node);
	piece_drop(lock);
}

/* ---- which are in each other's way */

static bool overlaps(const struct file_range *a, const struct file_range *b)
{
	return a->begin <= b->last && b->begin <= a->last;
}

/* Whether they overlap or lie side by side. */
static bool touches(const struct file_range *a, const struct file_range *b)
{
	return (a->begin == 0 || a->begin - 1 <= b->last) && (b->begin == 0 || b->begin - 1 <= a->last);
}

/* The first from `lock` on that keeps `owner` from one of this kind. */
static struct record_lock *conflict(struct record_lock *lock, const struct description *owner, uint32_t kind,
	const struct file_range *range)
{
	while (lock != NULL &&
		(lock->waits != NULL || lock->owner == owner || !overlaps(&lock->range, range) ||
			(kind | lock->kind) == LOCKING_SHARED))
		lock = lock->next;
	return lock;
}

/* Owners that somebody waits for, each once. */
struct owners {
	const struct description *list[DEADLOCK_OWNERS];
	size_t count;
};

static void owners_add(struct owners *owners, const struct description *owner)
{
	for (size_t i = 0; i < owners->count; i++)
		if (owners->list[i] == owner)
			return;
	if (owners->count < DEADLOCK_OWNERS)
		owners->list[owners->count++] = owner;
}

static void owners_add_conflicts(struct owners *owners, const struct node *node,
	const struct description *owner, uint32_t kind, const struct file_range *range)
{
	for (struct record_lock *lock = node->locks; (lock = conflict(lock, owner, kind, range)) != NULL;
		lock = lock->next)
		owners_add(owners, lock->owner);
}

/* Whether one of those that `owner` would wait for waits for `owner`, by way of whomever. */
static bool would_wait_for_itself(const struct node *node, const struct description *owner, uint32_t kind,
	const struct file_range *range)
{
	struct owners owners = {.count = 0};
	owners_add_conflicts(&owners, node, owner, kind, range);
	for (size_t i = 0; i < owners.count; i++) {
		if (owners.list[i] == owner)
			return true;
		for (const struct record_lock *lock = owners.list[i]->locks; lock != NULL;
			lock = lock->next_of_owner)
			if (lock->waits != NULL)
				owners_add_conflicts(
					&owners, lock->node, lock->owner, lock->kind, &lock->range);
	}
	return false;
}

/* ---- changes */

/* Takes a range out of a lock that overlaps it: nothing is left, one part, or two, of which `*spare` becomes the second. */
static void range_cut(struct record_lock *lock, const struct file_range *range, struct record_lock **spare)
{
	struct file_range before = {lock->range.begin, range->begin - 1, lock->range.name, 0};
	struct file_range behind = {range->last + 1, lock->range.last, lock->range.name, 0};
	bool has_before = lock->range.begin<range->begin, has_behind = lock->range.last> range->last;
	if (has_before && has_behind) {
		**spare = *lock;
		(*spare)->range = behind;
		lock_enter(*spare);
		*spare = NULL;
	}
	if (has_before)
		lock->range = before;
	else if (has_behind)
		lock->range = behind;
	else
		lock_drop(lock);
}

/* Takes a range out of all that an owner has of a node. `*spare` may be used for one, which is enough: they do not overlap. */
static void range_free(struct node *node, const struct description *owner, const struct file_range *range,
	struct record_lock **spare)
{
	struct record_lock *next;
	for (struct record_lock *lock = node->locks; lock != NULL; lock = next) {
		next = lock->next;
		if (lock->waits == NULL && lock->owner == owner && overlaps(&lock->range, range))
			range_cut(lock, range, spare);
	}
}

/* Makes one of a new lock and those of the same kind that touch it. */
static void range_join(struct record_lock *new)
{
	struct record_lock *next;
	for (struct record_lock *lock = new->node->locks; lock != NULL; lock = next) {
		next = lock->next;
		if (lock == new || lock->waits != NULL || lock->owner != new->owner ||
			lock->kind != new->kind || !touches(&lock->range, &new->range))
			continue;
		if (lock->range.begin < new->range.begin)
			new->range.begin = lock->range.begin;
		if (lock->range.last > new->range.last)
			new->range.last = lock->range.last;
		lock_drop(lock);
	}
}

static void spare_drop(struct record_lock *spare)
{
	if (spare != NULL)
		piece_drop(spare);
}

/* ---- those that wait */

/* Has `lock`, which waits, become one that its owner has. 0 or -errno. */
static int wait_grant(struct record_lock *lock)
{
	struct record_lock *spare = lock_make();
	if (spare == NULL)
		return -ENOLCK;
	range_free(lock->node, lock->owner, &lock->range, &spare);
	spare_drop(spare);
	lock->waits = NULL;
	range_join(lock);
	return 0;
}

/* Answers a call that waits. One whose caller has gone gets nothing. */
static void wait_answer(struct record_lock *lock, int error)
{
	uint32_t token = lock->token;
	if (error == 0)
		error = request_waits(&files, token) ? wait_grant(lock) : -ESRCH;
	if (error != 0)
		lock_drop(lock);
	(void)answer_file_lock(&files, token, error);
}

static struct record_lock *next_that_waits(struct record_lock *lock)
{
	while (lock != NULL && lock->waits == NULL)
		lock = lock->next;
	return lock;
}

/* Answers all that nothing is in the way of any more; says whether there was one. */
static bool waits_grant(struct node *node)
{
	bool some = false;
	struct record_lock *next, *lock = next_that_waits(node->locks);
	for (; lock != NULL; lock = next) {
		next = next_that_waits(lock->next); /* which stays, whatever becomes of others */
		if (conflict(node->locks, lock->owner, lock->kind, &lock->range) != NULL)
			continue;
		wait_answer(lock, 0);
		some = true;
	}
	return some;
}

/* Something was unlocked. Who gets a lock may share what it had for itself: then there is more to give. */
static void node_go_on(struct node *node)
{
	while (waits_grant(node))
		;
}

/* Ends the calls of a node that wait through a description. */
static void waits_end(struct node *node, const struct description *description, int error)
{
	struct record_lock *next;
	for (struct record_lock *lock = node->locks; lock != NULL; lock = next) {
		next = lock->next;
		if (lock->waits == description)
			wait_answer(lock, error);
	}
}

/* ---- the calls */

static bool has_room(const struct node *node, const struct description *owner)
{
	enum { MORE = 2 }; /* a lock in the middle of another one makes two more */
	return node->lock_count + MORE <= LOCKS_OF_NODE_MAX && owner->lock_count + MORE <= LOCKS_OF_OWNER_MAX;
}

/* Gives the owner a lock that nobody keeps it from, or with kind 0 takes away what it has there. */
static int lock_now(
	struct node *node, struct description *owner, uint32_t kind, const struct file_range *range)
{
	struct record_lock *new = kind != 0 ? lock_make() : NULL, *spare = lock_make();
	if (spare == NULL || (kind != 0 && new == NULL)) {
		spare_drop(new);
		spare_drop(spare);
		return -ENOLCK;
	}
	range_free(node, owner, range, &spare);
	spare_drop(spare);
	if (new != NULL) {
		*new = (struct record_lock){.node = node, .owner = owner, .range = *range, .kind = kind};
		lock_enter(new);
		range_join(new);
	}
	node_go_on(node);
	return 0;
}

static long lock_wait(struct description *description, uint32_t token, struct description *owner,
	uint32_t kind, const struct file_range *range)
{
	/* Who locks by an open file can be several, one of whom may unlock what another waits for. */
	if (owner != description && would_wait_for_itself(description->node, owner, kind, range))
		return -EDEADLK;
	struct record_lock *lock = lock_make();
	if (lock == NULL)
		return -ENOLCK;
	*lock = (struct record_lock){.node = description->node,
		.owner = owner,
		.waits = description,
		.range = *range,
		.kind = kind,
		.token = token};
	lock_enter(lock);
	return DEFERRED;
}

/* May a description lock like this? */
static int may_lock(const struct description *description, uint32_t how)
{
	if (!(how & LOCKING_ACCESS))
		return 0;
	if (((how & LOCKING_SHARED) && !(description->how & OPEN_READ)) ||
		((how & LOCKING_EXCLUSIVE) && !(description->how & OPEN_WRITE)))
		return -EBADF;
	return 0;
}

long record_lock_set(struct description *description, uint32_t token, struct description *owner, uint32_t how,
	const struct file_range *range)
{
	struct node *node = description->node;
	uint32_t kind = how & (LOCKING_SHARED | LOCKING_EXCLUSIVE);
	if (node == NULL || kind == (LOCKING_SHARED | LOCKING_EXCLUSIVE) || range->begin > range->last)
		return -EINVAL;
	if (may_lock(description, how) != 0)
		return -EBADF;
	if (kind != 0 && !has_room(node, owner))
		return -ENOLCK;
	if (kind == 0 || conflict(node->locks, owner, kind, range) == NULL)
		return lock_now(node, owner, kind, range);
	return how & LOCKING_WAITS ? lock_wait(description, token, owner, kind, range) : -EAGAIN;
}

uint32_t record_lock_find(const struct description *description, const struct description *owner,
	uint32_t how, struct file_range *range)
{
	uint32_t kind = how & (LOCKING_SHARED | LOCKING_EXCLUSIVE);
	const struct record_lock *lock =
		description->node != NULL ? conflict(description->node->locks, owner, kind, range) : NULL;
	if (lock == NULL)
		return 0;
	*range = lock->range;
	return lock->kind;
}

void record_lock_interrupt(struct description *description)
{
	if (description->node != NULL)
		waits_end(description->node, description, -EINTR);
}

void record_lock_close(struct description *description)
{
	if (description->node != NULL)
		waits_end(description->node, description, -EBADF);
	while (description->locks != NULL) {
		struct record_lock *lock = description->locks;
		struct node *node = lock->node;
		node_use(node);
		if (lock->waits != NULL) {
			wait_answer(lock, -EBADF);
		} else {
			lock_drop(lock);
			node_go_on(node);
		}
		node_leave(node);
	}
}
