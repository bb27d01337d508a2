/* Copies beside a frame: the hart says that it has one in hand, and door_copy_fault says what was missing. */
#include "object/exchange.h"

#include "hart.h"
#include "object/process.h"
#include "object/thread.h"

static void take_in_hand(void)
{
	this_hart()->missing = 0;
	this_hart()->has_frame = true;
}

/* What the copy's end comes to. */
static int let_go(int error, enum prot access)
{
	struct hart *hart = this_hart();

	hart->has_frame = false;
	if (!error)
		return 0;
	if (!hart->missing || aspace_fault(&current_process()->aspace, hart->missing, access))
		return -EFAULT;
	return EXCHANGE_AGAIN;
}

int exchange_in(void *frame, struct user_in from, size_t offset, size_t size)
{
	take_in_hand();
	return let_go(user_copy_in(frame, from, offset, size), PROT_READ);
}

int exchange_out(struct user_out to, size_t offset, const void *frame, size_t size)
{
	take_in_hand();
	return let_go(user_copy_out(to, offset, frame, size), PROT_WRITE);
}
