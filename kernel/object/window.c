/* Windows. The lent side is reached through its frames, one page after the other; the own one as user memory. */
#include "object/window.h"

#include "abi/abi.h"
#include "object/endpoint.h"
#include "object/exchange.h"
#include "object/process.h"
#include "object/thread.h"

/* What is to be copied of a window. */
struct part {
	uint64_t address;
	size_t size;
};

/* What one call copies of the window for reading or for writing; -EINVAL when `offset` lies behind it. */
static ALWAYS_INLINE int open_window(
	struct thread *lender, enum prot access, uint64_t offset, size_t size, struct part *part)
{
	const struct windows *lent = endpoint_lent_by(lender);
	bool write = access == PROT_WRITE;
	size_t whole = 0, most = size < COPY_MOST ? size : COPY_MOST;

	if (lent)
		whole = write ? lent->write_size : lent->read_size;
	if (offset > whole)
		return -EINVAL;
	part->address = lent ? (write ? lent->write_address : lent->read_address) + offset : 0;
	part->size = whole - offset < most ? whole - offset : most;
	return 0;
}

/* The own side of a copy is read when the lent one is written. */
static ALWAYS_INLINE long copy(
	struct thread *lender, enum prot access, uint64_t offset, uaddr_t own, size_t size)
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
			return error == -EFAULT ? -EBADMSG : error;

		char *at = (char *)direct(frame) + (address & (PAGE_SIZE - 1));

		error = access == PROT_WRITE ? exchange_in(at, (struct user_in){own, size}, done, n)
					     : exchange_out((struct user_out){own, size}, done, at, n);
		if (error < 0)
			return error;
		if (error != EXCHANGE_AGAIN)
			done += n;
	}
	return (long)done;
}

long window_read(struct thread *lender, uint64_t offset, struct user_out to, size_t size)
{
	return copy(lender, PROT_READ, offset, to.address, size);
}

long window_write(struct thread *lender, uint64_t offset, struct user_in from, size_t size)
{
	return copy(lender, PROT_WRITE, offset, from.address, size);
}
