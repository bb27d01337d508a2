/* Jobs and what is open. */
#include "job.h"

#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include <tabula/serve/file.h>

enum { JOBS = 512, OPENS_MOST = 16384 };

static struct job *jobs;
static unsigned opens;

int jobs_init(void)
{
	jobs = calloc(JOBS, sizeof(*jobs));
	return jobs ? 0 : -ENOMEM;
}

/* ---- lists */

void job_list_add(struct job_list *list, struct job *job)
{
	if (!list->first)
		list->last = &list->first;
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

struct job *job_list_take(struct job_list *list)
{
	struct job *job = list->first;

	if (job)
		list->first = job->next;
	return job;
}

/* Ends those that nobody waits for. What ends may have others added to the same list. */
static void list_sweep(struct job_list *list)
{
	struct job *job = list->first, *next;

	list->first = NULL;
	for (; job; job = next) {
		next = job->next;
		if (job_is_waited_for(job))
			job_list_add(list, job);
		else
			job_finish(job, -ESRCH);
	}
}

/* Callers that give up and call again would fill up all places, while a disk is slow. */
static void sweep(void)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++) {
		if (job->open)
			list_sweep(&job->open->next);
		if (job->open)
			list_sweep(&job->open->disk->waiting);
	}
}

/* ---- jobs */

static struct job *find_free(void)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (!job->open)
			return job;
	return NULL;
}

struct job *job_make(struct opened *open, struct server *server, uint32_t token, enum job_work work)
{
	struct job *job = find_free();

	if (!job) {
		sweep();
		job = find_free();
	}
	if (!job)
		return NULL;
	*job = (struct job){.open = open, .server = server, .token = token, .work = work};
	open->jobs++;
	return job;
}

void job_ask(struct job *job)
{
	struct opened *open = job->open;

	if (job_moves(job) && open->moving) {
		job_list_add(&open->next, job);
		return;
	}
	if (job_moves(job))
		open->moving = job;
	disk_add(open->disk, job);
}

bool job_is_waited_for(const struct job *job)
{
	return request_waits(job->server, job->token);
}

/* Whether somebody has the answer. */
static bool answer(struct job *job, long result)
{
	switch (job->work) {
	case JOB_READ:
		return !answer_file_read(job->server, job->token, result, &job->to);
	case JOB_READ_AT:
		return !answer_file_read_at(job->server, job->token, result, &job->to);
	case JOB_WRITE:
		return !answer_file_write(job->server, job->token, result);
	case JOB_WRITE_AT:
		return !answer_file_write_at(job->server, job->token, result);
	case JOB_SYNC:
		return !answer_file_sync(job->server, job->token, result);
	}
	return false;
}

/* The next one takes the offset as it is now. A seek meanwhile comes after what it has overtaken. */
static void move_on(struct opened *open, uint64_t offset)
{
	if (!open->has_been_moved)
		open->offset = offset;
	open->moving = job_list_take(&open->next);
	if (open->moving)
		disk_add(open->disk, open->moving);
}

void job_finish(struct job *job, int error)
{
	struct opened *open = job->open;
	bool has_done = job->work != JOB_SYNC && job->done > 0;
	bool answered = answer(job, has_done ? (long)job->done : error);

	job->open = NULL;
	open->jobs--;
	if (open->moving == job)
		move_on(open, answered && has_done ? job->offset + job->done : open->offset);
	if (open->is_gone && !open->jobs)
		open_close(open);
}

void jobs_interrupt(const struct opened *open)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		job->is_interrupted |= job->open == open;
}

/* ---- what is open */

struct opened *open_make(struct disk *disk, uint32_t how)
{
	struct opened *open = opens < OPENS_MOST ? calloc(1, sizeof(*open)) : NULL;

	if (!open)
		return NULL;
	opens++;
	open->disk = disk;
	open->how = how;
	return open;
}

void open_close(struct opened *open)
{
	open->is_gone = true;
	if (open->jobs)
		return;
	opens--;
	free(open);
}
