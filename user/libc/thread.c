/*
 * Threads: made, ended, joined. Each has an area of its own between two gaps that nothing is mapped in: stack,
 * above it its thread-local data, above that its struct. Areas lie in a part of the address space that only
 * this file gives out.
 */
#include <errno.h>
#include <picolibc.h> /* says that there are thread-local variables */
#include <picotls.h>
#include <stdlib.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "fork.h"
#include "signals.h"
#include "space.h"

#define AREAS_BASE SPACE_AREAS
#define SLOT_SIZE  0x100000ul /* an area takes as many of these as it needs */
#define STACK_SIZE 0x80000ul
#define STACK_MAX  (30 * SLOT_SIZE)

enum { SLOTS = PTHREAD_THREADS_MAX, WORD_BITS = 32 };

_Static_assert(
	AREAS_BASE + SLOTS * SLOT_SIZE <= SPACE_ROOM, "where the kernel chooses, no gap would stay one");

static uint32_t slots[SLOTS / WORD_BITS]; /* a bit for each that is taken */
static size_t slots_used; /* from here on none has ever been taken; with slots_mutex */
static pthread_mutex_t slots_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t living = 1;
static uint32_t last_number = 1; /* that of the first */

/* ---- areas */

static bool slot_is_free(size_t slot)
{
	return !(slots[slot / WORD_BITS] >> slot % WORD_BITS & 1);
}

static uint32_t *slot_word(size_t slot)
{
	return &slots[slot / WORD_BITS];
}

static uint32_t slot_mask(size_t slot, size_t count)
{
	return (uint32_t)((1ul << count) - 1) << slot % WORD_BITS;
}

/* Takes `count` slots in a row, whose bits are in one word; SLOTS if there are none. */
static size_t slots_take(size_t count)
{
	size_t run = 0, slot = SLOTS;
	(void)pthread_mutex_lock(&slots_mutex);
	for (size_t i = 0; i < SLOTS && slot == SLOTS; i++) {
		if (i % WORD_BITS == 0)
			run = 0;
		run = slot_is_free(i) ? run + 1 : 0;
		if (run == count)
			slot = i + 1 - count;
	}
	if (slot < SLOTS) {
		__atomic_fetch_or(slot_word(slot), slot_mask(slot, count), __ATOMIC_ACQUIRE);
		slots_used = slot + count > slots_used ? slot + count : slots_used;
	}
	(void)pthread_mutex_unlock(&slots_mutex);
	return slot;
}

static void slots_give(size_t slot, size_t count)
{
	__atomic_fetch_and(slot_word(slot), ~slot_mask(slot, count), __ATOMIC_RELEASE);
}

static size_t slot_of(uintptr_t base)
{
	return (base - AREAS_BASE) / SLOT_SIZE;
}

/* The lowest page of its first slot stays empty: it is the guard. */
static size_t slots_for(size_t size)
{
	return (size + PAGE_SIZE + SLOT_SIZE - 1) / SLOT_SIZE;
}

static int area_map(uintptr_t base, size_t size)
{
	memory_handle memory = memory_create(size);
	if (memory.value < 0)
		return memory.value;
	long at = vm_map(own_process(), base, memory, 0, size, PROT_READ | PROT_WRITE, MAP_FIXED);
	handle_close(ANY(memory)); /* the mapping keeps it */
	return at < 0 ? (int)at : 0;
}

static uintptr_t align_down(uintptr_t address, size_t alignment)
{
	return address & -(uintptr_t)alignment;
}

