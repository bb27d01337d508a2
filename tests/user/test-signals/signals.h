/*
 * What the parts of test-signals share: a handler that counts, a timer that sends SIGALRM, and children, which are this
 * program again with words.
 */
#pragma once

#include "alarms.h"
#include "children.h"
#include "suite.h"

#include <signal.h>
#include <unistd.h>

extern char **environ;

/* ---- alarms.c */

extern volatile sig_atomic_t count, last, nested;

/* Counts, and remembers the number. */
void note(int number);

/* Sets a handler, and the counters to 0. */
void catch_with(int number, void (*handler)(int), int flags);

/* ---- children.c */

extern char myself[]; /* the path of this program */

/* Starts one that does `what`; -errno. */
pid_t child(const char *what, const char *argument);

/* What a child does: the status of the program. */
int be_child(char **words);

/* ---- pipes.c */

extern int pipe_ends[2];

/* Writes to descriptor 1 what test_pipe_storm reads, interrupted as often. Returns the status of the program: 0 if it was. */
int write_bytes(bool restart);

/* Makes a pipe that nobody reads. The server hears of the end of a handle a moment later. */
void break_pipe(void);

/* ---- faults.c */

/* Causes an exception that nobody catches. */
int fault(const char *how);

/* ---- values.c */

/* Queues some for itself, and becomes a program that takes them. */
int be_queued(bool again);

/* ---- realtime.c */

/* Queues some for itself and its thread, and becomes a program that finds them. */
int be_realtime(bool again);

/* ---- the tests, by what they are about */

void test_alarm(void);
void test_actions(void);
void test_raise(void);
void test_masks(void);
void test_registers(void);
void test_many(void);
void test_safe(void);
void test_interrupted(void);
void test_restarted(void);
void test_pipe_storm(int flags, const char *what);
void test_pipe_signal(void);
void test_children(void);
void test_ends(void);
void test_faults(void);
void test_faults_not_caught(void);
void test_threads(void);
void test_values(void);
void test_values_taken(void);
void test_values_refused(void);
void test_realtime_order(void);
void test_realtime_kill(void);
void test_realtime_actions(void);
void test_realtime_full(void);
void test_realtime_exec(void);
void test_realtime_flood(void);
void test_realtime_threads(void);
void test_realtime_nested(void);
void test_realtime_names(void);
