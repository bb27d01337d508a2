/*
 * The threads of the C library: made, joined, detached; what they wait on; what each has of its own; and the
 * library itself used by several at once.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <threads.h>
#include <unistd.h>

#include <tabula/ktap.h>
#include <tabula/syscalls.h>

enum { THREADS = 8, MANY = 200 };

static int rounds = 2000; /* or what the command line says: more harts than the machine has take long */

#define MS 1000000l

static pthread_t threads[THREADS];

static void start_all(void *(*start)(void *))
{
	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, start, (void *)i) != 0)
			ktap_bail_out("thread %d can't be made", (int)i);
}

static intptr_t join_all(void)
{
	intptr_t sum = 0;
	for (int i = 0; i < THREADS; i++) {
		void *result = NULL;
		if (pthread_join(threads[i], &result) != 0)
			ktap_bail_out("thread %d can't be joined", i);
		sum += (intptr_t)result;
	}
	return sum;
}

static struct timespec soon(clockid_t clock, long nanoseconds)
{
	struct timespec time;
	(void)clock_gettime(clock, &time);
	time.tv_nsec += nanoseconds;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

/* ---- life */

static _Thread_local int own = 7;
static _Thread_local char own_zeros[5000];

static void *check_own(void *argument)
{
	bool good = own == 7 && own_zeros[0] == 0 && own_zeros[sizeof own_zeros - 1] == 0 && errno == 0;
	own = (int)(intptr_t)argument;
	errno = own;
	memset(own_zeros, 1, sizeof own_zeros);
	sched_yield();
	return (void *)(intptr_t)(good && own == (int)(intptr_t)argument && errno == own);
}

static void *end_early(void *argument)
{
	if (argument != NULL)
		pthread_exit((void *)((intptr_t)argument + 1));
	return NULL;
}

static void *use_stack(void *argument)
{
	volatile char bytes[1 << 20];
	for (size_t i = 0; i < sizeof bytes; i += 4096)
		bytes[i] = 1;
	return (void *)((intptr_t)argument + bytes[0]);
}

static void test_life(void)
{
	start_all(check_own);
	ktap_ok(join_all() == THREADS && own == 7, "each thread has variables and an errno of its own");
	start_all(end_early);
	/* 2 + ... + 8; the first gives nothing */
	ktap_equal(
		join_all(), THREADS * (THREADS + 1) / 2 - 1, "results of threads that return and that exit");

	pthread_attr_t attributes;
	pthread_t thread;
	void *result = NULL;
	(void)pthread_attr_init(&attributes);
	bool good = pthread_attr_setstacksize(&attributes, 100) == EINVAL &&
		    pthread_attr_setstacksize(&attributes, 2 << 20) == 0 &&
		    pthread_create(&thread, &attributes, use_stack, (void *)4) == 0 &&
		    pthread_join(thread, &result) == 0;
	ktap_ok(good && (intptr_t)result == 5, "a stack as large as asked for");
	(void)pthread_attr_setstacksize(&attributes, (size_t)1 << 40);
	ktap_equal(pthread_create(&thread, &attributes, use_stack, NULL), EAGAIN, "one that can't be had");
	ktap_ok(pthread_join(pthread_self(), NULL) == EDEADLK &&
			pthread_equal(pthread_self(), pthread_self()),
		"nobody joins itself");
}

static sem_t gate;
static uint32_t detached_ended;

static void *wait_at_gate(void *argument)
{
	(void)sem_wait(&gate);
	__atomic_fetch_add(&detached_ended, 1, __ATOMIC_RELEASE);
	return argument;
}

/* Many more than there is room for at a time, so that what they leave has to be used again. */
static void test_detached(void)
{
	pthread_attr_t attributes;
	unsigned made = 0;
	(void)sem_init(&gate, 0, 0);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 10 << 20);
	for (int i = 0; i < MANY; i++) {
		pthread_t thread;
		(void)pthread_attr_setdetachstate(
			&attributes, i % 2 ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
		int error = pthread_create(&thread, &attributes, wait_at_gate, NULL);
		if (error == EAGAIN) { /* all the room is taken by threads that are about to go */
			thread_yield();
			i--;
			continue;
		}
		if (i % 2 == 0 && pthread_detach(thread) != 0)
			break;
		made++;
		(void)sem_post(&gate);
	}
	while (__atomic_load_n(&detached_ended, __ATOMIC_ACQUIRE) < made)
		thread_yield();
	ktap_equal(made, MANY, "detached threads give back what they had");
}

static void *nothing(void *argument)
{
	return argument;
}

static void test_limits(void)
{
	pthread_t all[PTHREAD_THREADS_MAX + 1];
	pthread_attr_t attributes;
	int count = 0, error = 0;
	time_t end = time(NULL) + 50;
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 10 << 20);
	/* Detached threads of the test before may be about to give back what they had. */
	while (count <= PTHREAD_THREADS_MAX && (count < 64 ? time(NULL) < end : error == 0)) {
		error = pthread_create(&all[count], &attributes, nothing, NULL);
		if (error == 0)
			count++;
		else
			thread_yield();
	}
	for (int i = 0; i < count; i++)
		(void)pthread_join(all[i], NULL);
	ktap_ok(error == EAGAIN && count >= 64, "room for stacks runs out with an error, after %d threads",
		count);
	start_all(end_early);
	ktap_equal(join_all(), THREADS * (THREADS + 1) / 2 - 1, "and are there again");
}

