/* Programs: who there is, whose child, and how it ended. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <tabula/serve/program.h>

enum { PROGRAMS_MOST = 1024, NAME_SIZE = 32, FIRST_PROGRAM = 1 };

/* Threads that were suspended, to stop a program. */
struct held {
	thread_handle *threads; /* the first to be suspended is the last to go on */
	unsigned count, room;
};

/* Of a signal that was told, the last of its number: what siginfo_t has besides. */
struct origin {
	uint32_t pid; /* of the sender, or of the child; 0: nobody's */
	uint32_t code, status; /* of SIGCHLD */
};

struct program {
	struct client client; /* first: what a request comes with */
	struct program *next; /* in the order of the numbers */
	struct program *parent; /* NULL: nobody waits for it */
	uint32_t pid; /* 0: none, its memory is free */
	uint32_t parent_pid; /* of `parent`, which is of use to one server only */
	uint32_t group, session;
	enum program_state state; /* a stopped one is RUNNING here, or STARTING */
	uint32_t status; /* of an ended one: as program_wait tells it */
	uint64_t time; /* nanoseconds that its processes have run that are gone */
	uint64_t children_time; /* of the children that it has waited for, and theirs */
	uint64_t memory, children_memory; /* the most that one of those had at a time */
	uint64_t last_time, last_memory; /* of the child that it has waited for last */
	uint32_t last_child;
	process_handle process; /* 0: none yet */
	process_handle coming; /* what program_exec has announced; 0: nothing */
	bool replaced; /* by program_exec: its process is not the one that it began in */
	bool is_shell; /* that init has started */
	uint32_t shell_process; /* the id of its process; 0: not known, or no shell */
	bool lost; /* by a process server before this one: see lost.h */
	bool unwaited; /* its parent does not want to hear of its end */
	uint64_t ignored, caught; /* signals: bit i stands for signal i */
	uint32_t pending; /* those caught that are not queued, and nobody could be told of yet */
	uint32_t doomed; /* the signal that ends it as soon as it has a process; 0: none */
	uint64_t delayed; /* those that end it when it goes on */
	uint32_t stopped; /* the signal that has stopped it; 0: none has */
	uint32_t stop_wanted; /* the signal that stops it as soon as it has a thread; 0: none */
	bool tells_stop, tells_continue; /* its parent has not heard of it yet */
	bool may_be_orphan; /* it has stopped, and somebody who could let it go on is about to go */
	bool hears_no_stops; /* SIGCHLD does not tell it of children that stop */
	struct held held;
	notification_handle notification; /* where those caught are told; 0: nowhere yet */
	uint32_t signal_thread; /* the number of the thread that waits there */
	uint64_t queue_told; /* the signals that it knows to be queued: see queue.h */
	uint32_t queued; /* how many are, or one more */
	uint32_t queue_place; /* of the next */
	char name[NAME_SIZE], coming_name[NAME_SIZE];
	uint32_t told; /* signals: of which there is an origin that nobody has asked for */
	struct origin origins[SIGRTMIN]; /* last: a new program has none, whatever stands there */
};

static inline struct program *program_of(struct client *client)
{
	return (struct program *)client;
}

/* All there are, the lowest number first. */
struct program *program_first(void);

/* NULL: there is none of this number. */
struct program *program_find(uint32_t pid);

/* Takes over those that the server before this one has left. */
void program_take_over(void);

/* A new one, starting; NULL when there are too many, or memory is out. */
struct program *program_make(struct program *parent, const char *name);

void program_set_parent(struct program *program, struct program *parent);

/* Another process will run it, under this name. Its handles are the program's from now on. */
void program_announce(struct program *program, process_handle process, const char *name);

/* It will not. */
void program_unannounce(struct program *program);

/* If the process that was announced has begun, the program is that. */
void program_settle(struct program *program);

/* Tells where caught signals go, and the number of the thread that waits there; a notification of 0: nowhere yet. */
void program_set_notification(struct program *program, notification_handle notification, uint32_t thread);

/* Nobody will ask for the process of this one, which has ended. */
void program_close(struct program *program);

/* Nobody will ask for it any more. */
void program_forget(struct program *program);

/* How long its processes have run, until its end. */
uint64_t program_time(const struct program *program);

/* The most memory that one of them has had. */
uint64_t program_memory(const struct program *program);

/* Its parent, or who has become that, has waited for it, and nobody will ask for it any more. */
void program_reap(struct program *parent, struct program *child);

/* Its last handle is gone: learns how it ended. Its children are another's from now on, who will not wait for them. */
void program_end(struct program *program, struct program *heir);
