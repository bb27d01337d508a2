/*
 * Who the calling thread is. Apart from thread.c, because every program has a lock and asks this, and most have no
 * other thread.
 */
#include "thread.h"

static struct __pthread first = {.number = 1, .state = THREAD_JOINABLE};
_Thread_local struct __pthread *thread_self = &first;

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
