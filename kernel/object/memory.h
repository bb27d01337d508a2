/*
 * Memory objects: pages that can be mapped into address spaces. Anonymous ones are zero and get a frame when a page
 * is first touched; physical ones stand for memory that is there already, such as the boot archive; a view holds a
 * private copy of a part of another object, made page by page as it is touched, with zeros around it; contiguous ones are
 * there from the start.
 *
 * Several objects can have a frame at once, as copies of each other that nobody has written to: copy.c. The kernel itself
 * touches only frames that one object has alone; one that is shared is mapped, for reading, and nothing else.
 */
#pragma once

#include "arch.h"
#include "lock.h"
#include "object/object.h"
#include "result.h"

/* Slots for frames that an object has without a node: enough for most. */
enum { MEMORY_ROOTS = 8 };

/* From the third on their frames are there from the start, one after the other, and stay (memory_is_fixed). */
enum memory_kind { MEMORY_ANONYMOUS, MEMORY_VIEW, MEMORY_PHYSICAL, MEMORY_DEVICE, MEMORY_CONTIGUOUS };

struct memory {
	struct object object OBJECT_ALIGNED;
	enum memory_kind kind;
	uint64_t size; /* bytes */
	unsigned levels; /* of nodes between `roots` and the frames */
	uint32_t unmapped MEMBER_GUARDED_BY(
		lock); /* the page that is being taken out of the mappings; see `rest` */
	struct spinlock lock;
	paddr_t roots[MEMORY_ROOTS] MEMBER_GUARDED_BY(
		lock); /* of the tree of frames. Of memory_is_fixed ones the first is the first byte */
	struct list mappings MEMBER_GUARDED_BY(lock); /* regions that show it, by region->shown */
	uint64_t lowest MEMBER_GUARDED_BY(
		lock); /* pages below this have no frame, and no node: none yet, or none any more at its end */
	uint64_t pages MEMBER_GUARDED_BY(lock); /* that have a frame */
	uint64_t leavings MEMBER_GUARDED_BY(lock); /* how often one has begun to leave its frame to others */
	struct memory *of; /* MEMORY_VIEW: whose bytes, with a reference */
	uint64_t of_start, of_size; /* which bytes of it */
	uint64_t lead; /* at which offset of this object they begin */
	bool is_console; /* MEMORY_DEVICE: see memory_create_device */
	uint32_t nodes MEMBER_GUARDED_BY(
		lock); /* of the tree of frames; here, where it makes the whole no larger */
	struct list *rest MEMBER_GUARDED_BY(
		lock); /* from here on `mappings` may still have that page; NULL: none is being taken out */
};

/* The most that one object can have. */
#define MEMORY_SIZE_MOST (1ul << 38)

/* The most that can be contiguous: a run of that many frames is claimed, and given back, in one pass. */
#define MEMORY_CONTIGUOUS_MOST (32ul << 20)

/* NULL when memory is out. Sizes are multiples of the page size, from 1 page to MEMORY_SIZE_MOST. */
struct memory *memory_create(uint64_t size);

/* The boot archive, once: frames that stay as they are, and where they are. */
struct memory *memory_create_physical(paddr_t start, uint64_t size);

extern struct memory_range memory_archive; /* its frames, from boot on */

static inline bool memory_is_archive(paddr_t frame)
{
	return frame.value - memory_archive.start < memory_archive.size;
}

/*
 * Registers of a device. Only user mode can reach them, by mapping the object: direct() does not hold for its frames. As
 * long as there is one of the firmware's console, the kernel does not read from that.
 */
struct memory *memory_create_device(paddr_t start, uint64_t size, bool is_console);

/*
 * Memory that is one run of frames, which it owns; charged for them from the start. The run comes later, and until then
 * nobody else may know of it: contiguous.c makes it.
 */
struct memory *memory_create_contiguous(uint64_t size);
void memory_give_run(struct memory *memory, paddr_t first);

/* The first byte of the run; value 0: there is none yet. */
static inline paddr_t memory_run(const struct memory *memory)
{
	return memory->roots[0];
}

static inline bool memory_is_device(const struct memory *memory)
{
	return memory->kind == MEMORY_DEVICE;
}

/*
 * A private copy of `of_size` bytes of `of`, starting at `lead` in an object of `size` bytes, charged to `account`. They
 * must exist. Takes a reference, of an object that the caller has one of.
 */
struct memory *memory_create_view(struct account *account, struct memory *of, uint64_t of_start,
	uint64_t of_size, uint64_t lead, uint64_t size);

/*
 * The frame of a page below the size, given one if it has none, at the cost of the object's account; -ENOMEM, PAGE_STOP. Nobody
 * else has it until this hart leaves the kernel, or waits for others. Without any lock: this may wait for other harts itself.
 */
MUST_USE int memory_frame(struct memory *memory, uint64_t page, paddr_t *frame);

/* The same, for whoever wants to know whether the frame has been filled for it. */
MUST_USE int memory_frame_told(struct memory *memory, uint64_t page, paddr_t *frame, bool *is_new);

