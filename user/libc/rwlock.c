/*
 * Locks for many readers or one writer. A writer that waits keeps new readers out, so that it gets its turn.
 */
#include <errno.h>

#include "thread.h"

int pthread_rwlock_init(pthread_rwlock_t *restrict lock, const pthread_rwlockattr_t *restrict attributes)
{
	(void)attributes;
	*lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
	return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
	return lock->readers == 0 && lock->writers == 0 ? 0 : EBUSY;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);
	while (lock->writers > 0)
		(void)pthread_cond_wait(&lock->changed, &lock->mutex);
	lock->readers++;
	(void)pthread_mutex_unlock(&lock->mutex);
	return 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);
	bool taken = lock->writers == 0;
	if (taken)
		lock->readers++;
	(void)pthread_mutex_unlock(&lock->mutex);
	return taken ? 0 : EBUSY;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);
	lock->writers++;
	while (lock->readers > 0 || lock->written)
		(void)pthread_cond_wait(&lock->changed, &lock->mutex);
	lock->written = 1;
	(void)pthread_mutex_unlock(&lock->mutex);
	return 0;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);
	bool taken = lock->readers == 0 && lock->writers == 0;
	if (taken)
		lock->writers = lock->written = 1;
	(void)pthread_mutex_unlock(&lock->mutex);
	return taken ? 0 : EBUSY;
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);
	if (lock->written) {
		lock->written = 0;
		lock->writers--;
	} else {
		lock->readers--;
	}
	(void)pthread_cond_broadcast(&lock->changed);
	(void)pthread_mutex_unlock(&lock->mutex);
	return 0;
}
