/*
 * The locks that picolibc asks for: of each stream, of the environment, of atexit and the like. Its own do
 * nothing. All are recursive; the streams that exist from the start have none until stdio.c gives them one.
 */
#include <stdlib.h>
#include <sys/lock.h>

#include "thread.h"

struct __lock __lock___libc_recursive_mutex = LOCK_INITIALIZER;

/* Without memory there is no lock, and the stream is for one thread alone. */
void __retarget_lock_init(_LOCK_T *lock)
{
	*lock = malloc(sizeof **lock);
	if (*lock != NULL)
		**lock = (struct __lock)LOCK_INITIALIZER;
}

void __retarget_lock_close(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	if (lock != NULL)
		(void)pthread_mutex_lock(&lock->mutex);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return lock == NULL || pthread_mutex_trylock(&lock->mutex) == 0;
}

void __retarget_lock_release(_LOCK_T lock)
{
	if (lock != NULL)
		(void)pthread_mutex_unlock(&lock->mutex);
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	__retarget_lock_init(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	__retarget_lock_close(lock);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	__retarget_lock_acquire(lock);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	return __retarget_lock_try_acquire(lock);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	__retarget_lock_release(lock);
}
