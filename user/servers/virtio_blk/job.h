/*
 * Jobs: calls that a disk works on; and what is open, which they are made through. Those that move the offset of what is open
 * are done one after the other, so none misses what another has done, and one that comes to nothing moves nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <tabula/server.h>

struct disk;
struct job;

struct job_list {
	struct job *first, **last; /* `last` NULL: never used */
};

/* An open file description. */
struct opened {
	struct client client;
	struct disk *disk;
	uint32_t how; /* of enum open: read, write, append, nonblock */
	uint32_t jobs; /* that are through it */
	bool is_gone; /* nobody has it; it goes with the last job */
	uint64_t offset;
	struct job *moving; /* the job that moves the offset */
	bool has_been_moved; /* by a seek, meanwhile */
	struct job_list next; /* jobs that will */
};

enum job_work { JOB_READ, JOB_WRITE, JOB_READ_AT, JOB_WRITE_AT, JOB_SYNC };

struct job {
	struct job *next;
	struct opened *open; /* NULL: the job is free */
	struct server *server;
	uint32_t token;
	enum job_work work;
	bool has_begun, is_interrupted;
	uint64_t offset;
	uint32_t size, done;
	union {
		struct lent_in from;
		struct lent_out to;
	};
};

/* 0, or -ENOMEM. Once. */
int jobs_init(void);

/* NULL when there are too many. */
struct job *job_make(struct opened *open, struct server *server, uint32_t token, enum job_work work);

/* Goes to the disk, or waits for those before it that move the offset. It will be answered. */
void job_ask(struct job *job);

/* Answers it, with what it has done or with an error if that is nothing; and it is no more. The next one goes to the disk. */
void job_finish(struct job *job, int error);

/* Those through `open` end with what they have done, at the next piece. */
void jobs_interrupt(const struct opened *open);

/* Whether anybody waits for it. */
bool job_is_waited_for(const struct job *job);

static inline bool job_reads(const struct job *job)
{
	return job->work == JOB_READ || job->work == JOB_READ_AT;
}

static inline bool job_moves(const struct job *job)
{
	return job->work == JOB_READ || job->work == JOB_WRITE;
}

/* One that is open like this; NULL when there is no room. Without jobs it goes at once, else with the last one. */
struct opened *open_make(struct disk *disk, uint32_t how);
void open_close(struct opened *open);

void job_list_add(struct job_list *list, struct job *job);
struct job *job_list_take(struct job_list *list); /* NULL: it is empty */
