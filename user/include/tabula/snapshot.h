/*
 * What the programs of the system do at a moment: all that the process server knows of, with their processes and threads,
 * and in words what each thread waits for. For ps and top, and whatever else looks at others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <tabula/protocol/program.h>

struct snapshot_program {
	struct program_info program;
	struct process_info process; /* zeros when it has none: it is starting, or over */
	struct thread_info *threads; /* in the order of their numbers */
	size_t count;
};

/* Which program receives calls on an endpoint. */
struct snapshot_endpoint {
	uint64_t object;
	char name[32];
};

struct snapshot {
	struct system_info system;
	struct snapshot_program *programs; /* in the order of their numbers */
	size_t count;
	struct snapshot_endpoint *endpoints; /* that have been seen, this time or before */
	size_t endpoint_count;
};

/*
 * Looks at all of them. The struct holds zeros or an earlier snapshot, which is dropped but for the names of endpoints. 0, or
 * -errno: there is then no program in it.
 */
int snapshot_take(struct snapshot *snapshot);

/* Frees what it holds. */
void snapshot_drop(struct snapshot *snapshot);

/* The program of this number, or null. */
const struct snapshot_program *snapshot_find(const struct snapshot *snapshot, uint32_t pid);

/* The thread that tells most about a program: one that runs, or would like to, or the first. Null: it has none. */
const struct thread_info *snapshot_thread(const struct snapshot_program *program);

enum { SNAPSHOT_TEXT = 64 };

/* What a thread does, such as "runs" or "reply from files". Returns `text`. */
const char *snapshot_thread_text(
	const struct snapshot *snapshot, const struct thread_info *thread, char text[SNAPSHOT_TEXT]);

/* The same of a program. */
const char *snapshot_text(
	const struct snapshot *snapshot, const struct snapshot_program *program, char text[SNAPSHOT_TEXT]);
