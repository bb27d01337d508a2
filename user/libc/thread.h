/*
 * A thread as the library sees it, and waiting on a futex: for the files that make up threads.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum thread_life {
	THREAD_JOINABLE,
	THREAD_DETACHED, /* it takes its own area away */
	THREAD_LEAVING, /* it still needs its area, for a moment */
	THREAD_ENDED,
};

struct __pthread {
	void *pointer; /* tp: where its thread-local data is */
	uint32_t state; /* enum thread_life; joiners wait on it */
	uint32_t number; /* 1 is the first; never 0 */
	void *(*start)(void *);
	void *argument;
	void *result;
	uintptr_t base; /* of its area: guard, stack, thread-local data, this; 0 for the first thread */
	size_t size;
};

/* The calling thread, and its number: who has a mutex. */
extern _Thread_local struct __pthread *thread_self;
uint32_t thread_number(void);

/* key.c: calls destructors at the end of a thread. */
void keys_end(void);

/*
 * Waits until somebody wakes `word` or it is not `expected` (0), or until the deadline (ETIMEDOUT). It may
 * return 0 for no reason: whoever waits looks again.
 */
int futex_wait_for(const uint32_t *word, uint32_t expected, uint64_t deadline);
void futex_wake_some(const uint32_t *word, uint32_t count);

/* A point of a clock as a deadline of the kernel's. False if it is none. */
bool deadline_from(clockid_t clock, const struct timespec *time, uint64_t *deadline);

/* What picolibc's locks are, and how one begins: free, and recursive. */
struct __lock {
	pthread_mutex_t mutex;
};

#define LOCK_INITIALIZER \
	{ \
		{ \
			.type = PTHREAD_MUTEX_RECURSIVE \
		} \
	}
