/*
 * virtio_blk: the driver of the disks. It serves `device` at the badges of <tabula/disks.h>, and `file` at what is opened there.
 *
 * All in one thread: the interrupts of the disks come between two calls. Calls that have to wait for a disk are set aside as
 * jobs, and all others are answered at once, however slow the disk is.
 *
 * A driver that died may have left requests with a disk, which then goes on writing to its memory. So that is never given
 * back: init keeps it, and gives it to the next driver, which has all disks forget what they do before it touches it.
 */
#include "disk.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/disks.h>
#include <tabula/handles.h>
#include <tabula/serve/device.h>
#include <tabula/serve/file.h>

_Static_assert(offsetof(struct opened, client) == 0, "open_of");

static struct server server;
static struct listener listener;
static struct disk disks[DISKS_MOST];
static unsigned disk_count;

_Noreturn static void give_up(const char *what, int error)
{
	fprintf(stderr, "virtio_blk: %s: %s; no disk can be used\n", what, strerror(error));
	exit(1);
}

static void hear(struct listener *from, uint64_t bits)
{
	(void)from;
	for (unsigned i = 0; i < disk_count; i++)
		if (bits & 1ul << i)
			disk_hear(&disks[i]);
}

static struct client *adopt(struct server *of, uint64_t badge)
{
	uint64_t number = badge - DISK_BADGE;

	(void)of;
	return number < disk_count ? &disks[number].door.client : NULL;
}

static void gone(struct server *of, struct client *client)
{
	(void)of;
	open_close((struct opened *)client);
}

/* All that init has counted, or none: they have their names by their order. They forget what they do before memory is touched. */
static void find(unsigned most)
{
	int error = 0;

	for (uint32_t i = 0; error != -ENOENT && disk_count < most; i++) {
		struct disk *disk = &disks[disk_count];

		error = virtio_open(&disk->virtio, own_system(), i, VIRTIO_BLOCK);
		if (error)
			continue;
		if (virtio_reset(&disk->virtio))
			give_up("a disk does not stop", EIO);
		disk->number = disk_count++;
	}
	if (!most || disk_count < most)
		give_up("not all disks are there", ENODEV);
}

static void start(memory_handle memory, notification_handle notification)
{
	size_t size = disk_count * DISK_MEMORY;
	long at = vm_place(own_process(), memory, 0, size, PROT_READ | PROT_WRITE, 0);

	if (at < 0)
		give_up("its memory", (int)-at);
	for (unsigned i = 0; i < disk_count; i++) {
		long bus = memory_bus_address(own_system(), memory, i * DISK_MEMORY);
		int error = bus < 0 ? (int)bus
				    : disk_start(&disks[i], own_system(), (char *)at + i * DISK_MEMORY,
					      (uint64_t)bus, notification, 1ul << i);

		if (error)
			give_up("a disk can't be driven", -error);
	}
}

int main(void)
{
	static const struct protocol *const protocols[] = {&file_protocol, &device_protocol, NULL};
	memory_handle memory = {startup_handle(STARTUP_KEPT).value};
	notification_handle notification = notification_create();
	long size = memory.value > 0 ? memory_size(memory) : 0;
	int error;

	find(size > 0 ? (unsigned)((unsigned long)size / DISK_MEMORY) : 0);
	if (notification.value < 0)
		give_up("no memory", ENOMEM);
	error = server_init(&server, (endpoint_handle){startup_handle(STARTUP_ENDPOINT).value}, protocols);
	if (!error)
		error = jobs_init();
	if (!error)
		error = server_listen(&server, &listener, notification, (1ul << disk_count) - 1, hear);
	if (error)
		give_up("can't serve", -error);
	server.adopt = adopt;
	server.gone = gone;
	start(memory, notification);
	server_run(&server);
}
