/* Disks: a virtio block device, virtio 1.1, 5.2. */
#include "disk.h"

#include <errno.h>
#include <tabula/disks.h>

_Static_assert((size_t)QUEUE_MEMORY == DISK_MEMORY, "what init gives");

/* 5.2.3 */
#define FEATURE_SIZE_MOST (1ul << 1)
#define FEATURE_READONLY  (1ul << 5)
#define FEATURE_BLOCK     (1ul << 6)
#define FEATURE_FLUSH     (1ul << 9)

/* 5.2.4 */
enum { CONFIG_CAPACITY = 0, CONFIG_SIZE_MOST = 8, CONFIG_BLOCK = 20 };

enum { SECTOR = 512 }; /* the unit of requests, whatever the blocks are (5.2.6) */

/* ---- pieces of jobs */

static uint32_t least(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* The offset, and how many bytes there are from there. 0 or -errno. */
static int begin(const struct disk *disk, struct job *job)
{
	struct opened *open = job->open;
	uint64_t left;

	job->has_begun = true;
	if (job_moves(job)) {
		job->offset = open->offset;
		open->has_been_moved = false;
	}
	if (job->work == JOB_SYNC) {
		job->size = disk->is_flushed;
		return 0;
	}
	left = job->offset < disk->size ? disk->size - job->offset : 0;
	if (!left && job->size && !job_reads(job))
		return -ENOSPC;
	job->size = least(job->size, left);
	return 0;
}

/* Whether there is nothing more to do for it; and why, if it is not done. */
static bool is_over(const struct disk *disk, struct job *job, int *error)
{
	*error = job->has_begun ? 0 : begin(disk, job);
	if (!*error && job->done < job->size && job->is_interrupted)
		*error = -EINTR;
	else if (!*error && job->done < job->size && !job_is_waited_for(job))
		*error = -ESRCH;
	return *error || job->done == job->size;
}

/* What is written is either whole blocks, or lies in one. */
static struct slot piece(const struct disk *disk, struct job *job)
{
	uint64_t at = job->offset + job->done;
	uint32_t others = disk->block - 1, skip = (uint32_t)at & others, left = job->size - job->done;
	struct slot slot = {.job = job, .begin = at - skip, .skip = skip, .writes = !job_reads(job)};

	if (job->work == JOB_SYNC) {
		slot.size = left;
		return slot;
	}
	slot.size = least(left, disk->most - skip);
	slot.reads_first = slot.writes && (skip || slot.size < disk->block);
	if (slot.reads_first)
		slot.size = least(left, disk->block - skip);
	else if (slot.writes)
		slot.size &= ~others;
	slot.length = (skip + slot.size + others) & ~others;
	return slot;
}

static bool touches(const struct slot *a, const struct slot *b)
{
	return (a->writes || b->writes) && a->begin < b->begin + b->length && b->begin < a->begin + a->length;
}

static bool is_in_the_way(const struct disk *disk, const struct slot *slot)
{
	for (unsigned i = 0; i < QUEUE_SLOTS; i++)
		if (disk->slots[i].job && touches(&disk->slots[i], slot))
			return true;
	return false;
}

/* ---- to the device and back */

static void put(struct disk *disk, unsigned number)
{
	const struct slot *slot = &disk->slots[number];
	enum queue_work work = slot->writes && !slot->reads_first ? QUEUE_WRITE : QUEUE_READ;

	if (slot->job->work == JOB_SYNC)
		work = QUEUE_FLUSH;
	queue_put(&disk->queue, number, work, slot->begin / SECTOR, slot->length);
}

static int copy_in(const struct disk *disk, unsigned number)
{
	const struct slot *slot = &disk->slots[number];
	struct job *job = slot->job;

	return lent_read(&job->from, job->done, queue_buffer(&disk->queue, number) + slot->skip, slot->size);
}

static int copy_out(const struct disk *disk, unsigned number)
{
	const struct slot *slot = &disk->slots[number];
	struct job *job = slot->job;

	return lent_write(&job->to, job->done, queue_buffer(&disk->queue, number) + slot->skip, slot->size);
}

/* The piece has come to this. The others of its job take turns with other jobs. */
static void end(struct disk *disk, unsigned number, int error)
{
	struct slot *slot = &disk->slots[number];
	struct job *job = slot->job;

	slot->job = NULL;
	if (!error)
		job->done += slot->size;
	if (error || job->done == job->size)
		job_finish(job, error);
	else
		disk_add(disk, job);
}

/* Whether the device has to be told. */
static bool start(struct disk *disk, unsigned number, const struct slot *slot)
{
	int error = 0;

	disk->slots[number] = *slot;
	if (slot->writes && slot->length && !slot->reads_first)
		error = copy_in(disk, number);
	if (error)
		end(disk, number, error);
	else
		put(disk, number);
	return !error;
}

static int free_slot(const struct disk *disk)
{
	for (int i = 0; i < QUEUE_SLOTS; i++)
		if (!disk->slots[i].job)
			return i;
	return -1;
}

void disk_add(struct disk *disk, struct job *job)
{
	job_list_add(&disk->waiting, job);
}

/* In order: one that has to wait for what goes on is not overtaken, or it might wait for ever. */
void disk_work(struct disk *disk)
{
	bool told = false;
	int number, error;
	struct job *job;

	while ((number = free_slot(disk)) >= 0 && (job = disk->waiting.first)) {
		if (is_over(disk, job, &error)) {
			(void)job_list_take(&disk->waiting);
			job_finish(job, error);
			continue;
		}
		struct slot slot = piece(disk, job);

		if (is_in_the_way(disk, &slot))
			break;
		(void)job_list_take(&disk->waiting);
		told |= start(disk, (unsigned)number, &slot);
	}
	if (told)
		virtio_notify(&disk->virtio);
}

static void done(struct disk *disk, unsigned number, bool good)
{
	struct slot *slot = &disk->slots[number];
	int error = good ? 0 : -EIO;

	if (good && slot->reads_first) {
		slot->reads_first = false;
		error = copy_in(disk, number);
		if (!error) {
			put(disk, number);
			virtio_notify(&disk->virtio);
			return;
		}
	} else if (good && !slot->writes) {
		error = copy_out(disk, number);
	}
	end(disk, number, error);
}

void disk_hear(struct disk *disk)
{
	unsigned number;
	bool good;

	virtio_acknowledge(&disk->virtio);
	while (queue_take(&disk->queue, &number, &good))
		done(disk, number, good);
	disk_work(disk);
}

/* ---- the start */

/* What the device says of itself. */
static int measure(struct disk *disk)
{
	const struct virtio *virtio = &disk->virtio;
	uint64_t sectors = virtio_config_long(virtio, CONFIG_CAPACITY);
	uint32_t most = QUEUE_BUFFER;

	disk->block = virtio->features & FEATURE_BLOCK ? virtio_config(virtio, CONFIG_BLOCK) : SECTOR;
	if (disk->block < SECTOR || disk->block & (disk->block - 1))
		return -EIO;
	if (virtio->features & FEATURE_SIZE_MOST)
		most = least(most, virtio_config(virtio, CONFIG_SIZE_MOST));
	disk->most = most & ~(disk->block - 1);
	if (!disk->most || sectors > INT64_MAX / SECTOR)
		return -EIO;
	disk->size = sectors * SECTOR & ~(uint64_t)(disk->block - 1);
	disk->is_readonly = virtio->features & FEATURE_READONLY;
	disk->is_flushed = virtio->features & FEATURE_FLUSH;
	return 0;
}

int disk_start(struct disk *disk, system_handle system, char *memory, uint64_t bus,
	notification_handle notification, uint64_t bits)
{
	const uint64_t wanted =
		FEATURE_SIZE_MOST | FEATURE_READONLY | FEATURE_BLOCK | FEATURE_FLUSH | VIRTIO_VERSION_1;
	struct queue *queue = &disk->queue;
	int error = virtio_begin(&disk->virtio, wanted);

	if (!error)
		error = measure(disk);
	if (error)
		return error;
	queue_init(queue, memory, bus);
	error = virtio_set_queue(&disk->virtio, QUEUE_SIZE, queue_descriptors(queue), queue_available(queue),
		queue_used(queue));
	disk->door.disk = disk;
	return error ? error : virtio_start(&disk->virtio, system, notification, bits);
}
