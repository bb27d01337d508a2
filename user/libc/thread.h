/*
 * A thread as the library sees it, and waiting on a futex: for the files that make up threads.
 */
#pragma once

#include <pthread.h>
#include <signal.h>
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

	struct __pthread *next; /* in the list of those that live */
	int32_t handle; /* of the thread; 0: not known yet, HANDLE_WANTED: somebody waits for it */

	/* Signals: see signals.h. Written by the thread itself, or while it is stopped. */
	uint64_t blocked, inherited; /* what it blocks, and what its maker blocked */
	uint32_t interrupted; /* a handler without SA_RESTART has run since the call began */
	int32_t call; /* what ends the call that it may be in: see call_begin */
	int32_t meets; /* a fifo that it waits in open for, and that is no descriptor yet; 0: none */
	uint32_t handled; /* how many handlers have run; sigsuspend waits on it */
	int32_t polls; /* a notification that is told of handlers while it waits for files; 0: none */
	struct signal_frame *returning; /* where a handler that has ended came from */
	stack_t stack; /* of sigaltstack */
	uint64_t pending; /* sent to this thread alone; anybody adds to it */
	uint32_t raised[SIGRTMAX - SIGRTMIN +
			1]; /* how many of each real-time signal; added to before `pending` */
};

enum { HANDLE_WANTED = -1 };

/* self.c: the threads that live, and the lock of their list and of all that concerns signals. */
extern struct __pthread *threads;
extern uint32_t threads_lock;

/* The calling thread, and its number: who has a mutex. */
extern _Thread_local struct __pthread *thread_self;
uint32_t thread_number(void);

/* Waits until the handle of a thread that pthread_create makes is known. */
void thread_await_handle(struct __pthread *thread);

/* key.c: calls destructors at the end of a thread. */
void keys_end(void);

/*
 * Waits until somebody wakes `word` or it is not `expected` (0), or until the deadline (ETIMEDOUT). It may
 * return 0 for no reason: whoever waits looks again.
 */
int futex_wait_for(const uint32_t *word, uint32_t expected, uint64_t deadline);
void futex_wake_some(const uint32_t *word, uint32_t count);

/* A lock for threads of any kind, also without thread-local data. Nobody has it twice. */
void word_lock(uint32_t *word);
void word_unlock(uint32_t *word);

/* A point of a clock as a deadline of the kernel's. False if it is none. */
bool deadline_from(clockid_t clock, const struct timespec *time, uint64_t *deadline);

/* The deadline that is so long from now. */
uint64_t deadline_after(const struct timespec *length);

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
