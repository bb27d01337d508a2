/*
 * Memory objects: pages that can be mapped into address spaces. Anonymous ones are zero and get a frame when a page
 * is first touched; physical ones stand for memory that is there already, such as the boot archive; a view holds a
 * private copy of a part of another object, made page by page as it is touched, with zeros around it.
 */
#pragma once

#include "arch.h"
#include "lock.h"
#include "object/object.h"
#include "result.h"

enum memory_kind { MEMORY_ANONYMOUS, MEMORY_PHYSICAL, MEMORY_DEVICE, MEMORY_VIEW };

struct memory {
	struct object object;
	enum memory_kind kind;
	uint64_t size; /* bytes */
	unsigned levels; /* of the tree of frames; 0: the frame of the only page itself */
	struct spinlock lock;
	paddr_t root MEMBER_GUARDED_BY(
		lock); /* value 0: nothing yet. Of MEMORY_PHYSICAL and MEMORY_DEVICE the first byte */
	uint64_t freed; /* at its end: pages below this have been given back */
	uint64_t pages MEMBER_GUARDED_BY(lock); /* that have a frame */
	struct memory *of; /* MEMORY_VIEW: whose bytes, with a reference */
	uint64_t of_start, of_size; /* which bytes of it */
	uint64_t lead; /* at which offset of this object they begin */
	bool is_console; /* MEMORY_DEVICE: see memory_create_device */
};

/* The most that one object can have. */
#define MEMORY_SIZE_MOST (1ul << 38)

/* NULL when memory is out. Sizes are multiples of the page size, from 1 page to MEMORY_SIZE_MOST. */
struct memory *memory_create(uint64_t size);
struct memory *memory_create_physical(paddr_t start, uint64_t size);

/*
 * Registers of a device. Only user mode can reach them, by mapping the object: direct() does not hold for its frames. As
 * long as there is one of the firmware's console, the kernel does not read from that.
 */
struct memory *memory_create_device(paddr_t start, uint64_t size, bool is_console);

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

/* The frame of a page below the size, given one if it has none, at the cost of the object's account; -ENOMEM. */
MUST_USE int memory_frame(struct memory *memory, uint64_t page, paddr_t *frame);

/* Copies out of the object, which must have these bytes and be no device; -ENOMEM. */
MUST_USE int memory_get(struct memory *memory, uint64_t offset, void *to, size_t size);

/* How many bytes the object has from `offset` on, `size` at most. */
size_t memory_extent(const struct memory *memory, uint64_t offset, size_t size);

/* What there is to tell, into a struct of zeros. */
void memory_read_info(struct memory *memory, struct memory_info *info);

static inline struct memory *memory_of(struct object *object)
{
	return container_of(object, struct memory, object);
}

/* Gives back what `work` is enough for; false when not all has gone, and it is to be called again. */
MUST_USE bool memory_destroy(struct memory *memory, int *work);
