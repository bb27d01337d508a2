/*
 * Address spaces: which range of a process's addresses shows which part of which memory object, and with what
 * rights. Pages enter the page table when they are touched.
 */
#pragma once

#include "arch.h"
#include "lock.h"
#include "mem/user.h"
#include "lib/tree.h"
#include "object/memory.h"
#include "result.h"

/* A range that shows a part of a memory object. */
struct region {
	struct tree_node
		node; /* in aspace->regions, by `end`; guarded by its lock, as all that follows but `shown` */
	struct aspace *aspace;
	uint64_t start, end; /* with `offset` these change under the lock of the memory, too */
	struct memory *memory; /* with a reference */
	uint64_t offset; /* of `start` in the memory */
	union {
		struct {
			enum prot prot : 8, most : 8; /* what is allowed now, and what may be */
			bool is_shared; /* a clone of the space shows the same memory, and no copy */
			bool is_going; /* unmapped, and kept until the rest of what its call unmaps is, too */
		};
		uint32_t use; /* all four at once, as a mapping has them */
	};
	struct list shown; /* in memory->mappings, guarded by its lock */
	struct tree_node
		hole; /* in aspace->holes, by size: the free range right below it; else none is there */
};

struct aspace {
	struct account *account; /* of its process: pays for regions and page tables */
	struct spinlock lock;
	struct arch_aspace arch MEMBER_GUARDED_BY(lock);
	struct tree regions MEMBER_GUARDED_BY(lock); /* not overlapping */
	struct tree holes MEMBER_GUARDED_BY(
		lock); /* below a region, where mappings go whose caller names no address */
	struct region *touched MEMBER_GUARDED_BY(
		lock); /* in which a page was last looked for; NULL: it is gone */
	struct list removals MEMBER_GUARDED_BY(lock); /* ranges whose former pages may still be in use */
	bool gone MEMBER_GUARDED_BY(lock); /* destroyed; only the lock is left of it */
	bool is_plain MEMBER_GUARDED_BY(lock); /* it is not gone, and no device has ever been mapped */
};

/* Of zeros. -ENOMEM. */
MUST_USE int aspace_init(struct aspace *aspace, struct account *account);

/*
 * Removes mappings and page tables as far as `work` goes; no hart is in it. True when all have gone; until then it is to be
 * called again. All calls but this one return -EBUSY from the first on.
 */
MUST_USE bool aspace_destroy(struct aspace *aspace, int *work);

/* What is to be mapped: all page-aligned, inside the object and user space, `size` not 0. */
struct mapping {
	struct memory *memory;
	uint64_t offset, size; /* bytes of it */
	union {
		struct {
			enum prot prot : 8, most : 8; /* what is allowed, and what aspace_protect may allow */
			bool is_shared, is_going; /* see struct region; is_going: false */
		};
		uint32_t use;
	};
};

/*
 * Maps it at `at`, or when that is 0 in a free range, and takes a reference to the memory. Where it is; -EEXIST when
 * something is mapped there, -ENOMEM, -EBADF when the memory has just gone.
 */
MUST_USE long aspace_map(struct aspace *aspace, uint64_t at, const struct mapping *mapping);

/*
 * The same at a given address, of memory that the caller has a reference to: the mapping has it from then on, or after an error
 * nobody. Those pages of [first, end), in there, that are in memory are mapped at once, as aspace_bring_in does.
 */
MUST_USE int aspace_map_shown(struct aspace *aspace, uint64_t at, const struct mapping *mapping,
	uint64_t first, uint64_t end, int *work);

/*
 * Removes the mappings of a page-aligned range: -ENOMEM when one has to be cut in two and can't, with no change. `more`: only a
 * part has gone yet; nothing can be mapped there, and it is to be called again, with the same range.
 */
MUST_USE int aspace_unmap(struct aspace *aspace, uint64_t at, uint64_t size, bool *more);

/* The same at once, for a range with few pages and mappings. */
MUST_USE int aspace_unmap_all(struct aspace *aspace, uint64_t at, uint64_t size);

/* How far aspace_protect has come: zeros at first. Addresses. */
struct aspace_steps {
	uint64_t checked; /* below this all may be allowed so much */
	uint64_t changed; /* below this it is */
	uint64_t cut; /* where a region has been cut in two for that; 0: nowhere */
};

/*
 * Changes what is allowed in a page-aligned range that is mapped all over: -EFAULT where it is not, -EACCES where it was
 * mapped for less, -ENOMEM when a mapping has to be cut and can't, with no change; unless others change the same mappings
 * meanwhile. `more`: only a part is done, and it is to be called again with the same range and steps.
 */
MUST_USE int aspace_protect(struct aspace *aspace, uint64_t at, uint64_t size, enum prot prot,
	struct aspace_steps *steps, bool *more);

