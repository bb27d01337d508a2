/* What the hosted harts take from POSIX. A file of its own, since names of <pthread.h> are names of the kernel too. */
#pragma once

#include <stddef.h>

/* Zeroed memory that begins a page; ends the program when there is none. */
void *host_memory(size_t size);

/* A thread that nobody waits for. */
void host_thread(void (*run)(unsigned), unsigned argument);

void host_yield(void);

/* Lets the others run for a while. */
void host_pause(void);

/* One lock, and a number of places where its holder can wait and let it go meanwhile. */
enum { HOST_PLACES = 16 };
void host_lock(void);
void host_unlock(void);
void host_wait(unsigned place);
void host_wake(unsigned place);
