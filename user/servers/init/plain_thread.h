/* Threads of init beside the one that main runs in. They have no thread-local data, so they call nothing of the C library. */
#pragma once

enum { PLAIN_STACK = 2048 };

struct plain_thread {
	void (*run)(void *argument); /* never returns */
	void *argument;
	char stack[PLAIN_STACK] __attribute__((aligned(16)));
};

/* 0 or -errno. The struct stays for good. */
int plain_thread_start(struct plain_thread *thread, void (*run)(void *argument), void *argument);
