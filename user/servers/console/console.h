/*
 * What the parts of the console share. Bytes typed go from the UART's FIFO into `terminal_typed`, from there through the line
 * discipline into `ready`, and from there to whoever reads. Bytes written go into `shown`, and from there to the UART, and
 * between them the kernel's log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tabula/protocol/types.h>
#include <tabula/syscalls.h>

/* uart.c: the device, an ns16550a. */
int uart_open(system_handle system, notification_handle notification, uint64_t bits);
enum { UART_BATCH = 14 };
size_t uart_take(uint8_t bytes[UART_BATCH]); /* how many have come; there may be more */
size_t uart_send(const uint8_t *bytes, size_t size); /* how many it has taken; 0: it can't take any now */
void uart_want_room(bool wanted); /* an interrupt when it can take a byte again */
void uart_acknowledge(void); /* lets interrupts come again */

/* ring.c: bytes in the order in which they came. */
struct ring {
	uint8_t *bytes;
	size_t size; /* a power of two */
	size_t first, count; /* `first` counts on for ever */
};

bool ring_init(struct ring *ring, size_t size);
size_t ring_room(const struct ring *ring);
void ring_put(struct ring *ring, uint8_t byte); /* there is room */
uint8_t ring_take(struct ring *ring); /* it is not empty */

/* The bytes that lie together from the one at `from` on; ring_drop takes the first ones away. */
const uint8_t *ring_bytes(const struct ring *ring, size_t from, size_t *size);
void ring_drop(struct ring *ring, size_t size);

/* How many of the bytes that have been taken away are still there, and the one behind which so many of them lie. */
size_t ring_past(const struct ring *ring);
uint8_t ring_back(const struct ring *ring, size_t count);

/*
 * input.c: the line discipline. Bytes go in by input_byte, which can be called while input_has_room; what is ready to be
 * read comes in pieces, of lines or of bytes as they were typed. A piece of no bytes is an end of the input.
 */
enum { INPUT_LINE = 4096, INPUT_ECHO = 2 * INPUT_LINE + 64 /* the most that one byte can have shown */ };

struct input_hooks {
	void (*show)(const char *bytes, size_t size); /* for echo; INPUT_ECHO bytes of room are there */
	void (*signal)(int number); /* Ctrl-C and the like */
};

bool input_init(const struct input_hooks *hooks);
enum terminal_mode input_mode(void);
void input_set_mode(enum terminal_mode mode);
bool input_has_room(void);
void input_byte(uint8_t byte);
uint8_t input_translated(uint8_t byte); /* what is read for it when there are no lines */
bool input_is_ready(void); /* there is a piece, perhaps an empty one */
size_t input_length(void); /* of the first piece */
const uint8_t *input_bytes(size_t from, size_t *size); /* of it, those that lie together */
void input_taken(size_t size); /* so many of it have been read */
void input_discard(void);
