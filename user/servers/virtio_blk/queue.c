/* The queue. Numbers of clauses are those of virtio 1.1. All is little-endian, as this machine is. */
#include "queue.h"

#include <string.h>

/* 2.6.5 */
struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

enum { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 /* by the device */ };

/* 2.6.6 */
struct available {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[QUEUE_SIZE];
};

/* 2.6.8 */
struct used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t length;
	} ring[QUEUE_SIZE];
};

/* 5.2.6: the head of a request, and its status, which lie apart from the bytes. */
struct request_head {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
	uint8_t status;
};

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, STATUS_OK = 0, STATUS_NONE = 0xff };

/* Places of a legacy device, 2.6.2: the second part is behind the first, the third begins a page. */
enum {
	AVAILABLE = QUEUE_SIZE * sizeof(struct descriptor),
	USED = 4096,
	HEADS = 2 * 4096,
	BUFFERS = 3 * 4096,
	OF_SLOT = 3, /* descriptors: head, bytes, status */
};

_Static_assert(AVAILABLE + sizeof(struct available) <= USED, "in one page");
_Static_assert(QUEUE_SLOTS *OF_SLOT <= QUEUE_SIZE, "descriptors for all slots");

static struct descriptor *descriptors(const struct queue *queue)
{
	return (struct descriptor *)queue->memory;
}

/* Volatile is what the other side changes, or looks at, at any time. */
static volatile struct available *available(const struct queue *queue)
{
	return (volatile struct available *)(queue->memory + AVAILABLE);
}

static const volatile struct used *used(const struct queue *queue)
{
	return (const volatile struct used *)(queue->memory + USED);
}

static volatile struct request_head *head(const struct queue *queue, unsigned slot)
{
	return (volatile struct request_head *)(queue->memory + HEADS) + slot;
}

static uint64_t head_bus(const struct queue *queue, unsigned slot)
{
	return queue->bus + HEADS + slot * sizeof(struct request_head);
}

void queue_init(struct queue *queue, char *memory, uint64_t bus)
{
	*queue = (struct queue){.memory = memory, .bus = bus};
	memset(memory, 0, BUFFERS);
}

uint64_t queue_descriptors(const struct queue *queue)
{
	return queue->bus;
}

uint64_t queue_available(const struct queue *queue)
{
	return queue->bus + AVAILABLE;
}

uint64_t queue_used(const struct queue *queue)
{
	return queue->bus + USED;
}

char *queue_buffer(const struct queue *queue, unsigned slot)
{
	return queue->memory + BUFFERS + (size_t)slot * QUEUE_BUFFER;
}

/* A flush has no bytes, so the status comes right behind its head. */
static void describe(struct queue *queue, unsigned slot, enum queue_work work, uint32_t size)
{
	struct descriptor *first = descriptors(queue) + slot * OF_SLOT;
	uint16_t number = (uint16_t)(slot * OF_SLOT);

	first[0] = (struct descriptor){.address = head_bus(queue, slot),
		.length = offsetof(struct request_head, status),
		.flags = DESCRIPTOR_NEXT,
		.next = (uint16_t)(number + (work == QUEUE_FLUSH ? 2 : 1))};
	first[1] = (struct descriptor){.address = queue->bus + BUFFERS + (uint64_t)slot * QUEUE_BUFFER,
		.length = size,
		.flags = DESCRIPTOR_NEXT | (work == QUEUE_READ ? DESCRIPTOR_WRITE : 0),
		.next = (uint16_t)(number + 2)};
	first[2] =
		(struct descriptor){.address = head_bus(queue, slot) + offsetof(struct request_head, status),
			.length = 1,
			.flags = DESCRIPTOR_WRITE};
}

/* The steps of 2.6.13. The device may see the index at once, so the fence before it is of 2.6.13.3.1. */
void queue_put(struct queue *queue, unsigned slot, enum queue_work work, uint64_t sector, uint32_t size)
{
	static const uint32_t types[] = {
		[QUEUE_READ] = TYPE_IN, [QUEUE_WRITE] = TYPE_OUT, [QUEUE_FLUSH] = TYPE_FLUSH};
	volatile struct request_head *request = head(queue, slot);
	volatile struct available *ring = available(queue);
	uint16_t index = ring->index;

	request->type = types[work];
	request->reserved = 0;
	request->sector = sector;
	request->status = STATUS_NONE;
	describe(queue, slot, work, size);
	ring->ring[index % QUEUE_SIZE] = (uint16_t)(slot * OF_SLOT);
	queue->busy[slot] = true;
	__asm__ volatile("fence rw, w" ::: "memory");
	ring->index = (uint16_t)(index + 1);
}

/* 2.6.14: the fence keeps what the device has written from being read before the index is. An answer to nothing is none. */
bool queue_take(struct queue *queue, unsigned *slot, bool *good)
{
	while (used(queue)->index != queue->taken) {
		__asm__ volatile("fence r, rw" ::: "memory");
		uint32_t id = used(queue)->ring[queue->taken++ % QUEUE_SIZE].id;

		if (id % OF_SLOT || id / OF_SLOT >= QUEUE_SLOTS || !queue->busy[id / OF_SLOT])
			continue;
		*slot = id / OF_SLOT;
		*good = head(queue, *slot)->status == STATUS_OK;
		queue->busy[*slot] = false;
		return true;
	}
	return false;
}
