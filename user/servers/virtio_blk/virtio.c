/* The registers of a virtio device. Numbers of clauses are those of virtio 1.1. */
#include "virtio.h"

#include <errno.h>
#include <tabula/device.h>
#include <tabula/handles.h>

/* 4.2.2, and 4.2.4 for a legacy device. */
enum virtio_register {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SELECT = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SELECT = 0x024,
	LEGACY_PAGE_SIZE = 0x028,
	QUEUE_SELECT = 0x030,
	QUEUE_SIZE_MOST = 0x034,
	QUEUE_SIZE = 0x038,
	LEGACY_QUEUE_ALIGN = 0x03c,
	LEGACY_QUEUE_PAGE = 0x040,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACKNOWLEDGE = 0x064,
	STATUS = 0x070,
	QUEUE_DESCRIPTORS = 0x080, /* and the high half behind it, as of the next two */
	QUEUE_AVAILABLE = 0x090,
	QUEUE_USED = 0x0a0,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
};

/* 2.1 */
enum {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
};

enum { MAGIC_VALUE = 0x74726976, VERSION_LEGACY = 1, VERSION_NOW = 2 };

#define PAUSE    1000000ul /* nanoseconds between two tries */
#define PATIENCE 5000000000ul

static uint32_t get(const struct virtio *virtio, uint32_t at)
{
	return virtio->registers[at / sizeof(uint32_t)];
}

static void set(struct virtio *virtio, uint32_t at, uint32_t value)
{
	virtio->registers[at / sizeof(uint32_t)] = value;
}

static void set_long(struct virtio *virtio, uint32_t at, uint64_t value)
{
	set(virtio, at, (uint32_t)value);
	set(virtio, at + sizeof(uint32_t), (uint32_t)(value >> 32));
}

static bool is_legacy(const struct virtio *virtio)
{
	return get(virtio, VERSION) == VERSION_LEGACY;
}

/* A transport without a device has the number 0 for its kind (4.2.2.1). */
static bool is_of(const struct virtio *virtio, uint32_t kind)
{
	uint32_t version = get(virtio, VERSION);

	return get(virtio, MAGIC) == MAGIC_VALUE && (version == VERSION_LEGACY || version == VERSION_NOW) &&
	       get(virtio, DEVICE_ID) == kind;
}

int virtio_open(struct virtio *virtio, system_handle system, uint32_t index, uint32_t kind)
{
	struct device_node node;
	int error = device_look_up(system, "virtio,mmio", index, &node);
	long number = error ? error : device_interrupt(system, (const uint8_t *)node.path, node.length);
	long at = number < 0 ? number : device_map(system, &node, PROT_READ | PROT_WRITE);

	if (at < 0)
		return (int)at;
	virtio->registers = (volatile uint32_t *)at;
	virtio->interrupt = (uint32_t)number;
	if (is_of(virtio, kind))
		return 0;
	virtio_close(virtio);
	return -ENODEV;
}

void virtio_close(struct virtio *virtio)
{
	(void)vm_unmap(own_process(), (uintptr_t)virtio->registers, PAGE_SIZE);
	virtio->registers = NULL;
}

/* The fence keeps what is done with the memory afterwards behind the device's word that it has let go of it. */
int virtio_reset(struct virtio *virtio)
{
	uint64_t until = (uint64_t)clock_now() + PATIENCE;

	set(virtio, STATUS, 0);
	while (get(virtio, STATUS))
		if ((uint64_t)clock_now() > until || thread_sleep((uint64_t)clock_now() + PAUSE))
			return -EIO;
	__asm__ volatile("fence i, rw" ::: "memory");
	return 0;
}

static uint64_t features_of(struct virtio *virtio)
{
	uint64_t features;

	set(virtio, DEVICE_FEATURES_SELECT, 0);
	features = get(virtio, DEVICE_FEATURES);
	set(virtio, DEVICE_FEATURES_SELECT, 1);
	return features | (uint64_t)get(virtio, DEVICE_FEATURES) << 32;
}

