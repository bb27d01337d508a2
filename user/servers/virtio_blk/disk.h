/*
 * Disks, and what is asked of them: jobs. A disk works on some at a time, each in pieces for which a slot of the queue has
 * room; jobs take turns. What lies side by side in a block is written by reading the block first, so two pieces that touch
 * the same block never go on at once if one of them writes.
 */
#pragma once

#include "job.h"
#include "queue.h"
#include "virtio.h"

struct slot {
	struct job *job; /* NULL: free */
	uint64_t begin; /* bytes of the disk, whole blocks; none of a flush */
	uint32_t length;
	uint32_t skip, size; /* where the caller's bytes are in it, and how many */
	bool writes;
	bool reads_first; /* the block is being read that a part of is to be written */
};

struct disk {
	struct virtio virtio;
	struct queue queue;
	struct slot slots[QUEUE_SLOTS];
	struct job_list waiting;
	struct opened door; /* not open: what a directory gives */
	uint32_t number;
	uint64_t size; /* in bytes */
	uint32_t block; /* in bytes; a power of two */
	uint32_t most; /* bytes of a piece, whole blocks */
	bool is_readonly, is_flushed; /* flushed: it has to be told */
};

/* Starts a device that has been reset, with its part of the memory. 0 or -errno. */
int disk_start(struct disk *disk, system_handle system, char *memory, uint64_t bus,
	notification_handle notification, uint64_t bits);

/* Takes a job, for disk_work to begin. */
void disk_add(struct disk *disk, struct job *job);

/* Begins what can be begun. */
void disk_work(struct disk *disk);

/* Its interrupt has come. */
void disk_hear(struct disk *disk);
