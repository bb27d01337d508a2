/*
 * Who the calling thread is. Apart from thread.c, because every program has a lock and asks this, and most have no
 * other thread.
 */
#include <tabula/handles.h>

#include "thread.h"

static struct __pthread first = {.number = 1, .state = THREAD_JOINABLE};
_Thread_local struct __pthread *thread_self = &first;

struct __pthread *threads = &first;
uint32_t threads_lock;

pthread_t pthread_self(void)
{
	return thread_self;
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

uint32_t thread_number(void)
{
	return thread_self->number;
}

/* Until whoever has made the thread knows its handle. */
void thread_await_handle(struct __pthread *thread)
{
	int32_t unknown = 0;
	(void)__atomic_compare_exchange_n(
		&thread->handle, &unknown, HANDLE_WANTED, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE);
	while (__atomic_load_n(&thread->handle, __ATOMIC_ACQUIRE) == HANDLE_WANTED)
		(void)futex_wait((uintptr_t)&thread->handle, (uint32_t)HANDLE_WANTED, DEADLINE_NEVER);
}
