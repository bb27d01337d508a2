/* What the parts of test-programs share: the server that they start, and programs of it, which are children of a few instructions. */
#pragma once

#include "suite.h"

/* clang-format off */
CHILD_PROGRAM(ends,
	CHILD_EXIT);
CHILD_PROGRAM(sleeps,
	"	li	a0, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n");
CHILD_PROGRAM(faults,
	"	ld	a0, 8(zero)\n");
/* clang-format on */

#define CODE(name) name, (size_t)(name##_end - name)

struct program {
	uint32_t pid;
	endpoint_handle handle; /* as the program has it, in this process */
	struct child child;
};

/* ---- children.c */

/* A handle to give away. */
notification_handle to_give(notification_handle n);

/* A child of `parent`, not running yet. */
int prepare(struct program *program, endpoint_handle parent, const void *code, size_t size);

/* The handle goes to the child, and with it, unless it is kept here as well. */
int run(struct program *program, uint64_t argument, bool keep);

/* Both. */
int start(struct program *program, endpoint_handle parent, const void *code, size_t size, uint64_t argument);

/* The number of the child that has ended, and how. */
long wait_for(endpoint_handle parent, int32_t which, uint32_t *status);

/* Whether there is such a program; the server may have to hear of its end first. */
bool exists(uint32_t pid);

void wait_until_gone(struct checks *c, uint32_t pid);

/* A program that can have children of its own: this process has its handle. */
extern struct program family;

/* ---- signals.c */

/* What the program is told of the next SIGUSR1 with a value, whoever has sent it; how many more there are. */
void check_value(struct checks *c, endpoint_handle program, uint32_t from, uint64_t value, uint32_t more);

/* ---- main.c */

extern endpoint_handle place, self; /* of the server; of the first program, which this is */
extern memory_handle kept; /* what each server leaves to the next */
extern process_handle process; /* the server */

void start_server(void);

/* ---- the tests, by what they are about */

void test_family(void);
void test_wait(void);
void test_deadline(void);
void test_interrupt(void);
void test_signals(void);
void test_catching(void);
void test_values(void);
void test_births(void);
void test_exec(void);
void test_ends(void);
void test_restart(void);
void test_restart_alone(void);
void test_rubbish(void);
