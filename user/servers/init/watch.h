/*
 * Waiting for processes to end beside other things: a thread for each, which sets bits of a notification. One that runs a
 * program may hand that on to another process, by exec, which is waited for then.
 */
#pragma once

#include "plain_thread.h"

#include <stdint.h>
#include <tabula/syscalls.h>

struct watch {
	notification_handle changes;
	uint64_t bit;
	process_handle process; /* written before `turn` */
	process_handle (*next)(void); /* the process that the program has now; null: it stays in this one */
	uint32_t turn; /* how many processes there have been: the thread waits for the next */
	struct process_result result; /* of the last, when the bit is set */
	struct plain_thread thread;
};

/* 0 or -errno. The struct stays for good. */
int watch_init(struct watch *watch, notification_handle changes, uint64_t bit);

/* Watches a process; the one before has ended. Its handle is closed when the bit is set. */
void watch_process(struct watch *watch, process_handle process);