/* What memory_find has found. */
struct memory_page {
	paddr_t frame;
	bool is_shared; /* others have it, too: it may only be read */
	bool is_new;
};

/*
 * What memory_find returns of a page that is to be had alone, and can't be at once: memory_separate, then once more. And what
 * that returns, and whoever calls it, when there is more to do, and an interrupt is pending: the call is made again.
 */
enum { PAGE_LEAVING = 1, PAGE_STOP = 2 };

/* The same with the lock, for whoever maps the page before it gives that back: alone, or shared if it may be so. */
MUST_USE int memory_find(struct memory *memory, uint64_t page, bool alone, struct memory_page *found)
	REQUIRES(memory->lock);

/* Ends what memory_find has begun; -ENOMEM, PAGE_STOP. Without any lock: it waits for other harts. */
MUST_USE int memory_separate(struct memory *memory, uint64_t page);

/* A region begins to show the object. None of its pages are mapped. */
static inline void memory_add_mapping(struct memory *memory, struct list *shown) REQUIRES(memory->lock)
{
	list_insert_before(
		memory->mappings.next, shown); /* who goes through the list has nothing to do there */
}

/* It shows it no more. */
static inline void memory_remove_mapping(struct memory *memory, struct list *shown) REQUIRES(memory->lock)
{
	if (memory->rest == shown)
		memory->rest = shown->next;
	list_remove(shown);
}

/* A part of a region becomes a region of its own: both are still to be gone through, or none. */
static inline void memory_split_mapping(struct memory *memory, struct list *shown, struct list *part)
	REQUIRES(memory->lock)
{
	(void)memory;
	list_insert_before(shown->next, part);
}

/* A region shows more than before: whoever goes through the list has to look at it again. */
void memory_grow_mapping(struct memory *memory, struct list *shown) REQUIRES(memory->lock);

/* For audits: whether this frame may be mapped as that page, and written to if `writes`. */
bool memory_shows(struct memory *memory, uint64_t page, paddr_t frame, bool writes) REQUIRES(memory->lock);

/* Copies out of the object, which must have these bytes and be no device; -ENOMEM. With locks, if need be. */
MUST_USE int memory_get(struct memory *memory, uint64_t offset, void *to, size_t size);

/* How many bytes the object has from `offset` on, `size` at most. */
size_t memory_extent(const struct memory *memory, uint64_t offset, size_t size);

/*
 * An object of `size` bytes that begins as a part of another one, from `offset` on, charged to `account`; but for the
 * frames that this has: these memory_copy adds. Of an object that is not physical or a device. NULL when memory is out.
 */
struct memory *memory_create_like(
	struct account *account, const struct memory *memory, uint64_t offset, uint64_t size);

/* A place in an object, in pages. */
struct memory_place {
	struct memory *memory;
	uint64_t page;
};

enum { MEMORY_HOT_MOST = 3 };

/* Pages of an object that is copied, which the copy and it are about to write to. Some may be the same. */
struct memory_hot {
	uint64_t page[MEMORY_HOT_MOST];
	uint64_t first, end; /* afterwards: between these, as `to` counts, lie all that are in memory */
};

/*
 * Gives pages of `to`, which must not have any there (-EEXIST), what those of `from` hold now, as far as `work` goes;
 * returns how many are done. What is in memory is shared until one of the two writes, but for pages of `from` that are
 * `hot`, if there are any, and those with many mappings: they are copied now, and what is written to them meanwhile may be in the
 * copy or not. What is
 * not in memory is the same for both already (memory_create_like, or zeros). `to` is anonymous, or like `from`; `from` is no
 * device. -ENOMEM, when nothing has been done. Without any lock: this waits for other harts.
 */
MUST_USE long memory_copy(
	struct memory_place to, struct memory_place from, uint64_t pages, struct memory_hot *hot, int *work);

/*
 * Maps those of the next pages that are in memory, as far as `work` goes, and no other harts have to be told of; none of what
 * is there without being brought in. -ENOMEM, with some of them mapped. The space's lock is held.
 */
MUST_USE int memory_show(struct memory *memory, uint64_t page, uint64_t pages, struct arch_aspace *space,
	uint64_t address, enum prot prot, int *work) REQUIRES(memory->lock);

/*
 * Whether some hart has taken pages out of mappings that others may use until they have answered. Asked when an entry has been found
 * gone: then it may be such a one.
 */
static inline bool memory_pages_are_taken(void)
{
	extern uint32_t memory_takers; /* atomic: how many harts have */

	return __atomic_load_n(&memory_takers, __ATOMIC_SEQ_CST) != 0;
}

/*
 * Pages are about to be taken away from other harts, which may still use them until these have answered: who makes a frame
 * its own waits for that, too. Calls come in pairs.
 */
void memory_begin_unsettled(void);
void memory_end_unsettled(void);

/* What there is to tell, into a struct of zeros. */
void memory_read_info(struct memory *memory, struct memory_info *info);

static inline struct memory *memory_of(struct object *object)
{
	return container_of(object, struct memory, object);
}

/* Gives back what `work` is enough for; false when not all has gone, and it is to be called again. */
MUST_USE bool memory_destroy(struct memory *memory, int *work);
