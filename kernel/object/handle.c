/* Handle tables. A value is generation << HANDLE_INDEX_BITS | index; generation 0 is never used, so 0 names nothing. */
#include "object/handle.h"

#include "abi/abi.h"
#include "lib/string.h"
#include "object/control.h"
#include "object/endpoint.h"
#include "object/process.h"
#include "object/reception.h"
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
	table->free = HANDLE_NONE;
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

/* may_receive of what a name tells, at one look. */
static inline bool name_may_receive(uint64_t name)
{
	const uint64_t denied = handle_pack_rights(RIGHT_ENDPOINT_RECEIVE) << HANDLE_DENIED_SHIFT;

	return (name & (HANDLE_TYPE_MASK | denied)) == OBJECT_ENDPOINT;
}

/* A thread counts who can let it go on when it has been stopped. */
static bool may_control(const struct object *object, uint32_t rights)
{
	return object->type == OBJECT_THREAD && rights & RIGHT_THREAD_MANAGE;
}

static inline bool name_may_control(uint64_t name)
{
	const uint64_t denied = handle_pack_rights(RIGHT_THREAD_MANAGE) << HANDLE_DENIED_SHIFT;

	return (name & (HANDLE_TYPE_MASK | denied)) == OBJECT_THREAD;
}

/* What follows from a handle of this name being made, and its going is to take back. */
static inline void handle_made(struct object *object, uint64_t name)
{
	if (name_may_receive(name))
		endpoint_receiver_added(endpoint_of(object));
	if (name_may_control(name))
		control_handle_added(thread_of(object));
}

static RARE void told_gone(
	struct process *owner, struct object *object, uint32_t rights, struct reception *reception)
{
	if (may_receive(object, rights))
		endpoint_receiver_removed(endpoint_of(object), owner, reception);
	if (may_control(object, rights))
		control_handle_removed(thread_of(object));
	object_put(object);
}

/* What follows from a handle having gone, when its slot is free and the lock released; `reception`: as free_slot has it. */
static inline void handle_gone(
	struct process *owner, struct object *object, uint32_t rights, struct reception *reception)
{
	if (may_receive(object, rights) || may_control(object, rights))
		told_gone(owner, object, rights, reception);
	else
		object_put(object);
}

