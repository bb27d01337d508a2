/*
 * What picolibc's <threads.h> leaves to the system: its types, which are those of POSIX's threads.
 */
#pragma once

#include <pthread.h>

#define ONCE_FLAG_INIT      PTHREAD_ONCE_INIT
#define TSS_DTOR_ITERATIONS PTHREAD_DESTRUCTOR_ITERATIONS
#define NEWLIB_THREAD_LOCAL _Thread_local

typedef pthread_t thrd_t;
typedef pthread_mutex_t mtx_t;
typedef pthread_cond_t cnd_t;
typedef pthread_once_t once_flag;
typedef pthread_key_t tss_t;
