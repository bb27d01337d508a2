/* Handle tables. A value is generation << HANDLE_INDEX_BITS | index; generation 0 is never used, so 0 names nothing. */
#include "object/handle.h"

#include "abi/abi.h"
#include "lib/string.h"
#include "object/control.h"
#include "object/endpoint.h"
#include "object/process.h"
#include "object/thread.h"
#include "panic.h"

STATIC_ASSERT(HANDLE_PAGE_SLOTS * sizeof(struct handle_slot) == PAGE_SIZE);
STATIC_ASSERT(HANDLE_INDEX_BITS + HANDLE_GENERATION_BITS == 31);
STATIC_ASSERT(HANDLE_GENERATION_SHIFT + HANDLE_GENERATION_BITS == HANDLE_OBJECT_SHIFT);

/* Every right has its bit in a name, and every type fits. */
#define FITS(type) \
	STATIC_ASSERT((unsigned)OBJECT_##type <= (unsigned)HANDLE_TYPE_MASK && \
		      !(RIGHTS_##type##_ALL & ~(3u | HANDLE_DENIED_MASK >> 2 << 8)))
FITS(PROCESS);
FITS(THREAD);
FITS(MEMORY);
FITS(SYSTEM);
FITS(ENDPOINT);
FITS(NOTIFICATION);
FITS(TIMER);
FITS(INTERRUPT);

static uint32_t index_of(uint32_t value)
{
	return value & ((1u << HANDLE_INDEX_BITS) - 1);
}

static struct handle_slot *slot_at(const struct handle_table *table, uint32_t index)
{
	return &table->page[index / HANDLE_PAGE_SLOTS][index % HANDLE_PAGE_SLOTS];
}

static uint64_t name_of(const struct object *object, uint32_t generation, uint32_t rights)
{
	uint64_t denied = ~handle_pack_rights(rights) & HANDLE_DENIED_MASK;
	uint64_t name = arch_pack_pointer(object) | (uint64_t)generation << HANDLE_GENERATION_SHIFT |
			denied << HANDLE_DENIED_SHIFT | object->type;

	assert(handle_object(name) == object);
	return name;
}

static uint64_t free_name(uint32_t generation, uint32_t next)
{
	return (uint64_t)next << HANDLE_OBJECT_SHIFT | (uint64_t)generation << HANDLE_GENERATION_SHIFT;
}

/* The index of the next free slot. */
static uint32_t next_free(uint64_t name)
{
	return (uint32_t)(name >> HANDLE_OBJECT_SHIFT);
}

static uint32_t generation_of(uint64_t name)
{
	return (uint32_t)(name >> HANDLE_GENERATION_SHIFT) & ((1u << HANDLE_GENERATION_BITS) - 1);
}

void handle_table_init(struct handle_table *table)
{
	*table = (struct handle_table){.free = HANDLE_NONE};
}

/* Adds a page of slots, all of them zero, where the first that was never used is to be. */
static int grow(struct handle_table *table, struct account *account)
{
	paddr_t frame;

	if (table->used == HANDLE_PAGES * HANDLE_PAGE_SLOTS)
		return -EMFILE;
	if (table->page[table->used / HANDLE_PAGE_SLOTS]) /* made before, for an object that had just gone */
		return 0;
	TRY(account_frame_alloc_zeroed(account, &frame));
	arch_store_release(&table->page[table->used / HANDLE_PAGE_SLOTS], direct(frame));
	return 0;
}

/* Finds a free slot, and leaves it free. */
static int find_free(struct handle_table *table, struct account *account, uint32_t *index)
{
	*index = table->free != HANDLE_NONE ? table->free : table->used;
	if (table->free == HANDLE_NONE && table->used % HANDLE_PAGE_SLOTS == 0)
		return grow(table, account);
	return 0;
}

/* Takes a slot that find_free has found; its generation. */
static uint32_t take_free(struct handle_table *table, uint64_t name)
{
	if (table->free == HANDLE_NONE) {
		table->used++;
		return 1;
	}
	table->free = next_free(name);
	return generation_of(name);
}

/* An endpoint counts who can receive from it, to tell its callers when nobody can any more. */
static bool may_receive(const struct object *object, uint32_t rights)
{
	return object->type == OBJECT_ENDPOINT && rights & RIGHT_ENDPOINT_RECEIVE;
}

/* A thread counts who can let it go on when it has been stopped. */
static bool may_control(const struct object *object, uint32_t rights)
{
	return object->type == OBJECT_THREAD && rights & RIGHT_THREAD_MANAGE;
}

/* What follows from a handle being made, and its going is to take back. */
static void handle_made(struct object *object, uint32_t rights)
{
	if (may_receive(object, rights))
		endpoint_receiver_added(endpoint_of(object));
	if (may_control(object, rights))
		control_handle_added(thread_of(object));
}

/* What follows from a handle having gone, when its slot is free and the lock released. */
static void handle_gone(struct process *owner, struct object *object, uint32_t rights)
{
	if (may_receive(object, rights))
		endpoint_receiver_removed(endpoint_of(object), owner);
	if (may_control(object, rights))
		control_handle_removed(thread_of(object));
	object_put(object);
}

static handle_result add(struct process *owner, struct object *object, uint32_t rights) REQUIRES(owner->lock)
{
	struct handle_table *table = &owner->handles;

	uint32_t index, generation;
	int error = find_free(table, owner->account, &index);

	if (!error)
		error = object_take(object);
	if (error)
		return (handle_result){error};

	struct handle_slot *slot = slot_at(table, index);

	generation = take_free(table, slot->name);
	table->count++;
	table->receivers += may_receive(object, rights);
	owner->self_handles += object == &owner->object;
	handle_made(object, rights);
	/* Release: who finds the object finds it as it was made. */
	arch_store_release(&slot->name, name_of(object, generation, rights));
	return (handle_result){(long)(generation << HANDLE_INDEX_BITS | index)};
}

handle_result handle_add(struct process *owner, struct object *object, uint32_t rights)
{
	handle_result result;

	lock_acquire(&owner->lock);
	result = owner->finishing ? (handle_result){-EBUSY} : add(owner, object, rights);
	lock_release(&owner->lock);
	return result;
}

static uint32_t next_generation(uint32_t generation)
{
	generation = (generation + 1) & ((1u << HANDLE_GENERATION_BITS) - 1);
	return generation ? generation : 1;
}

/* Empties a slot in use; returns its object with the slot's reference. */
static struct object *free_slot(struct process *owner, uint32_t index) REQUIRES(owner->lock)
{
	struct handle_table *table = &owner->handles;
	struct handle_slot *slot = slot_at(table, index);
	struct object *object = handle_object(slot->name);

	table->receivers -= may_receive(object, handle_rights(slot->name));
	arch_store(&slot->name, free_name(next_generation(generation_of(slot->name)), table->free));
	table->free = index;
	table->count--;
	owner->self_handles -= object == &owner->object;
	return object;
}

/* Like handle_find, and for other processes, too: the table of one that is finishing goes without the lock. */
static int find_locked(struct process *owner, uint32_t value, struct handle_ref *found) REQUIRES(owner->lock)
{
	return owner->finishing ? -EBADF : handle_find(&owner->handles, value, found);
}

int handle_borrow(struct process *owner, uint32_t value, struct handle_ref *found)
{
	int error;

	lock_acquire(&owner->lock);
	error = find_locked(owner, value, found);
	if (!error)
		object_take_another(found->object);
	lock_release(&owner->lock);
	return error;
}

/* For a moment both tables have it, so that nothing is lost when one is full. */
handle_result handle_move(
	struct process *from, const struct handle_ref *h, struct process *to, uint32_t rights)
{
	handle_result moved = handle_add(to, h->object, rights);
	int error;

	if (moved.value < 0)
		return moved;
	error = handle_remove(from, h->value);
	if (!error)
		return moved;
	/* Another thread has closed it. If one has closed the new one already, all is as it should be. */
	(void)!handle_remove(to, (uint32_t)moved.value);
	return (handle_result){error};
}

int handle_remove(struct process *owner, uint32_t value)
{
	struct handle_ref found;
	int error;

	lock_acquire(&owner->lock);
	error = find_locked(owner, value, &found);
	if (!error)
		free_slot(owner, index_of(value));
	lock_release(&owner->lock);
	if (!error)
		handle_gone(owner, found.object, found.rights);
	return error;
}

/* ---- clones */

/* How many slots of a page have ever been used. */
static unsigned used_in(const struct handle_table *table, unsigned number)
{
	unsigned start = number * HANDLE_PAGE_SLOTS, used = table->used > start ? table->used - start : 0;

	return used < HANDLE_PAGE_SLOTS ? used : HANDLE_PAGE_SLOTS;
}

/* What a name of `from` becomes in `to`, with a reference; that of a free slot when it may not be given. */
static inline uint64_t copy_name(uint64_t name, struct process *to, struct process *from)
{
	struct object *object = handle_object(name);

	if (object == &from->object) {
		object = &to->object;
		name = name_of(object, generation_of(name), handle_rights(name));
	}
	if (!object || (object->type == OBJECT_PROCESS && process_would_keep(to, object)) ||
		object_take(object))
		return free_name(generation_of(name), HANDLE_NONE);
	return name;
}

/* Copies a page of slots with a reference to each object; what may not be given is left empty. How many have been used. */
static unsigned copy_page(struct handle_slot *page, unsigned number, struct process *to, struct process *from)
{
	unsigned used;

	lock_acquire(&from->lock);
	used = from->finishing ? 0 : used_in(&from->handles, number);
	for (unsigned i = 0; i < used; i++)
		page[i].name = copy_name(from->handles.page[number][i].name, to, from);
	lock_release(&from->lock);
	return used;
}

/* Makes what copy_page has copied part of the table. The free slots come first in its list. */
static void adopt_page(struct process *to, struct handle_slot *page, unsigned used) REQUIRES(to->lock)
{
	struct handle_table *table = &to->handles;
	uint32_t start = table->used;

	for (unsigned i = used; i--;) {
		struct object *object = handle_object(page[i].name);

		if (!object) {
			page[i].name = free_name(generation_of(page[i].name), table->free);
			table->free = start + i;
			continue;
		}
		table->count++;
		table->receivers += may_receive(object, handle_rights(page[i].name));
		to->self_handles += object == &to->object;
		handle_made(object, handle_rights(page[i].name));
	}
	table->used += used;
	arch_store_release(&table->page[start / HANDLE_PAGE_SLOTS], page);
}

/* Pages come in order, and all of them but the last have been used to the end. */
static int try_adopt(struct process *to, struct handle_slot *page, unsigned number, unsigned used)
	REQUIRES(to->lock)
{
	if (to->finishing)
		return -EBUSY;
	if (to->handles.used != number * HANDLE_PAGE_SLOTS)
		return -EEXIST;
	adopt_page(to, page, used);
	return 0;
}

static void drop_page(struct process *to, struct handle_slot *page, unsigned used)
{
	for (unsigned i = 0; i < used; i++)
		if (handle_object(page[i].name))
			object_put(handle_object(page[i].name));
	account_frame_free(to->account, direct_to_physical(page));
}

long handle_table_clone(struct process *to, struct process *from, uint32_t index)
{
	unsigned number = index / HANDLE_PAGE_SLOTS, used;
	struct handle_slot *page;
	paddr_t frame;
	int error;

	if (index % HANDLE_PAGE_SLOTS || number >= HANDLE_PAGES)
		return -EINVAL;
	TRY(account_frame_alloc_zeroed(to->account, &frame));
	page = direct(frame);
	used = copy_page(page, number, to, from);
	if (!used) {
		account_frame_free(to->account, frame);
		return 0;
	}
	lock_acquire(&to->lock);
	error = try_adopt(to, page, number, used);
	lock_release(&to->lock);
	if (error)
		drop_page(to, page, used);
	if (error || used < HANDLE_PAGE_SLOTS) /* what `from` gets meanwhile need not be in the clone */
		return error;
	return (long)(number + 1) % HANDLE_PAGES * HANDLE_PAGE_SLOTS;
}

bool handle_table_has(struct process *owner, const struct object *object, uint32_t rights)
{
	bool found = false;

	assert(may_receive(object, rights));
	lock_acquire(&owner->lock);
	for (uint32_t i = 0, left = owner->handles.receivers; left && !found; i++) {
		uint64_t name = slot_at(&owner->handles, i)->name;
		const struct object *named = handle_object(name);

		if (!named || !may_receive(named, handle_rights(name)))
			continue;
		found = named == object && !(rights & ~handle_rights(name));
		left--;
	}
	lock_release(&owner->lock);
	return found;
}

/* Closes the handle in a slot, if there is one, and leaves zeros: nobody makes another. */
static void clear_slot(struct process *owner, struct handle_slot *slot, int *work)
{
	struct object *object = handle_object(slot->name);
	uint32_t rights = handle_rights(slot->name);

	*work -= !object ? WORK_LOOK : may_receive(object, rights) ? WORK_OBJECT : WORK_NAME;
	lock_acquire(&owner->lock);
	owner->handles.receivers -= object && may_receive(object, rights);
	arch_store(&slot->name, 0);
	lock_release(&owner->lock);
	if (object)
		handle_gone(owner, object, rights);
}

/* What was used of it has been cleared, so it is zeros again. */
static void free_page(struct process *owner, unsigned number)
{
	if (owner->handles.page[number])
		account_frame_free_zeroed(owner->account, direct_to_physical(owner->handles.page[number]));
}

bool handle_table_clear(struct process *owner, int *work)
{
	struct handle_table *table = &owner->handles;

	while (table->cleared < table->used) {
		uint32_t index = table->cleared;

		if (*work <= 0)
			return false;
		clear_slot(owner, slot_at(table, index), work);
		if (++table->cleared % HANDLE_PAGE_SLOTS == 0)
			free_page(owner, index / HANDLE_PAGE_SLOTS);
	}
	/* Of the last page a part was never used; where all was, there may be another one that was made for nothing. */
	if (table->used < HANDLE_PAGES * HANDLE_PAGE_SLOTS)
		free_page(owner, table->used / HANDLE_PAGE_SLOTS);
	handle_table_init(table);
	return true;
}
