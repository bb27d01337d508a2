/*
 * Semaphores between threads. There are none with names, and none between processes.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#define SEM_VALUE_MAX 0x7fffffff

typedef struct {
	uint32_t value;
	uint32_t waiters;
} sem_t;

int sem_init(sem_t *semaphore, int shared, unsigned value);
int sem_destroy(sem_t *semaphore);
int sem_wait(sem_t *semaphore);
int sem_trywait(sem_t *semaphore);
int sem_timedwait(sem_t *__restrict semaphore, const struct timespec *__restrict until);
int sem_post(sem_t *semaphore);
int sem_getvalue(sem_t *__restrict semaphore, int *__restrict value);
