/*
 * What the parts of processes, process.c and process_*.c, have in common: going through the threads of one. Nobody else
 * includes it.
 */
#pragma once

#include "object/process.h"
#include "object/thread.h"

static inline struct thread *thread_at(struct tree_node *node)
{
	return node ? container_of(node, struct thread, sibling) : NULL;
}

/* The first with a higher id; NULL after the last. */
static inline struct thread *thread_after(const struct process *process, uint32_t id) REQUIRES(process->lock)
{
	return process->thread_count ? thread_at(tree_after(&process->threads, id)) : NULL;
}

/* The one behind it; NULL after the last. */
static inline struct thread *next_sibling(const struct thread *thread)
{
	return thread_at(thread->sibling.next);
}

/* Adds what a thread has run since it was last counted to what all have. */
static inline void count_thread(struct process *process, struct thread *thread) REQUIRES(process->lock)
{
	uint64_t ticks = runner_cpu_time(&thread->runner);

	process->ticks += ticks - thread->counted;
	thread->counted = ticks;
}
