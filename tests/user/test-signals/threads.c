/* Threads: which of them gets a signal that is sent to one, to the program, or that somebody waits for with sigwait. */
#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static volatile sig_atomic_t blocks_all; /* the one thread that does */
static volatile bool stop;
static pthread_t got;

static void who(int number)
{
	(void)number;
	got = pthread_self();
	count++;
}

static void *spin_until(void *argument)
{
	while (!stop)
		continue;
	return argument;
}

static void *spin_blocked(void *argument)
{
	sigset_t set = 0;

	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	blocks_all = 1;
	return spin_until(argument);
}

static void *wait_in_cond(void *argument)
{
	(void)argument;
	pthread_mutex_lock(&mutex);
	while (!stop)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void *wait_for_signal(void *argument)
{
	sigset_t set = 0;
	int number = 0;

	(void)argument;
	sigaddset(&set, SIGUSR2);
	sigwait(&set, &number);
	return (void *)(long)number;
}

static void await(volatile sig_atomic_t *what)
{
	for (int i = 0; i < 5000 && !*what; i++)
		usleep(1000);
}

void test_threads(void)
{
	struct checks c = {0};
	pthread_t open, closed, waits, awaits;
	sigset_t set, old;
	void *value;

	catch_with(SIGUSR1, who, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	stop = false;
	blocks_all = 0;
	pthread_create(&open, NULL, spin_until, NULL);
	pthread_create(&closed, NULL, spin_blocked, NULL);
	pthread_create(&waits, NULL, wait_in_cond, NULL);
	pthread_create(&awaits, NULL, wait_for_signal, NULL);
	check(&c, pthread_kill(open, NSIG) == EINVAL && !pthread_kill(open, 0), "errors");
	for (int i = 0; i < 50; i++) {
		pthread_t to = i % 2 ? open : waits;

		count = 0;
		check(&c, !pthread_kill(to, SIGUSR1), "to one");
		await(&count);
		check(&c, count == 1 && got == to, "round %d: %d", i, count);
	}
	await(&blocks_all); /* a hart that the machine below does not run may have it */
	count = 0;
	pthread_kill(closed, SIGUSR1);
	usleep(3000);
	check(&c, count == 0, "one that blocks it");
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	count = 0;
	kill(getpid(), SIGUSR1);
	await(&count);
	check(&c, count == 1 && got != pthread_self() && got != closed, "to whoever does not block it");
	kill(getpid(), SIGUSR2);
	check(&c, !pthread_join(awaits, &value) && value == (void *)SIGUSR2, "sigwait");
	struct timespec little = {0, 2000000};
	check(&c, sigtimedwait(&set, NULL, &little) == -1 && errno == EAGAIN, "none in time");
	stop = true;
	pthread_mutex_lock(&mutex);
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	pthread_join(open, NULL);
	pthread_join(closed, NULL);
	pthread_join(waits, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR1, SIG_DFL);
	checks_report(&c, "threads, and which of them gets a signal");
}
