/*
 * What the tests of disks share. The disk begins as a pattern that tells where each word of it is; what it should hold by now is
 * kept beside it, and the harness compares that with the image afterwards.
 */
#pragma once

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK "/dev/disk0"

enum { KEPT = 1 << 20, WRITERS = 2 }; /* nobody writes below it */

static uint8_t *shadow; /* what the disk should hold */
static size_t disk_size;

/* Opens the disk, or ends the suite. */
static inline int disk_open(int flags)
{
	int fd = open(DISK, flags);

	if (fd < 0)
		ktap_bail_out("%s: %s", DISK, strerror(errno));
	return fd;
}

static inline void shadow_begin(void)
{
	int fd = disk_open(O_RDONLY);
	uint64_t *words;

	disk_size = (size_t)lseek(fd, 0, SEEK_END);
	close(fd);
	words = malloc(disk_size);
	if (!words)
		ktap_bail_out("no memory for a copy of the disk");
	shadow = (uint8_t *)words;
	for (size_t i = 0; i < disk_size / sizeof(*words); i++)
		words[i] = i * 0x9e3779b97f4a7c15;
}

/* CRC-32, as zip has it. */
static inline uint32_t shadow_sum(void)
{
	uint32_t sum = ~0u;

	for (size_t i = 0; i < disk_size; i++) {
		sum ^= shadow[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (0xedb88320 & -(sum & 1));
	}
	return ~sum;
}

/* Whether the disk holds what it should, here; read by way of this descriptor. */
static inline bool disk_holds(int fd, size_t offset, size_t size)
{
	uint8_t *back = malloc(size + 1);
	bool good;

	memset(back, 0x5a, size + 1);
	good = pread(fd, back, size, (off_t)offset) == (ssize_t)size &&
	       !memcmp(back, shadow + offset, size) && back[size] == 0x5a;
	free(back);
	return good;
}

/* Writes what is new to each byte, to the disk and beside it. */
static inline bool disk_put(int fd, size_t offset, size_t size)
{
	static uint8_t salt;

	salt += 37;
	for (size_t i = 0; i < size; i++)
		shadow[offset + i] = (uint8_t)(shadow[offset + i] * 3 + salt + i);
	return pwrite(fd, shadow + offset, size, (off_t)offset) == (ssize_t)size;
}

enum {
	STRIPE = 100,
	STRIPES = 1000,
	BETWEEN = KEPT,
	OWN = 2 << 20,
	OWN_SIZE = 300001,
	OWN_MOST = 150000,
	PATIENT = 3000
};

struct piece {
	size_t offset, size;
};

/* Small ones lie between those of the others; each of the few long ones has its own place. */
static inline struct piece choose(unsigned number)
{
	struct piece piece;
	size_t first, room = STRIPE;

	if (random_below(10) == 0) {
		piece.size = 1 + random_below(OWN_MOST);
		piece.offset = OWN + number * OWN_SIZE + random_below(OWN_SIZE - piece.size);
		return piece;
	}
	first = random_below(room);
	piece.size = 1 + random_below(room - first);
	piece.offset = BETWEEN + (random_below(STRIPES) * WRITERS + number) * STRIPE + first;
	return piece;
}

/* 0: it can't be written. */
static inline bool put(int *fd, const struct piece *piece, bool again)
{
	for (int i = 0; i < PATIENT; i++) {
		if (pwrite(*fd, shadow + piece->offset, piece->size, (off_t)piece->offset) ==
			(ssize_t)piece->size)
			return true;
		if (!again)
			return false;
		close(*fd);
		*fd = open(DISK, O_RDWR);
		if (*fd < 0)
			thread_sleep(now() + MS);
	}
	return false;
}

/*
 * Writers, numbered: each does the same `count` writes whenever it is asked, on pieces that lie between those of the other, in the
 * same blocks. With fd -1 only beside the disk. `again` opens the disk anew after an error; else that is the end. Returns how
 * many have been done.
 */
static inline unsigned writer_run(unsigned number, unsigned count, int fd, bool again)
{
	random_state = number;
	for (unsigned i = 0; i < count; i++) {
		struct piece piece = choose(number);

		for (size_t k = 0; k < piece.size; k++)
			shadow[piece.offset + k] = (uint8_t)(i * 7 + number + k);
		if (fd >= 0 && !put(&fd, &piece, again))
			return i;
	}
	return count;
}

/* All of them at once, in processes; and what they have done, beside the disk. */
static inline void writers_start(pid_t pids[WRITERS], unsigned count, bool again)
{
	for (unsigned i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(writer_run(i, count, disk_open(O_RDWR), again) != count);
	}
}

static inline void writers_end(struct checks *c, const pid_t pids[WRITERS], unsigned count)
{
	for (unsigned i = 0; i < WRITERS; i++) {
		int status = -1;

		check(c, waitpid(pids[i], &status, 0) == pids[i] && status == 0, "writer %u: %#x", i,
			(unsigned)status);
		(void)writer_run(i, count, -1, false);
	}
}
