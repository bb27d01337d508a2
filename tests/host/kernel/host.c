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

void *host_memory(size_t size)
{
	static char
		near[1]; /* 64 MiB behind this program's variables, which have less, there is nothing yet */
	void *memory = mmap((void *)((uintptr_t)near + (64 << 20)), size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		give_up("mmap");
	return memory;
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

void host_yield(void)
{
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
