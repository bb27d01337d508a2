/*
 * Address spaces: which range of a process's addresses shows which part of which memory object, and with what
 * rights. Pages enter the page table when they are touched.
 */
#pragma once

#include "arch.h"
#include "lock.h"
#include "mem/user.h"
#include "object/memory.h"
#include "result.h"

struct aspace {
	struct account *account; /* of its process: pays for regions and page tables */
	struct spinlock lock;
	struct arch_aspace arch MEMBER_GUARDED_BY(lock);
	struct list regions MEMBER_GUARDED_BY(lock); /* by address, not overlapping */
	struct list removals MEMBER_GUARDED_BY(lock); /* ranges whose former pages may still be in use */
	bool gone MEMBER_GUARDED_BY(lock); /* destroyed; only the lock is left of it */
};

/* -ENOMEM. */
MUST_USE int aspace_init(struct aspace *aspace, struct account *account);

/*
 * Removes mappings and page tables as far as `work` goes; no hart is in it. True when all have gone; until then it is to be
 * called again. All calls but this one return -EBUSY from the first on.
 */
MUST_USE bool aspace_destroy(struct aspace *aspace, int *work);

/*
 * Maps [*at, *at + size), or when *at is 0 a free range that goes into *at, to `memory` from `offset` on, taking a reference; all page-aligned, inside the object and
 * user space, `size` not 0: -EEXIST when something is mapped there, -ENOMEM, -EBADF when the memory has just gone.
 */
MUST_USE int aspace_map(struct aspace *aspace, uint64_t *at, struct memory *memory, uint64_t offset,
	uint64_t size, enum prot prot);

/* Removes the mappings of a page-aligned range: -ENOMEM when one has to be cut in two and can't, with no change. */
MUST_USE int aspace_unmap(struct aspace *aspace, uint64_t at, uint64_t size);

bool aspace_is_empty(struct aspace *aspace);

/* Brings in the page at `address`: -EFAULT when nothing there allows this access, -ENOMEM. */
MUST_USE int aspace_fault(struct aspace *aspace, uint64_t address, enum prot access);

/*
 * The frame of the page at `address`, brought in if need be, for direct() and an access that the mapping allows:
 * -EFAULT when none does, or it is a device's, -ENOMEM. It stays this page's until the handler returns: objects and
 * their frames end only after that.
 */
MUST_USE int aspace_frame(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *frame);

/*
 * The same for somebody who writes to the memory of another process: where the process itself may not write, the page
 * becomes a copy of its own first, so that nobody else sees the change. `is_code`: aspace_sync_code has to follow.
 */
MUST_USE int aspace_frame_to_change(struct aspace *aspace, uint64_t address, paddr_t *frame, bool *is_code);

/* What was stored to memory before is fetched by the threads that run here. Without any lock. */
void aspace_sync_code(struct aspace *aspace);

/*
 * The memory object that is readable at `address`, with a reference for the caller, and the offset in it: -EFAULT when
 * there is none.
 */
MUST_USE int aspace_find(struct aspace *aspace, uint64_t address, struct memory **memory, uint64_t *offset);