static handle_result add(struct process *owner, struct object *object, uint32_t rights) REQUIRES(owner->lock)
{
	struct handle_table *table = &owner->handles;

	uint32_t index, generation;
	uint64_t name;
	int error = find_free(table, owner->account, &index);

	if (!error)
		error = object_take(object);
	if (!error && may_receive(object, rights)) {
		error = reception_add(owner, endpoint_of(object));
		if (error)
			object_put(object);
	}
	if (error)
		return (handle_result){error};

	struct handle_slot *slot = slot_at(table, index);

	generation = take_free(table, slot->name);
	table->count++;
	owner->self_handles += object == &owner->object;
	name = name_of(object, generation, rights);
	handle_made(object, name);
	/* Release: who finds the object finds it as it was made. */
	arch_store_release(&slot->name, name);
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

/* A handle that may receive is less: what reception_take returns, else NULL. */
static struct reception *take_reception(struct process *owner, struct object *object, uint32_t rights)
	REQUIRES(owner->lock)
{
	return may_receive(object, rights) ? reception_take(owner, endpoint_of(object)) : NULL;
}

/* Empties a slot in use, whose object's reference the caller has now; see handle_gone. */
static struct reception *free_slot(struct process *owner, uint32_t index) REQUIRES(owner->lock)
{
	struct handle_table *table = &owner->handles;
	struct handle_slot *slot = slot_at(table, index);
	struct object *object = handle_object(slot->name);

	struct reception *reception = take_reception(owner, object, handle_rights(slot->name));

	arch_store(&slot->name, free_name(next_generation(generation_of(slot->name)), table->free));
	table->free = index;
	table->count--;
	owner->self_handles -= object == &owner->object;
	return reception;
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
	struct reception *reception = NULL;
	struct handle_ref found;
	int error;

	lock_acquire(&owner->lock);
	error = find_locked(owner, value, &found);
	if (!error)
		reception = free_slot(owner, index_of(value));
	lock_release(&owner->lock);
	if (!error)
		handle_gone(owner, found.object, found.rights, reception);
	return error;
}

/* ---- clones */

/* What goes in one piece: slots, and handles to receive among them. */
enum { CLONED_AT_ONCE = 64, RECEPTIONS_AT_ONCE = 8 };

struct piece {
	uint32_t index, count; /* slots of the table */
	uint32_t receptions;
	bool is_last; /* none have been used behind them */
	const uint32_t *left_out; /* two handles */
	uint64_t names[CLONED_AT_ONCE];
};

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

/* Which of the next slots a handle is in; HANDLE_NONE: in none. */
static uint32_t left_out(const struct handle_slot *slots, uint32_t most, uint32_t index, uint32_t value)
{
	uint32_t n = index_of(value) - index;

	return n < most && generation_of(slots[n].name) == value >> HANDLE_INDEX_BITS ? n : HANDLE_NONE;
}

/* Copies some names of one page with a reference to each object; what may not or is not to be given is left empty. */
static void copy_names(struct piece *piece, struct process *to, struct process *from) REQUIRES(from->lock)
{
	uint32_t used = from->finishing ? 0 : from->handles.used, n = 0;
	uint32_t left = used > piece->index ? used - piece->index : 0;
	uint32_t most = HANDLE_PAGE_SLOTS - piece->index % HANDLE_PAGE_SLOTS;
	const struct handle_slot *slots = left ? slot_at(&from->handles, piece->index) : NULL;

	most = most < CLONED_AT_ONCE ? most : CLONED_AT_ONCE;
	most = most < left ? most : left;
	const uint32_t but = left_out(slots, most, piece->index, piece->left_out[0]);
	const uint32_t but2 = left_out(slots, most, piece->index, piece->left_out[1]);

	for (; n < most && piece->receptions < RECEPTIONS_AT_ONCE; n++) {
		uint64_t name = slots[n].name;

		if (n == but || n == but2)
			name = free_name(generation_of(name), HANDLE_NONE);
		else
			name = copy_name(name, to, from);
		piece->receptions += name_may_receive(name);
		piece->names[n] = name;
	}
	piece->count = n;
	piece->is_last = n == left;
}

/* Takes back what add_receptions has added for the first so many. */
static void take_receptions(struct process *to, const struct piece *piece, uint32_t count) REQUIRES(to->lock)
{
	while (count--)
		if (name_may_receive(piece->names[count]))
			reception_forget(to, endpoint_of(handle_object(piece->names[count])));
}

static int add_receptions(struct process *to, const struct piece *piece) REQUIRES(to->lock)
{
	int error;

	for (uint32_t i = 0; piece->receptions && i < piece->count; i++) {
		if (!name_may_receive(piece->names[i]))
			continue;
		error = reception_add(to, endpoint_of(handle_object(piece->names[i])));
		if (!error)
			continue;
		take_receptions(to, piece, i);
		return error;
	}
	return 0;
}

/* Makes it part of the table. The free slots come first in its list. */
static void adopt(struct process *to, const struct piece *piece) REQUIRES(to->lock)
{
	struct handle_table *table = &to->handles;
	struct handle_slot *slots = slot_at(table, piece->index);

	table->used += piece->count;
	for (uint32_t i = piece->count; i--;) {
		uint64_t name = piece->names[i];
		struct object *object = handle_object(name);

		if (!object) {
			name = free_name(generation_of(name), table->free);
			table->free = piece->index + i;
		} else {
			table->count++;
			to->self_handles += object == &to->object;
			handle_made(object, name);
		}
		arch_store_release(&slots[i].name, name);
	}
}

static int try_adopt(struct process *to, const struct piece *piece) REQUIRES(to->lock)
{
	if (to->finishing)
		return -EBUSY;
	if (to->handles.used != piece->index)
		return piece->index % HANDLE_PAGE_SLOTS ? -EINVAL : -EEXIST;
	if (piece->index % HANDLE_PAGE_SLOTS == 0)
		TRY(grow(&to->handles, to->account));
	TRY(add_receptions(to, piece));
	adopt(to, piece);
	return 0;
}

static void drop(const struct piece *piece)
{
	for (uint32_t i = 0; i < piece->count; i++)
		if (handle_object(piece->names[i]))
			object_put(handle_object(piece->names[i]));
}

long handle_table_clone(struct process *to, struct process *from, uint32_t index, const uint32_t left_out[2])
{
	struct piece piece;
	int error;

	if (index >= HANDLE_PAGES * HANDLE_PAGE_SLOTS)
		return -EINVAL;
	piece.index = index;
	piece.count = piece.receptions = 0;
	piece.left_out = left_out;
	lock_acquire(&from->lock);
	copy_names(&piece, to, from);
	lock_release(&from->lock);
	if (!piece.count)
		return 0;
	lock_acquire(&to->lock);
	error = try_adopt(to, &piece);
	lock_release(&to->lock);
	if (error)
		drop(&piece);
	if (error || piece.is_last) /* what `from` gets meanwhile need not be in the clone */
		return error;
	return (long)(index + piece.count) % (HANDLE_PAGES * HANDLE_PAGE_SLOTS);
}

/* The same for a handle that may receive. */
static RARE void close_receiver(struct process *owner, struct object *object)
{
	struct reception *reception;

	lock_acquire(&owner->lock);
	reception = reception_take(owner, endpoint_of(object));
	lock_release(&owner->lock);
	endpoint_receiver_removed(endpoint_of(object), owner, reception);
	object_put(object);
}

/* Closes the handle in a slot, if there is one, and leaves zeros: nobody makes another. Nor does anybody look, so without the lock. */
static void clear_slot(struct process *owner, struct handle_slot *slot, int *work)
{
	uint64_t name = slot->name;
	struct object *object = handle_object(name);

	arch_store(&slot->name, 0);
	if (!object) {
		*work -= WORK_LOOK;
	} else if (name_may_receive(name)) {
		*work -= WORK_OBJECT;
		close_receiver(owner, object);
	} else {
		*work -= WORK_NAME;
		if (name_may_control(name))
			control_handle_removed(thread_of(object));
		object_put(object);
	}
}

/* What was used of it has been cleared, so it is zeros again. */
static void free_page(struct process *owner, unsigned number)
{
	struct handle_slot *page = owner->handles.page[number];

	if (!page)
		return;
	arch_store(&owner->handles.page[number], NULL);
	account_frame_free_zeroed(owner->account, direct_to_physical(page));
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
	table->free = HANDLE_NONE;
	table->used = table->cleared = table->count = 0;
	return true;
}