/* ---- mutexes */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *count_locked(void *argument)
{
	for (int i = 0; i < rounds; i++) {
		(void)pthread_mutex_lock(&mutex);
		long seen = counter;
		if (i % 64 == 0)
			sched_yield(); /* with the mutex: the others have to wait */
		counter = seen + 1;
		(void)pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void *try_mutex(void *argument)
{
	return (void *)(intptr_t)pthread_mutex_trylock(argument);
}

static intptr_t in_thread(void *(*start)(void *), void *argument)
{
	pthread_t thread;
	void *result = NULL;
	if (pthread_create(&thread, NULL, start, argument) != 0 || pthread_join(thread, &result) != 0)
		ktap_bail_out("a thread can't be made");
	return (intptr_t)result;
}

static void test_mutexes(void)
{
	start_all(count_locked);
	(void)join_all();
	ktap_equal(counter, (long)THREADS * rounds, "a mutex lets one thread in at a time");

	struct timespec until = soon(CLOCK_REALTIME, 5 * MS);
	(void)pthread_mutex_lock(&mutex);
	long start = clock_now();
	int error = pthread_mutex_timedlock(&mutex, &until);
	ktap_ok(error == ETIMEDOUT && clock_now() >= start + 4 * MS, "waiting for a mutex ends at its time");
	ktap_equal(in_thread(try_mutex, &mutex), EBUSY, "a taken mutex is busy");
	(void)pthread_mutex_unlock(&mutex);

	pthread_mutexattr_t attributes;
	pthread_mutex_t special;
	(void)pthread_mutexattr_init(&attributes);
	(void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&special, &attributes);
	bool good = pthread_mutex_lock(&special) == 0 && pthread_mutex_lock(&special) == 0 &&
		    pthread_mutex_unlock(&special) == 0 && in_thread(try_mutex, &special) == EBUSY &&
		    pthread_mutex_unlock(&special) == 0 && pthread_mutex_unlock(&special) == EPERM;
	ktap_ok(good && in_thread(try_mutex, &special) == 0, "a recursive mutex counts");
	(void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	(void)pthread_mutex_init(&special, &attributes);
	good = pthread_mutex_lock(&special) == 0 && pthread_mutex_lock(&special) == EDEADLK &&
	       pthread_mutex_unlock(&special) == 0 && pthread_mutex_unlock(&special) == EPERM;
	ktap_ok(good, "a checking mutex says what is wrong");
}

/* ---- conditions, and others that are made of them */

static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static long queue[4];
static unsigned queued, taken_in_all;

static void *produce(void *argument)
{
	for (long i = 1; i <= rounds; i++) {
		(void)pthread_mutex_lock(&mutex);
		while (queued == 4)
			(void)pthread_cond_wait(&emptied, &mutex);
		queue[queued++] = i;
		(void)pthread_cond_signal(&filled);
		(void)pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void *consume(void *argument)
{
	intptr_t sum = 0;
	(void)argument;
	(void)pthread_mutex_lock(&mutex);
	for (;;) {
		while (queued == 0 && taken_in_all < (unsigned)(THREADS / 2 * rounds))
			(void)pthread_cond_wait(&filled, &mutex);
		if (queued == 0)
			break;
		sum += queue[--queued];
		taken_in_all++;
		(void)pthread_cond_signal(&emptied);
		if (taken_in_all == (unsigned)(THREADS / 2 * rounds))
			(void)pthread_cond_broadcast(&filled);
	}
	(void)pthread_mutex_unlock(&mutex);
	return (void *)sum;
}

static void *produce_or_consume(void *argument)
{
	return (intptr_t)argument % 2 ? produce(NULL) : consume(NULL);
}

static void test_conditions(void)
{
	start_all(produce_or_consume);
	ktap_equal(
		join_all(), (long)THREADS / 2 * rounds * (rounds + 1) / 2, "nothing is lost between threads");

	pthread_condattr_t attributes;
	pthread_cond_t condition;
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&condition, &attributes);
	struct timespec until = soon(CLOCK_MONOTONIC, 5 * MS);
	long start = clock_now();
	(void)pthread_mutex_lock(&mutex);
	int error = pthread_cond_timedwait(&condition, &mutex, &until);
	ktap_ok(error == ETIMEDOUT && clock_now() >= start + 4 * MS,
		"waiting for a condition ends at its time");
	(void)pthread_mutex_unlock(&mutex);
	until.tv_nsec = 1000000000;
	(void)pthread_mutex_lock(&mutex);
	ktap_equal(pthread_cond_timedwait(&condition, &mutex, &until), EINVAL, "a time that is none");
	(void)pthread_mutex_unlock(&mutex);
}

static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];

static void *read_or_write(void *argument)
{
	intptr_t good = 0;
	for (int i = 0; i < rounds / 4; i++) {
		if ((intptr_t)argument == 0) {
			(void)pthread_rwlock_wrlock(&shared);
			pair[0]++;
			sched_yield();
			pair[1]++;
			good++;
		} else {
			(void)pthread_rwlock_rdlock(&shared);
			good += pair[0] == pair[1];
		}
		(void)pthread_rwlock_unlock(&shared);
	}
	return (void *)good;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int done_once;

static void do_once(void)
{
	thread_sleep((uint64_t)clock_now() + MS);
	done_once++;
}

static void *call_it_once(void *argument)
{
	(void)argument;
	(void)pthread_once(&once, do_once);
	return (void *)(intptr_t)done_once;
}

static void test_others(void)
{
	start_all(read_or_write);
	ktap_equal(join_all(), (long)THREADS * (rounds / 4), "readers never see half of what a writer does");
	start_all(call_it_once);
	ktap_equal(join_all(), THREADS, "once is once, and nobody goes on before it is done");

	sem_t semaphore;
	int value = 0;
	struct timespec until = soon(CLOCK_REALTIME, MS);
	(void)sem_init(&semaphore, 0, 1);
	bool good = sem_wait(&semaphore) == 0 && sem_trywait(&semaphore) == -1 && errno == EAGAIN &&
		    sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT &&
		    sem_post(&semaphore) == 0 && sem_getvalue(&semaphore, &value) == 0;
	ktap_ok(good && value == 1, "a semaphore counts");
}

/* ---- values by key */

static pthread_key_t key;
static unsigned destroyed;

static void destroy(void *value)
{
	/* Sets another value, once: destructors run again. */
	if (value == (void *)1)
		(void)pthread_setspecific(key, (void *)2);
	__atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED);
}

static void *set_value(void *argument)
{
	bool good = pthread_getspecific(key) == NULL;
	(void)pthread_setspecific(key, (void *)1);
	(void)argument;
	return (void *)(intptr_t)(good && pthread_getspecific(key) == (void *)1);
}

static void test_keys(void)
{
	(void)pthread_key_create(&key, destroy);
	start_all(set_value);
	ktap_ok(join_all() == THREADS && destroyed == 2 * THREADS, "values by key, and their destructors");
	(void)pthread_setspecific(key, (void *)3);
	bool good = pthread_key_delete(key) == 0 && pthread_setspecific(key, NULL) == EINVAL;
	(void)pthread_key_create(&key, NULL);
	ktap_ok(good && pthread_getspecific(key) == NULL, "a new key has no old values");
	pthread_key_t keys[PTHREAD_KEYS_MAX];
	int count = 0;
	while (count < PTHREAD_KEYS_MAX && pthread_key_create(&keys[count], NULL) == 0)
		count++;
	ktap_equal(count, PTHREAD_KEYS_MAX - 1, "keys run out with an error");
}

/* ---- the library in several threads */

static void *allocate(void *argument)
{
	uint64_t seed = (uint64_t)argument + 1;
	unsigned char *blocks[16] = {0};
	size_t sizes[16] = {0};
	for (int i = 0; i < rounds; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		int which = (int)(seed >> 60);
		for (size_t j = 0; j < sizes[which]; j += 97)
			if (blocks[which][j] != (unsigned char)(which + (intptr_t)argument))
				return NULL;
		sizes[which] = (size_t)(seed >> 40) % (i % 50 == 0 ? 300000 : 3000);
		blocks[which] = realloc(blocks[which], sizes[which] + 1);
		if (blocks[which] == NULL)
			return NULL;
		memset(blocks[which], which + (int)(intptr_t)argument, sizes[which] + 1);
	}
	for (int i = 0; i < 16; i++)
		free(blocks[i]);
	return (void *)1;
}

static void *print_lines(void *argument)
{
	for (int i = 0; i < 20; i++)
		printf("# thread %d line %d of 20 ..............................\n", (int)(intptr_t)argument,
			i);
	return argument;
}

static int c11_sum(void *argument)
{
	return *(int *)argument + 1;
}

static mtx_t c11_mutex;
static cnd_t c11_condition;
static bool c11_ready;

static int c11_wait(void *argument)
{
	(void)argument;
	mtx_lock(&c11_mutex);
	while (!c11_ready)
		cnd_wait(&c11_condition, &c11_mutex);
	mtx_unlock(&c11_mutex);
	thrd_exit(9);
}

static void test_library(void)
{
	start_all(allocate);
	ktap_equal(join_all(), THREADS, "malloc serves several threads");
	start_all(print_lines);
	(void)join_all();
	ktap_ok(true, "each line above is whole");

	thrd_t thread;
	int number = 41, result = 0;
	bool good = thrd_create(&thread, c11_sum, &number) == thrd_success &&
		    thrd_join(thread, &result) == thrd_success && result == 42;
	mtx_init(&c11_mutex, mtx_plain);
	cnd_init(&c11_condition);
	good = good && thrd_create(&thread, c11_wait, NULL) == thrd_success;
	thrd_yield();
	mtx_lock(&c11_mutex);
	c11_ready = true;
	cnd_broadcast(&c11_condition);
	mtx_unlock(&c11_mutex);
	good = good && thrd_join(thread, &result) == thrd_success && result == 9;
	ktap_ok(good && mtx_trylock(&c11_mutex) == thrd_success && mtx_trylock(&c11_mutex) == thrd_busy,
		"threads of C11");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atoi(argv[1]);
	ktap_plan(25);
	test_life();
	test_detached();
	test_limits();
	test_mutexes();
	test_conditions();
	test_others();
	test_keys();
	test_library();
	return ktap_end();
}
