/*
 * The threads of C11, which are those of POSIX under other names and with other errors.
 */
#include <errno.h>
#include <stdlib.h>
#include <threads.h>

#include "thread.h"

static int status_of(int error)
{
	switch (error) {
	case 0:
		return thrd_success;
	case EBUSY:
		return thrd_busy;
	case ETIMEDOUT:
		return thrd_timedout;
	case ENOMEM:
		return thrd_nomem;
	default:
		return thrd_error;
	}
}

/* What thrd_create was given: its function returns another type. */
struct call {
	thrd_start_t start;
	void *argument;
};

static void *call_start(void *argument)
{
	struct call call = *(struct call *)argument;
	free(argument);
	return (void *)(intptr_t)call.start(call.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
	struct call *call = malloc(sizeof *call);
	if (call == NULL)
		return thrd_nomem;
	*call = (struct call){start, argument};
	int error = pthread_create(thread, NULL, call_start, call);
	if (error != 0)
		free(call);
	return error == EAGAIN ? thrd_nomem : status_of(error);
}

thrd_t thrd_current(void)
{
	return pthread_self();
}

int thrd_equal(thrd_t a, thrd_t b)
{
	return pthread_equal(a, b);
}

_Noreturn void thrd_exit(int result)
{
	pthread_exit((void *)(intptr_t)result);
}

int thrd_join(thrd_t thread, int *result)
{
	void *value;
	int error = pthread_join(thread, &value);
	if (error == 0 && result != NULL)
		*result = (int)(intptr_t)value;
	return status_of(error);
}

int thrd_detach(thrd_t thread)
{
	return status_of(pthread_detach(thread));
}

int thrd_sleep(const struct timespec *duration, struct timespec *left)
{
	if (nanosleep(duration, left) == 0)
		return 0;
	return errno == EINTR ? -1 : -2;
}

void thrd_yield(void)
{
	(void)sched_yield();
}

void call_once(once_flag *flag, void (*function)(void))
{
	(void)pthread_once(flag, function);
}

int mtx_init(mtx_t *mutex, int type)
{
	*mutex = (mtx_t){.type = type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL};
	return thrd_success;
}

void mtx_destroy(mtx_t *mutex)
{
	(void)pthread_mutex_destroy(mutex);
}

int mtx_lock(mtx_t *mutex)
{
	return status_of(pthread_mutex_lock(mutex));
}

int mtx_trylock(mtx_t *mutex)
{
	return status_of(pthread_mutex_trylock(mutex));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
	return status_of(pthread_mutex_timedlock(mutex, until));
}

int mtx_unlock(mtx_t *mutex)
{
	return status_of(pthread_mutex_unlock(mutex));
}

int cnd_init(cnd_t *condition)
{
	return status_of(pthread_cond_init(condition, NULL));
}

void cnd_destroy(cnd_t *condition)
{
	(void)pthread_cond_destroy(condition);
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
	return status_of(pthread_cond_wait(condition, mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until)
{
	return status_of(pthread_cond_timedwait(condition, mutex, until));
}

int cnd_signal(cnd_t *condition)
{
	return status_of(pthread_cond_signal(condition));
}

int cnd_broadcast(cnd_t *condition)
{
	return status_of(pthread_cond_broadcast(condition));
}

int tss_create(tss_t *key, tss_dtor_t destructor)
{
	return status_of(pthread_key_create(key, destructor));
}

void tss_delete(tss_t key)
{
	(void)pthread_key_delete(key);
}

void *tss_get(tss_t key)
{
	return pthread_getspecific(key);
}

int tss_set(tss_t key, void *value)
{
	return status_of(pthread_setspecific(key, value));
}
