/*
 * What the parts of the benchmark share. Each part has a table of operations, which ends with one that has no name; main.c
 * measures them in turn. Part of the state is left from one operation for the next: what they prepare stays.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <abi/abi.h>
#include <tabula/handles.h>
#include <tabula/syscalls.h>

enum { WARM_UP = 16, ROUNDS = 1000 };

struct operation {
	const char *name;
	void (*prepare)(void); /* before the first round */
	void (*before)(void); /* each round, not counted */
	void (*run)(void); /* counted */
	void (*after)(void); /* each round, not counted */
	void (*finish)(void); /* after the last round */
	void (*collect)(void); /* instead of all these: fills `counts` itself */
};

extern uint64_t counts[ROUNDS]; /* of the operation that is measured, sorted when it is done */
extern uint64_t reading; /* cost of the two reads of the counter and the call of run */

/* Measures an operation: fills `counts`. */
void measure(const struct operation *op);

/* Prints what `counts` has, without the cost of reading. */
void print_counts(const char *name);

/* Sorts the first so many of `counts`. */
void counts_sort(size_t count);

/* Says what failed and why, and ends the program. `error` is -errno. */
_Noreturn void fail(const char *what, long error);

/* The result, unless it is an error: then it fails. */
long check(const char *what, long result);

/* ---- the parts */

extern const struct operation call_operations[], memory_operations[], thread_operations[], process_operations[],
	file_operations[], message_operations[], exception_operations[], event_operations[];

/* Those of a name, or all: costs among many others, interrupts off, bytes of kernel memory. */
void measure_growths(const char *wanted);
void measure_latencies(const char *wanted);
void measure_sizes(const char *wanted);

/* ---- what they use of each other */

/* calls.c: another handle to the page, and away with it. */
void handle_dup_close(void);

/* memory.c: an object of a few pages, and where its first is mapped. */
extern memory_handle page;
void make_page(void);
void map_page(void);
void make_and_map(void);
void touch(void);
void unmap_and_close(void);

/* threads.c: the thread that an operation made, on a small stack. It has no gp, so its code can't reach global variables. */
extern thread_handle made;
void thread_start(uint64_t entry, uint64_t argument);
void thread_make(void);
void thread_finish(void);
void thread_stop(void);
void run_nothing(void);

/* processes.c: waits for a child that has to end with status 0; code for a process that has nothing else, at CODE_BASE. */
#define CODE_BASE 0x40000000
void wait_for_child(pid_t pid);
memory_handle code_memory(const char *code, const char *end);
void map_code(process_handle process, const char *code, const char *end);

/* messages.c: a server in a process of its own that runs the code, and what it receives from. */
extern endpoint_handle endpoint;
void start_server(const char *code, const char *end);

/* events.c: a thread that answers each signal with one. */
void start_answering_with(void (*run)(uint64_t both));
void notify_pingpong(void);
void start_answering_at_word(void);
void futex_pingpong(void);

/* files.c: what other processes of this program do, by their argument; -1: nothing. */
int other_main(const char *what);
