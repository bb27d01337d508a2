/* Windows. The lent side is reached through its frames, one page after the other; the own one as user memory. */
#include "object/window.h"

#include "abi/abi.h"
#include "object/endpoint.h"
#include "object/exchange.h"
#include "object/process.h"
#include "object/thread.h"

struct window {
	struct aspace *space;
	uint64_t address;
	size_t size; /* what is to be copied */
	enum prot access;
};

/* What one call copies of the window for reading or for writing; -EINVAL when `offset` lies behind it. */
static int open_window(
	struct thread *lender, enum prot access, uint64_t offset, size_t size, struct window *window)
{
	static const struct windows nothing;
	const struct windows *said = endpoint_lent_by(lender), *lent = said ? said : &nothing;
	bool write = access == PROT_WRITE;
	size_t whole = write ? lent->write_size : lent->read_size, most = size < COPY_MOST ? size : COPY_MOST;

	if (offset > whole)
		return -EINVAL;
	*window = (struct window){
		.space = &lender->process->aspace,
		.address = (write ? lent->write_address : lent->read_address) + offset,
		.size = whole - offset < most ? whole - offset : most,
		.access = access,
	};
	return 0;
}

/* One step of a copy: the bytes of a page from `done` on, where they are, and how many. */
static int locate(const struct window *window, size_t done, char **at, size_t *n)
{
	uint64_t address = window->address + done, within = address & (PAGE_SIZE - 1);
	paddr_t frame;
	int error = aspace_frame(window->space, address, window->access, &frame);

	if (error)
		return error == -EFAULT ? -EBADMSG : error;
	*at = (char *)direct(frame) + within;
	*n = copy_piece(address, done, window->size);
	return 0;
}

long window_read(struct thread *lender, uint64_t offset, struct user_out to, size_t size)
{
	struct window window;
	size_t done = 0, n;
	char *at;
	int error;

	TRY(open_window(lender, PROT_READ, offset, size, &window));
	while (copy_goes_on(done, window.size)) {
		TRY(locate(&window, done, &at, &n));
		error = exchange_out(to, done, at, n);
		if (error < 0)
			return error;
		done += error == EXCHANGE_AGAIN ? 0 : n;
	}
	return (long)done;
}

long window_write(struct thread *lender, uint64_t offset, struct user_in from, size_t size)
{
	struct window window;
	size_t done = 0, n;
	char *at;
	int error;

	TRY(open_window(lender, PROT_WRITE, offset, size, &window));
	while (copy_goes_on(done, window.size)) {
		TRY(locate(&window, done, &at, &n));
		error = exchange_in(at, from, done, n);
		if (error < 0)
			return error;
		done += error == EXCHANGE_AGAIN ? 0 : n;
	}
	return (long)done;
}
