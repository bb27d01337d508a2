/* Calls about memory objects and mappings. */
#include "object/memory.h"

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "kernel/syscalls.h"
#include "object/exchange.h"
#include "object/process.h"
#include "object/thread.h"

static bool is_page_aligned(uint64_t value)
{
	return !(value & (PAGE_SIZE - 1));
}

handle_result sys_memory_create(size_t len)
{
	if (!len || len > MEMORY_SIZE_MOST)
		return (handle_result){-EINVAL};

	struct memory *memory = memory_create((len + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1));

	if (!memory)
		return (handle_result){-ENOMEM};

	handle_result result = handle_add(current_process(), &memory->object, RIGHTS_MEMORY_ALL);

	object_put(&memory->object);
	return result;
}

long sys_memory_size(struct memory *m)
{
	return (long)m->size;
}

/*
 * One step of a copy: where its bytes are, as long as this hart does not wait for others: the copy itself brings nothing in. To fill
 * a page takes as long as to copy it: EXCHANGE_STOP when that was to be done, and an interrupt is pending.
 */
static int locate(struct memory *m, uint64_t offset, char **at)
{
	bool is_new;
	paddr_t frame;

	TRY(memory_frame_told(m, offset >> PAGE_SHIFT, &frame, &is_new));
	if (is_new && arch_interrupt_is_pending())
		return EXCHANGE_STOP;
	*at = (char *)direct(frame) + (offset & (PAGE_SIZE - 1));
	return 0;
}

static size_t copy_size(const struct memory *m, uint64_t offset, size_t len)
{
	return memory_extent(m, offset, len < COPY_MOST ? len : COPY_MOST);
}

long sys_memory_read(struct memory *m, uint64_t offset, struct user_out buf, size_t len)
{
	size_t size = copy_size(m, offset, len), done = 0, n;
	char *at;
	int error;

	if (memory_is_device(m) || offset > m->size)
		return -EINVAL;
	while (copy_goes_on(done, size)) {
		n = copy_piece(offset + done, done, size);
		error = locate(m, offset + done, &at);
		if (!error)
			error = exchange_out(buf, done, at, n);
		if (!error)
			done += n;
		else if (error != EXCHANGE_AGAIN)
			return exchange_stopped(error, done);
	}
	return (long)done;
}

long sys_memory_write(struct memory *m, uint64_t offset, struct user_in buf, size_t len)
{
	size_t size = copy_size(m, offset, len), done = 0, n;
	char *at;
	int error;

	if (memory_is_device(m) || offset > m->size)
		return -EINVAL;
	while (copy_goes_on(done, size)) {
		n = copy_piece(offset + done, done, size);
		error = locate(m, offset + done, &at);
		if (!error)
			error = exchange_in(at, buf, done, n);
		if (!error)
			done += n;
		else if (error != EXCHANGE_AGAIN)
			return exchange_stopped(error, done);
	}
	return (long)done;
}

/* -EINVAL unless [at, at + len) is whole pages of user space, at least one. */
static int check_pages(uint64_t at, size_t len)
{
	bool ok = len && is_page_aligned(at) && is_page_aligned(len) && at >= USER_BASE && at <= USER_TOP &&
		  len <= USER_TOP - at;

	return ok ? 0 : -EINVAL;
}

static bool is_both(enum prot prot)
{
	return prot & PROT_WRITE && prot & PROT_EXEC;
}

/* At `at`, which has been checked with the size, or where there is room for what is not empty. */
static ALWAYS_INLINE long map(struct process *p, uint64_t at, struct memory *m, uint64_t offset, size_t len,
	enum prot prot, enum map how)
{
	if (!is_page_aligned(offset | len) || offset > m->size || len > m->size - offset)
		return -EINVAL;
	if (!prot || is_both(prot))
		return -EINVAL;

	return aspace_map(&p->aspace, at,
		&(struct mapping){.memory = m,
			.offset = offset,
			.size = len,
			.prot = prot,
			.most = prot,
			.is_shared = how & MAP_SHARED});
}

