/*
 * What a disk and its driver have in common in memory: the queue (virtio 1.1, 2.6), and for each of a few slots the request
 * that it stands for, with a buffer. Requests may be answered in any order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QUEUE_SLOTS = 4,
	QUEUE_BUFFER = 65536, /* bytes of a slot */
	QUEUE_SIZE = 16, /* descriptors; three for a slot */
	QUEUE_MEMORY = 3 * 4096 + QUEUE_SLOTS * QUEUE_BUFFER,
};

enum queue_work { QUEUE_READ, QUEUE_WRITE, QUEUE_FLUSH };

struct queue {
	char *memory; /* QUEUE_MEMORY bytes */
	uint64_t bus; /* where the device has them */
	uint16_t taken; /* how many answers have been seen */
	bool busy[QUEUE_SLOTS]; /* the device has it */
};

/* Nothing is in it. The device is not to look yet. */
void queue_init(struct queue *queue, char *memory, uint64_t bus);

/* Addresses for the device. */
uint64_t queue_descriptors(const struct queue *queue);
uint64_t queue_available(const struct queue *queue);
uint64_t queue_used(const struct queue *queue);

/* The buffer of a slot. While the slot is busy, it is the device's. */
char *queue_buffer(const struct queue *queue, unsigned slot);

/* Gives the device a slot that is not busy: `size` bytes of its buffer, from a sector of 512 bytes on. It has to be notified. */
void queue_put(struct queue *queue, unsigned slot, enum queue_work work, uint64_t sector, uint32_t size);

/* A slot that the device has done with; `*good`: as it should. False when there is none. */
bool queue_take(struct queue *queue, unsigned *slot, bool *good);
