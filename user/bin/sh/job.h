/*
 * A job, for the files that deal with them: the list (job.c), waiting in the foreground (foreground.c), and what the shell does
 * when it is asked (builtin_job.c, builtin_kill.c).
 */
#pragma once

#include <stdio.h>

#include "sh.h"

struct job {
	struct job *next;
	int number;
	pid_t group; /* GROUP_NONE: that of the shell */
	struct process *processes;
	size_t count;
	char *text;
};

/* foreground.c: waits for one process. False if a signal for the shell came first, or it still runs, or has stopped. */
bool process_wait(struct process *process, int options);

/* The signal that has stopped one of them; 0 if all run, or have ended. */
int processes_stopped_by(const struct process *processes, size_t count);

/* Waits in the foreground until each has ended, or has stopped if there is job control. Then the shell has the terminal again. */
void foreground_wait(struct shell *shell, struct process *processes, size_t count);

/* What became of those in the foreground: what was to come after them does not, if it was Ctrl-C or Ctrl-Z. */
int foreground_status(struct shell *shell, const struct process *processes, size_t count);

/* job.c */
void job_remove(struct job *job);

/* Looks whether all of a job has ended, or waits until it has. False if a signal came first. */
bool job_wait(struct job *job, int options);
int job_status(const struct job *job);
bool job_has_ended(const struct job *job);

/* The number of the process, or group, that one would send a signal to. */
long job_process(const struct job *job);
void job_print(const struct job *job, bool numbered, FILE *stream);

/* The one with the least number above this one; null if there is none. */
struct job *job_oldest(int above);

/* In the order of their numbers; those that have ended are told once. */
void jobs_print(struct shell *shell, bool all, bool numbered, FILE *stream);

/*
 * A job by %NUMBER, %% for the newest, %- for the one before, %TEXT and %?TEXT by how it was written, or by the number of one of
 * its processes. Null if there is none.
 */
struct job *job_find(const char *name);
