/* Calls that look into another process: its threads, its memory. */
#include "abi/abi.h"
#include "kernel/syscalls.h"
#include "object/exchange.h"
#include "object/process.h"
#include "object/thread.h"

long sys_thread_id(struct thread *t)
{
	return t->id;
}

handle_result sys_process_thread(struct process *p, uint32_t after_id)
{
	struct thread *thread = process_next_thread(p, after_id);
	handle_result result;

	if (!thread)
		return (handle_result){-ESRCH};
	result = handle_add(current_process(), &thread->object, RIGHTS_THREAD_ALL);
	object_put(&thread->object);
	return result;
}

static char *bytes_at(paddr_t frame, uint64_t address)
{
	return (char *)direct(frame) + (address & (PAGE_SIZE - 1));
}

static bool is_in_user_space(uint64_t at, size_t len)
{
	return at >= USER_BASE && at < USER_TOP && len <= USER_TOP - at;
}

static bool is_over(int error)
{
	return error && error != EXCHANGE_AGAIN;
}

/* What such a call returns. What has been copied before something was missing counts. */
static long copied(size_t done, int error)
{
	if (done && error < 0)
		return (long)done;
	return is_over(error) ? exchange_stopped(error, done) : (long)done;
}

/* A part of a page of another process, changed; what it may execute is to be fetched anew then. */
static int change(struct process *p, uint64_t address, struct user_in buf, size_t done, size_t n, bool *code)
{
	paddr_t frame;
	bool is_code = false;
	int error = aspace_frame_to_change(&p->aspace, address, &frame, &is_code);

	if (error)
		return error == -EFAULT ? -EBADMSG : error;
	error = exchange_in(bytes_at(frame, address), buf, done, n);
	*code |= is_code;
	return error;
}

long sys_process_write(struct process *p, uaddr_t at, struct user_in buf, size_t len)
{
	size_t size = len < COPY_MOST ? len : COPY_MOST, done = 0, n;
	bool code = false;
	int error = 0;

	if (len && !is_in_user_space(at.value, len))
		return -EBADMSG;
	while (copy_goes_on(done, size) && !is_over(error)) {
		n = copy_piece(at.value + done, done, size);
		error = change(p, at.value + done, buf, done, n, &code);
		done += error ? 0 : n;
	}
	if (code)
		aspace_sync_code(&p->aspace);
	return copied(done, error);
}

/* A part of a page of another process, read. */
static int look(struct process *p, uint64_t address, struct user_out buf, size_t done, size_t n)
{
	paddr_t frame;
	int error = aspace_frame(&p->aspace, address, PROT_READ | PROT_EXEC, &frame);

	if (error)
		return error == -EFAULT ? -EBADMSG : error;
	return exchange_out(buf, done, bytes_at(frame, address), n);
}

long sys_process_read(struct process *p, uaddr_t at, struct user_out buf, size_t len)
{
	size_t size = len < COPY_MOST ? len : COPY_MOST, done = 0, n;
	int error = 0;

	if (len && !is_in_user_space(at.value, len))
		return -EBADMSG;
	while (copy_goes_on(done, size) && !is_over(error)) {
		n = copy_piece(at.value + done, done, size);
		error = look(p, at.value + done, buf, done, n);
		done += error ? 0 : n;
	}
	return copied(done, error);
}