/* 3.1.1, and 3.1.2 for a legacy device, which has no FEATURES_OK. */
int virtio_begin(struct virtio *virtio, uint64_t wanted)
{
	uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

	set(virtio, STATUS, STATUS_ACKNOWLEDGE);
	set(virtio, STATUS, status);
	virtio->features = features_of(virtio) & wanted;
	set(virtio, DRIVER_FEATURES_SELECT, 0);
	set(virtio, DRIVER_FEATURES, (uint32_t)virtio->features);
	if (is_legacy(virtio))
		return 0;
	if (!(virtio->features & VIRTIO_VERSION_1))
		return -EIO;
	set(virtio, DRIVER_FEATURES_SELECT, 1);
	set(virtio, DRIVER_FEATURES, (uint32_t)(virtio->features >> 32));
	set(virtio, STATUS, status | STATUS_FEATURES_OK);
	return get(virtio, STATUS) & STATUS_FEATURES_OK ? 0 : -EIO;
}

/* 4.2.3.2, and 4.2.4 for a legacy device, which finds the other parts by where the first one is. */
int virtio_set_queue(
	struct virtio *virtio, uint32_t size, uint64_t descriptors, uint64_t available, uint64_t used)
{
	set(virtio, QUEUE_SELECT, 0);
	if (get(virtio, QUEUE_SIZE_MOST) < size)
		return -EIO;
	set(virtio, QUEUE_SIZE, size);
	if (is_legacy(virtio)) {
		set(virtio, LEGACY_PAGE_SIZE, PAGE_SIZE);
		set(virtio, LEGACY_QUEUE_ALIGN, PAGE_SIZE);
		set(virtio, LEGACY_QUEUE_PAGE, (uint32_t)(descriptors / PAGE_SIZE));
		return 0;
	}
	set_long(virtio, QUEUE_DESCRIPTORS, descriptors);
	set_long(virtio, QUEUE_AVAILABLE, available);
	set_long(virtio, QUEUE_USED, used);
	set(virtio, QUEUE_READY, 1);
	return 0;
}

int virtio_start(struct virtio *virtio, system_handle system, notification_handle notification, uint64_t bits)
{
	virtio->line = device_listen(system, virtio->interrupt, notification, bits);
	if (virtio->line.value < 0)
		return virtio->line.value;
	__asm__ volatile("fence rw, o" ::: "memory"); /* the queue is empty when it looks there */
	set(virtio, STATUS, get(virtio, STATUS) | STATUS_DRIVER_OK);
	return 0;
}

/* 2.6.13.4: what is in the queue comes first; and the device may overwrite buffers only when they have been read. */
void virtio_notify(struct virtio *virtio)
{
	__asm__ volatile("fence rw, o" ::: "memory");
	set(virtio, QUEUE_NOTIFY, 0);
}

/* 4.2.2: what is set is acknowledged, and what comes afterwards is another interrupt. So the queue is looked at behind this. */
void virtio_acknowledge(struct virtio *virtio)
{
	uint32_t status = get(virtio, INTERRUPT_STATUS);

	if (status)
		set(virtio, INTERRUPT_ACKNOWLEDGE, status);
	__asm__ volatile("fence io, r" ::: "memory");
	(void)interrupt_acknowledge(virtio->line);
}

uint32_t virtio_config(const struct virtio *virtio, uint32_t offset)
{
	return get(virtio, CONFIG + offset);
}

/* 2.4.1; a legacy device has no generation, and another look at the high half takes its place. */
uint64_t virtio_config_long(const struct virtio *virtio, uint32_t offset)
{
	uint32_t at = CONFIG + offset, high_at = at + sizeof(uint32_t);
	uint32_t watched = is_legacy(virtio) ? high_at : CONFIG_GENERATION, before, low, high;

	do {
		before = get(virtio, watched);
		low = get(virtio, at);
		high = get(virtio, high_at);
	} while (get(virtio, watched) != before);
	return (uint64_t)high << 32 | low;
}
