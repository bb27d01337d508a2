/* See host.h. */
#include "host.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t places[HOST_PLACES] = {[0 ... HOST_PLACES - 1] = PTHREAD_COND_INITIALIZER};

enum { YIELDS = 8 }; /* between two of which a little sleep comes */

struct start {
	void (*run)(unsigned);
	unsigned argument;
};

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* For ThreadSanitizer: where the kernel reads what programs may be writing, and says so. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:copy_racing\n";
}

/* It would wait a second at the end of each program for races then; but all harts are idle by then. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
	return "atexit_sleep_ms=0";
}

/*
 * Near this program's variables, so that a pointer to either can be packed (arch_types.h): at a multiple of 64 MiB behind them
 * where nothing is yet. The heap is anywhere in the first gigabyte.
 */
void *host_memory(size_t size)
{
	static char near[1];
	const uintptr_t step = 64 << 20, first = ((uintptr_t)near & -step) + step;

	for (uintptr_t at = first; at < first + 32 * step; at += step) {
		void *memory = mmap((void *)at, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (memory != MAP_FAILED)
			return memory;
	}
	give_up("mmap");
}

static void *begin(void *argument)
{
	struct start start = *(struct start *)argument;

	free(argument);
	start.run(start.argument);
	return NULL;
}

void host_thread(void (*run)(unsigned), unsigned argument)
{
	struct start *start = malloc(sizeof(*start));
	pthread_t thread;

	if (!start)
		give_up("malloc");
	*start = (struct start){run, argument};
	if (pthread_create(&thread, NULL, begin, start) || pthread_detach(thread))
		give_up("pthread_create");
}

/* Who is waited for may be in host_pause: then yielding alone would keep a processor busy, mostly in the host's kernel. */
void host_yield(void)
{
	static _Thread_local unsigned count;

	if (++count % YIELDS == 0)
		usleep(1);
	else
		sched_yield();
}

void host_pause(void)
{
	usleep(50);
}

void host_lock(void)
{
	pthread_mutex_lock(&lock);
}

void host_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void host_wait(unsigned place)
{
	pthread_cond_wait(&places[place], &lock);
}

void host_wake(unsigned place)
{
	pthread_cond_broadcast(&places[place]);
}
