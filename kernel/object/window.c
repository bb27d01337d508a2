/*
 * Windows. The lent side is reached through its frames, one page after the other; the own one as user memory. The caller
 * must not go on meanwhile: so whoever copies holds it, or the lock of the endpoint if that is not for long.
 */
#include "object/window.h"

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "object/endpoint.h"
#include "object/exchange.h"
#include "object/process.h"
#include "object/thread.h"

/* What is copied with the lock of the endpoint, at most: it lies in two pages, so that no loop is needed. */
enum { COPY_SHORT = PAGE_SIZE };

/* What is to be copied of a window. */
struct part {
	uint64_t address;
	size_t size;
};

/* Its registers stay as they were in its call while it waits. */
static ALWAYS_INLINE const struct windows *lent_by(struct thread *caller)
{
	struct trapframe *frame = &caller->runner.frame;
	bool lends = !caller->exception.pending && arch_frame_call_number(frame) == SYS_ipc_call_lend;

	return lends ? arch_frame_windows(frame) : NULL;
}

const struct windows *window_lent_by(struct thread *caller)
{
	return lent_by(caller);
}

static ALWAYS_INLINE struct part window_of(const struct windows *lent, enum prot access)
{
	return access == PROT_WRITE ? (struct part){lent->write_address, lent->write_size}
				    : (struct part){lent->read_address, lent->read_size};
}

/* What one call copies of the window for reading or for writing; -EINVAL when `offset` lies behind it. */
static int open_window(
	struct thread *lender, enum prot access, uint64_t offset, size_t size, struct part *part)
{
	const struct windows *lent = lent_by(lender);
	struct part whole = lent ? window_of(lent, access) : (struct part){0};
	size_t most = size < COPY_MOST ? size : COPY_MOST;

	if (offset > whole.size)
		return -EINVAL;
	part->address = whole.address + offset;
	part->size = whole.size - offset < most ? whole.size - offset : most;
	return 0;
}

/* The own side of a copy is read when the lent one is written. */
static long copy_from_held(struct thread *lender, enum prot access, uint64_t offset, uaddr_t own, size_t size)
{
	struct part part;
	size_t done = 0;

	TRY(open_window(lender, access, offset, size, &part));
	while (copy_goes_on(done, part.size)) {
		uint64_t address = part.address + done;
		size_t n = copy_piece(address, done, part.size);
		paddr_t frame;
		int error = aspace_frame(&lender->process->aspace, address, access, &frame);

		if (error)
			return error == -EFAULT ? -EBADMSG : exchange_stopped(error, done);

		char *at = (char *)direct(frame) + (address & (PAGE_SIZE - 1));

		error = access == PROT_WRITE ? exchange_in(at, (struct user_in){own}, done, n)
					     : exchange_out((struct user_out){own}, done, at, n);
		if (!error)
			done += n;
		else if (error != EXCHANGE_AGAIN)
			return exchange_stopped(error, done);
	}
	return (long)done;
}

static RARE long copy_otherwise(
	struct endpoint *e, uint32_t token, uint64_t offset, uaddr_t own, size_t size, enum prot access)
{
	struct thread *lender = endpoint_hold(e, token, NULL);
	long result;

	if (!lender)
		return -ESRCH;
	result = copy_from_held(lender, access, offset, own, size);
	endpoint_release(e, lender);
	return result;
}

/* All of the part lies in what is lent by a call that waits, from *address on. */
static ALWAYS_INLINE bool is_lent(
	struct thread *lender, enum prot access, uint64_t offset, size_t size, uint64_t *address)
{
	const struct windows *lent = lent_by(lender);
	struct part whole;

	if (!lent)
		return false;
	whole = window_of(lent, access);
	*address = whole.address + offset;
	return offset <= whole.size && size <= whole.size - offset;
}

/* The pages of a part that lies in one or two, if they are at hand. */
struct pages_at_hand {
	size_t first; /* so many bytes are in the first, or would be */
	char *at;
	char *rest; /* what does not fit */
};

static ALWAYS_INLINE bool are_at_hand(
	struct aspace *space, uint64_t address, size_t size, enum prot access, struct pages_at_hand *pages)
{
	uint64_t in_page = address & (PAGE_SIZE - 1);
	paddr_t frame, next = {0};
	bool are_there;

	pages->first = PAGE_SIZE - in_page;
	lock_acquire(&space->lock);
	are_there =
		aspace_find_at_hand(space, address, access, &frame) &&
		(size <= pages->first || aspace_find_at_hand(space, address + pages->first, access, &next));
	lock_release(&space->lock);
	if (!are_there)
		return false;
	pages->at = (char *)direct(frame) + in_page;
	pages->rest = direct(next);
	return true;
}

static ALWAYS_INLINE int copy_one(char *at, enum prot access, uaddr_t own, size_t size)
{
	return access == PROT_WRITE ? exchange_try_in(at, own, size) : exchange_try_out(own, at, size);
}

/* Apart, so that the registers for it are not saved for one page. */
static __attribute__((noinline)) int copy_two(
	char *at, size_t first, char *rest, enum prot access, uaddr_t own, size_t size)
{
	int error = copy_one(at, access, own, first);

	return error ? error : copy_one(rest, access, (uaddr_t){own.value + first}, size - first);
}

/* What is lent and at hand is copied; false when it is not. */
static ALWAYS_INLINE bool copy_at_hand(struct port *port, uint32_t token, uint64_t offset, enum prot access,
	uaddr_t own, size_t size, int *error)
{
	const struct call_slot *slot;
	struct pages_at_hand pages;
	uint64_t address;
	bool is_there;

	lock_acquire(&port->lock);
	slot = endpoint_find_call(port, token);
	is_there = slot && is_lent(slot->caller, access, offset, size, &address) &&
		   are_at_hand(&slot->caller->process->aspace, address, size, access, &pages);
	if (is_there)
		*error = size <= pages.first ? copy_one(pages.at, access, own, size)
					     : copy_two(pages.at, pages.first, pages.rest, access, own, size);
	lock_release(&port->lock);
	return is_there;
}

/*
 * In one page or two. Anything out of the ordinary is left to the other way, but for a page of the own side that is missing:
 * then the call is made again as a whole.
 */
static ALWAYS_INLINE long copy(
	struct endpoint *e, uint32_t token, uint64_t offset, enum prot access, uaddr_t own, size_t size)
{
	int error;

	if (size - 1 >= COPY_SHORT || !copy_at_hand(e->port, token, offset, access, own, size, &error))
		return copy_otherwise(e, token, offset, own, size, access);
	return error ? exchange_missed(access == PROT_WRITE ? PROT_READ : PROT_WRITE) : (long)size;
}

long window_read(struct endpoint *endpoint, uint32_t token, uint64_t offset, uaddr_t to, size_t size)
{
	return copy(endpoint, token, offset, PROT_READ, to, size);
}

long window_write(struct endpoint *endpoint, uint32_t token, uint64_t offset, uaddr_t from, size_t size)
{
	return copy(endpoint, token, offset, PROT_WRITE, from, size);
}
