/*
 * Values that each thread has its own of, by key. A key that is deleted and made again is another one: values
 * of the old one don't show, because each carries the number of the key's life.
 */
#include <errno.h>

#include "thread.h"

struct key {
	uint32_t life; /* odd while it exists */
	void (*destructor)(void *);
};

struct value {
	uint32_t life;
	const void *value;
};

static struct key keys[PTHREAD_KEYS_MAX];
static pthread_mutex_t keys_mutex = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct value values[PTHREAD_KEYS_MAX];

static uint32_t life_of(pthread_key_t key)
{
	return __atomic_load_n(&keys[key].life, __ATOMIC_ACQUIRE);
}

static bool exists(pthread_key_t key)
{
	return key < PTHREAD_KEYS_MAX && (life_of(key) & 1);
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int error = EAGAIN;
	(void)pthread_mutex_lock(&keys_mutex);
	for (pthread_key_t i = 0; i < PTHREAD_KEYS_MAX && error != 0; i++) {
		if (keys[i].life & 1)
			continue;
		keys[i].destructor = destructor;
		__atomic_fetch_add(&keys[i].life, 1, __ATOMIC_RELEASE);
		*key = i;
		error = 0;
	}
	(void)pthread_mutex_unlock(&keys_mutex);
	return error;
}

int pthread_key_delete(pthread_key_t key)
{
	(void)pthread_mutex_lock(&keys_mutex);
	bool found = exists(key);
	if (found)
		__atomic_fetch_add(&keys[key].life, 1, __ATOMIC_RELEASE);
	(void)pthread_mutex_unlock(&keys_mutex);
	return found ? 0 : EINVAL;
}

void *pthread_getspecific(pthread_key_t key)
{
	if (!exists(key) || values[key].life != life_of(key))
		return NULL;
	return (void *)(uintptr_t)values[key].value;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (!exists(key))
		return EINVAL;
	values[key] = (struct value){life_of(key), value};
	return 0;
}

/* Destructors may set values again, so there are some rounds. */
void keys_end(void)
{
	bool some = true;
	for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && some; round++) {
		some = false;
		for (pthread_key_t i = 0; i < PTHREAD_KEYS_MAX; i++) {
			void *value = pthread_getspecific(i);
			values[i].value = NULL;
			if (value == NULL || keys[i].destructor == NULL)
				continue;
			some = true;
			keys[i].destructor(value);
		}
	}
}
