/*
 * A device on the virtio-mmio transport, legacy or not: virtio 1.1, 4.2. What is said here goes to its registers; of the memory
 * that the device reaches by itself only addresses are known.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <tabula/syscalls.h>

enum { VIRTIO_BLOCK = 2 }; /* 5: kinds of devices */

#define VIRTIO_VERSION_1 (1ul << 32) /* a feature: it is no legacy device */

struct virtio {
	volatile uint32_t *registers;
	interrupt_handle line;
	uint32_t interrupt; /* its number */
	uint64_t features; /* that both sides have agreed on */
};

/*
 * Finds the index-th device of the transport in the device tree, and maps its registers. -ENODEV when it is of another kind,
 * -ENOENT behind the last one, or what the kernel says.
 */
int virtio_open(struct virtio *virtio, system_handle system, uint32_t index, uint32_t kind);
void virtio_close(struct virtio *virtio);

/* The device forgets all, and leaves memory alone from then on. -EIO when it does not. */
int virtio_reset(struct virtio *virtio);

/* After a reset: agrees on those of `wanted` that the device has. -EIO when it will not. */
int virtio_begin(struct virtio *virtio, uint64_t wanted);

/* Where the parts of queue 0 lie. The first begins a page, the second is right behind it, and the third begins the next page. */
int virtio_set_queue(
	struct virtio *virtio, uint32_t size, uint64_t descriptors, uint64_t available, uint64_t used);

/* Has it take requests, and its interrupt set these bits. */
int virtio_start(
	struct virtio *virtio, system_handle system, notification_handle notification, uint64_t bits);

/* There is something in queue 0. */
void virtio_notify(struct virtio *virtio);

/* Lets interrupts come again. What has come up to then is seen by whoever looks into the queue afterwards. */
void virtio_acknowledge(struct virtio *virtio);

/* Of its configuration: words, and two of them that belong together. */
uint32_t virtio_config(const struct virtio *virtio, uint32_t offset);
uint64_t virtio_config_long(const struct virtio *virtio, uint32_t offset);