/* A thread with a stack of this size at least; null if there is no more room. */
static struct __pthread *thread_make(size_t stack_size)
{
	size_t alignment = _tls_align() < 16 ? 16 : _tls_align();
	size_t extra = sizeof(struct __pthread) + _tls_size() + 2 * alignment;
	size_t size = (stack_size + extra + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	size_t slot = slots_take(slots_for(size));
	if (slot == SLOTS)
		return NULL;
	/* At the upper end of its slots, so that the gap below is as wide as it can be. */
	uintptr_t top = AREAS_BASE + (slot + slots_for(size)) * SLOT_SIZE;
	if (area_map(top - size, size) != 0) {
		slots_give(slot, slots_for(size));
		return NULL;
	}
	uintptr_t at = align_down(top - sizeof(struct __pthread), 16);
	struct __pthread *thread = (struct __pthread *)at;
	thread->pointer = (void *)align_down(at - _tls_size(), alignment);
	thread->base = top - size;
	thread->size = size;
	_init_tls(thread->pointer);
	return thread;
}

static void thread_free(struct __pthread *thread)
{
	uintptr_t base = thread->base;
	size_t size = thread->size;
	(void)vm_unmap(own_process(), base, size);
	slots_give(slot_of(base), slots_for(size));
}

/* ---- the list of those that live */

static void thread_enter(struct __pthread *thread)
{
	word_lock(&threads_lock);
	thread->next = threads;
	threads = thread;
	word_unlock(&threads_lock);
}

static void thread_drop(const struct __pthread *thread)
{
	word_lock(&threads_lock);
	struct __pthread **link = &threads;
	while (*link != thread)
		link = &(*link)->next;
	*link = thread->next;
	word_unlock(&threads_lock);
}

/* Who has made the thread says what its handle is, perhaps after its end. Then it is not touched any more. */
static void thread_name(struct __pthread *thread, thread_handle handle)
{
	if (__atomic_exchange_n(&thread->handle, handle.value, __ATOMIC_RELEASE) == HANDLE_WANTED)
		(void)futex_wake((uintptr_t)&thread->handle, UINT32_MAX);
}

/* Nobody sends it signals from now on. */
static void thread_leave_list(struct __pthread *thread)
{
	thread_drop(thread);
	if (thread->base != 0)
		thread_await_handle(thread);
	if (thread->handle > 0)
		handle_close((any_handle){thread->handle});
}

/* ---- life */

/*
 * The end of a thread whose area others may take away from now on, so that from here on nothing of it is
 * touched: registers only. In: who waits on what word.
 */
_Noreturn static void leave(uint32_t *state)
{
	register uintptr_t a0 __asm__("a0") = (uintptr_t)state;
	register uintptr_t a1 __asm__("a1") = UINT32_MAX;
	register uintptr_t a7 __asm__("a7") = SYS_futex_wake;
	/* What it wrote before is seen by whoever sees its end. */
	__asm__ volatile("fence rw, w\n\t"
			 "sw %[ended], 0(a0)\n\t"
			 "ecall\n\t"
			 "li a7, %[exit]\n\t"
			 "ecall"
			 :
			 : "r"(a0), "r"(a1), "r"(a7), [ended] "r"(THREAD_ENDED), [exit] "i"(SYS_thread_exit)
			 : "memory");
	__builtin_unreachable();
}

/* The same when nobody waits: it takes its own area away, too, and then gives the slots back. */
_Noreturn static void leave_and_free(struct __pthread *thread)
{
	size_t slot = slot_of(thread->base);
	register uintptr_t a0 __asm__("a0") = (uintptr_t)own_process().value;
	register uintptr_t a1 __asm__("a1") = thread->base;
	register uintptr_t a2 __asm__("a2") = thread->size;
	register uintptr_t a7 __asm__("a7") = SYS_vm_unmap;
	register uint32_t *a3 __asm__("a3") = slot_word(slot);
	register uintptr_t a4 __asm__("a4") = ~(uintptr_t)slot_mask(slot, slots_for(thread->size));
	__asm__ volatile("ecall\n\t"
			 "amoand.w.rl zero, a4, (a3)\n\t"
			 "li a7, %[exit]\n\t"
			 "ecall"
			 :
			 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7), [exit] "i"(SYS_thread_exit)
			 : "memory");
	__builtin_unreachable();
}