long sys_vm_map(struct process *p, uaddr_t at, struct memory *m, uint64_t offset, size_t len, enum prot prot,
	enum map how)
{
	TRY(check_pages(how & MAP_FIXED ? at.value : USER_BASE, len));
	return map(p, how & MAP_FIXED ? at.value : 0, m, offset, len, prot, how);
}

long sys_vm_place(
	struct process *p, struct memory *m, uint64_t offset, size_t len, enum prot prot, enum map how)
{
	if (!len || how & MAP_FIXED)
		return -EINVAL;
	return map(p, 0, m, offset, len, prot, how);
}

long sys_code_sync(struct process *p)
{
	aspace_sync_code(&p->aspace);
	return 0;
}

/* With many pages or mappings the call is made again and again, so that interrupts are let in. */
long sys_vm_unmap(struct process *p, uaddr_t at, size_t len)
{
	bool more;

	TRY(check_pages(at.value, len));

	TRY(aspace_unmap(&p->aspace, at.value, len, &more));
	return more ? thread_restart_call() : 0;
}

/* With many pages or mappings the call is made again and again, too. Where no memory is left to know how far it is, it goes on. */
static long protect(struct process *p, uint64_t at, size_t len, enum prot prot)
{
	struct progress progress = {SYS_vm_protect, {p->object.id, at, len | prot}, {{0}}};
	bool more = true;
	int error = 0;

	thread_recall_progress(&progress);
	while (!error && more) {
		error = aspace_protect(&p->aspace, at, len, prot, &progress.done.steps, &more);
		if (!error && more && thread_keep_progress(&progress))
			return thread_restart_call();
	}
	thread_forget_progress(current_thread());
	return error;
}

long sys_vm_protect(struct process *p, uaddr_t at, size_t len, enum prot prot)
{
	TRY(check_pages(at.value, len));
	if (is_both(prot))
		return -EINVAL;

	return protect(p, at.value, len, prot);
}

static bool has_pages(const struct memory *m, uint64_t offset, size_t len)
{
	return is_page_aligned(offset) && offset <= m->size && len <= m->size - offset;
}

long sys_memory_copy(struct memory *to, uint64_t at, struct memory *from, uint64_t offset, size_t len)
{
	int work = WORK_PASS;
	long pages;

	if (!len || !is_page_aligned(len) || !has_pages(to, at, len) || !has_pages(from, offset, len))
		return -EINVAL;
	if (to == from || to->kind != MEMORY_ANONYMOUS || memory_is_device(from))
		return -EINVAL;

	pages = memory_copy((struct memory_place){to, at >> PAGE_SHIFT},
		(struct memory_place){from, offset >> PAGE_SHIFT}, len >> PAGE_SHIFT, NULL, &work);
	if (!pages)
		return thread_restart_call();
	return pages < 0 ? pages : pages << PAGE_SHIFT;
}

enum { CALLER_DEPTH = 1024 /* bytes of its stack that a caller writes to when it goes on */ };

/* What a program writes to next that clones itself, and its clone: the stack of the thread, and its thread-local data. */
static struct aspace_hot hot_of(const struct process *from)
{
	const struct trapframe *frame = &this_hart()->current->frame;
	uint64_t stack = arch_frame_stack(frame);

	if (from != current_process())
		return (struct aspace_hot){0};
	return (struct aspace_hot){{stack - 1, stack + CALLER_DEPTH, arch_frame_pointer(frame)}};
}

/* Until an interrupt waits. The program it was loaded with is known, too, for reports. */
long sys_vm_clone(struct process *to, struct process *from, uaddr_t at)
{
	struct aspace_hot hot = hot_of(from);

	if (to == from || !is_page_aligned(at.value) || at.value > USER_TOP)
		return -EINVAL;

	TRY(aspace_clone(&to->aspace, &from->aspace, &hot, &at.value));
	if (!at.value)
		TRY(process_clone_image(to, from));
	return (long)at.value;
}