/* Addresses whose pages a clone and what it is made of are about to write to. */
struct aspace_hot {
	uint64_t address[MEMORY_HOT_MOST];
};

/*
 * Has `to` show from `*at` on what `from` does, until an interrupt waits; then *at is where to go on, or 0 at the end. What is
 * private in `from` becomes a copy: memory that nobody can write to stays the same, other is shared until it is written, but
 * for the pages of the addresses in `hot`, which are copied at once. Errors of aspace_map, with all that is done so far
 * left.
 */
MUST_USE int aspace_clone(struct aspace *to, struct aspace *from, const struct aspace_hot *hot, uint64_t *at);

/* Maps the pages of a range that are in memory, as far as `work` goes: a fault of each would do the same. -ENOMEM. */
MUST_USE int aspace_bring_in(struct aspace *aspace, uint64_t start, uint64_t end, int *work);

/* Of an audit: what is known of a page that is mapped, of which memory object and where in it. */
typedef bool aspace_audit_page(paddr_t frame, enum prot prot, const struct memory *memory, uint64_t page);

/*
 * Whether every page that is mapped is in a region that allows as much, is what the region's memory has there, and fits, if
 * that is not NULL. At any time.
 */
bool aspace_audit(struct aspace *aspace, aspace_audit_page *fits);

bool aspace_is_empty(struct aspace *aspace);

/*
 * Brings in the page at `address`: -EFAULT when nothing there allows this access, -ENOMEM, or PAGE_STOP with some of the work
 * done.
 */
MUST_USE int aspace_fault(struct aspace *aspace, uint64_t address, enum prot access);

/* Brings in the page at `address`, of the current process, which is going to write to it: -EFAULT when it can't, PAGE_STOP. */
MUST_USE int aspace_prepare(struct aspace *aspace, uint64_t address);

/*
 * The frame of the page at `address`, brought in if need be, for direct() and an access that the mapping allows:
 * -EFAULT when none does, or it is a device's, -ENOMEM, PAGE_STOP. It stays this page's until the handler returns: objects and
 * their frames end only after that.
 */
MUST_USE int aspace_frame(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *frame);

/* Whether a frame that is mapped with these rights is good for this access until the handler returns, whatever happens. */
static ALWAYS_INLINE bool aspace_is_stable(uint64_t mapped, enum prot access, paddr_t frame)
{
	return mapped & ARCH_CAN_WRITE ||
	       (!(access & PROT_WRITE) && mapped & ARCH_CAN_READ && memory_is_archive(frame));
}

/*
 * The frame of a page by the page table alone: false when that does not say as much as the region and its memory. It does of
 * a page that can be written, since that is its object's alone: when the object shares it, that right goes first, and then
 * the hart that does it waits for all handlers (copy.c). And of a page of the boot archive that can be read, since nobody writes
 * to these frames, or gives them back: not even when the object gets a copy of its own meanwhile.
 */
MUST_USE static ALWAYS_INLINE bool aspace_find_frame(
	struct aspace *aspace, uint64_t address, enum prot access, paddr_t *found) REQUIRES(aspace->lock)
{
	return aspace->is_plain &&
	       aspace_is_stable(arch_aspace_find(&aspace->arch, address, found), access, *found);
}

/* The same, calling nobody: false when the page table would have to be looked for, too. */
MUST_USE static ALWAYS_INLINE bool aspace_find_at_hand(
	struct aspace *aspace, uint64_t address, enum prot access, paddr_t *found) REQUIRES(aspace->lock)
{
	return aspace->is_plain && arch_aspace_has_at_hand(&aspace->arch, address) &&
	       aspace_is_stable(arch_aspace_find_at_hand(&aspace->arch, address, found), access, *found);
}

/*
 * The same for somebody who writes to the memory of another process: where the process itself may not write, the page
 * becomes a copy of its own first, so that nobody else sees the change. `is_code`: aspace_sync_code has to follow.
 */
MUST_USE int aspace_frame_to_change(struct aspace *aspace, uint64_t address, paddr_t *frame, bool *is_code);

/* What was stored to memory before is fetched by the threads that run here, now or later. Without any lock. */
void aspace_sync_code(struct aspace *aspace);

/* Whether the page at `address` of the current process can be written to, by the page table alone, without aspace_prepare. */
MUST_USE static ALWAYS_INLINE bool aspace_is_prepared(struct aspace *aspace, uint64_t address)
{
	paddr_t frame;
	bool is_there;

	lock_acquire(&aspace->lock);
	is_there = aspace_find_at_hand(aspace, address, PROT_WRITE, &frame);
	lock_release(&aspace->lock);
	return is_there;
}

/*
 * The memory object that is readable at `address`, with a reference for the caller, and the offset in it: -EFAULT when
 * there is none.
 */
MUST_USE int aspace_find(struct aspace *aspace, uint64_t address, struct memory **memory, uint64_t *offset);