_Noreturn void pthread_exit(void *result)
{
	struct __pthread *thread = thread_self;
	keys_end();
	thread->result = result;
	thread_leave_list(thread);
	if (__atomic_sub_fetch(&living, 1, __ATOMIC_ACQ_REL) == 0)
		exit(0); /* the last one ends the program */
	uint32_t state = THREAD_JOINABLE;
	bool joinable = __atomic_compare_exchange_n(
		&thread->state, &state, THREAD_LEAVING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	if (!joinable && thread->base != 0)
		leave_and_free(thread);
	leave(&thread->state);
}

__attribute__((used)) _Noreturn static void thread_main(struct __pthread *thread)
{
	thread_self = thread;
	signals_unblock(thread->inherited);
	pthread_exit(thread->start(thread->argument));
}

/* Where the kernel starts a thread: a0 is its struct, sp its stack, all else zero. */
__attribute__((naked)) static void thread_entry(void)
{
	__asm__(".cfi_undefined ra\n\t"
		".option push\n\t"
		".option norelax\n\t"
		"la gp, __global_pointer$\n\t"
		".option pop\n\t"
		"ld tp, 0(a0)\n\t"
		"call thread_main");
}

_Static_assert(offsetof(struct __pthread, pointer) == 0, "thread_entry reads it");

int pthread_create(pthread_t *restrict made, const pthread_attr_t *restrict attributes,
	void *(*start)(void *), void *restrict argument)
{
	size_t stack_size =
		attributes != NULL && attributes->stack_size != 0 ? attributes->stack_size : STACK_SIZE;
	bool detached = attributes != NULL && attributes->detached;
	if (stack_size > STACK_MAX)
		return EAGAIN;
	struct __pthread *thread = thread_make(stack_size);
	if (thread == NULL)
		return EAGAIN;
	thread->state = detached ? THREAD_DETACHED : THREAD_JOINABLE;
	thread->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	thread->start = start;
	thread->argument = argument;
	thread->blocked = UINT64_MAX; /* until it is one */
	thread->inherited = thread_self->blocked;
	thread_enter(thread);
	__atomic_fetch_add(&living, 1, __ATOMIC_RELAXED);
	*made = thread; /* before it runs: it may look there, and if detached be gone */
	thread_handle handle = thread_create(own_process(), (uintptr_t)thread_entry,
		align_down((uintptr_t)thread->pointer, 16), (uintptr_t)thread);
	if (handle.value < 0) {
		__atomic_fetch_sub(&living, 1, __ATOMIC_RELAXED);
		thread_name(thread, handle); /* nobody waits for it then, with the lock */
		thread_drop(thread);
		thread_free(thread);
		return EAGAIN;
	}
	thread_name(thread, handle);
	return 0;
}

/* Waits until the thread does not need its area any more, and takes that away. */
static void *take_result(struct __pthread *thread)
{
	uint32_t state;
	while ((state = __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE)) != THREAD_ENDED)
		(void)futex_wait_for(&thread->state, state, DEADLINE_NEVER);
	void *result = thread->result;
	if (thread->base != 0)
		thread_free(thread);
	return result;
}

int pthread_join(pthread_t thread, void **result)
{
	if (thread == thread_self)
		return EDEADLK;
	if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_DETACHED)
		return EINVAL;
	void *value = take_result(thread);
	if (result != NULL)
		*result = value;
	return 0;
}

int pthread_detach(pthread_t thread)
{
	uint32_t state = THREAD_JOINABLE;
	if (__atomic_compare_exchange_n(
		    &thread->state, &state, THREAD_DETACHED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return 0;
	if (state == THREAD_DETACHED)
		return EINVAL;
	(void)take_result(thread); /* it ends, or has ended, and nobody will join it */
	return 0;
}

/* Takes the areas of the others away: their threads are the parent's. */
static void areas_forget(void)
{
	const struct __pthread *self = thread_self;
	size_t own = self->base != 0 ? slot_of(self->base) : SLOTS;
	size_t end = self->base != 0 ? own + slots_for(self->size) : SLOTS;
	for (size_t word = 0; word * WORD_BITS < slots_used; word++)
		for (uint32_t left = slots[word]; left != 0; left &= left - 1) {
			size_t slot = word * WORD_BITS + (size_t)__builtin_ctz(left);
			if (slot >= own && slot < end)
				continue;
			(void)vm_unmap(own_process(), AREAS_BASE + slot * SLOT_SIZE, SLOT_SIZE);
			slots_give(slot, 1);
		}
}

void threads_after_fork(void)
{
	living = 1;
	areas_forget();
	slots_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

int sched_yield(void)
{
	return thread_yield();
}

/* ---- attributes */

int pthread_attr_init(pthread_attr_t *attributes)
{
	*attributes = (pthread_attr_t){0};
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attributes)
{
	(void)attributes;
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
	if (size < PTHREAD_STACK_MIN)
		return EINVAL;
	attributes->stack_size = size;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *restrict attributes, size_t *restrict size)
{
	*size = attributes->stack_size != 0 ? attributes->stack_size : STACK_SIZE;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
{
	if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
		return EINVAL;
	attributes->detached = state == PTHREAD_CREATE_DETACHED;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
{
	*state = attributes->detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE;
	return 0;
}
