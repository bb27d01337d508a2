/*
 * The UART: an ns16550a, found in the device tree by what it is compatible with. The firmware has set it up, and goes on
 * writing to it for the kernel: both wait until it can take a byte, so none is lost.
 */
#include "console.h"

#include <errno.h>
#include <string.h>
#include <tabula/handles.h>

enum uart_register {
	DATA = 0, /* RBR, THR */
	INTERRUPT_ENABLE = 1,
	INTERRUPT_STATUS = 2, /* IIR; reading it takes the interrupt about room away */
	FIFO_CONTROL = 2,
	LINE_STATUS = 5,
};

enum {
	ENABLE_RECEIVED = 0x1,
	ENABLE_ROOM = 0x2,
	STATUS_RECEIVED = 0x01,
	STATUS_ROOM = 0x20, /* the FIFO of what is sent is empty */
	FIFO_ENABLE = 0x1,
	FIFO_LEVEL_14 = 0xc0, /* an interrupt when so many bytes have come, or no more come for a while */
	FIFO_SIZE = 16,
	CAUSE_MASK = 0x0f,
	CAUSE_LEVEL = 0x04, /* so many bytes have come */
	PATH_MOST = 256,
};

#define PAUSE    1000000ul /* nanoseconds between two tries */
#define PATIENCE 5000000000ul

static const char compatible[] = "ns16550a";

static volatile uint8_t *registers;
static interrupt_handle line;
static bool room_wanted;

static int find(system_handle system, char path[PATH_MOST])
{
	long length = device_find(
		system, (const uint8_t *)compatible, strlen(compatible), 0, (uint8_t *)path, PATH_MOST);

	return length > PATH_MOST ? -ENAMETOOLONG : (int)length;
}

static int map(system_handle system, const char *path, size_t length)
{
	memory_handle memory = memory_device(system, (const uint8_t *)path, length);

	if (memory.value < 0)
		return memory.value;

	long at = vm_place(own_process(), memory, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);

	(void)handle_close(ANY(memory)); /* the mapping keeps it */
	if (at < 0)
		return (int)at;
	registers = (volatile uint8_t *)at;
	return 0;
}

static int attach(system_handle system, const char *path, size_t length, notification_handle notification,
	uint64_t bits)
{
	long number = device_interrupt(system, (const uint8_t *)path, length);

	if (number < 0)
		return (int)number;

	/* A console that has died lets go of the interrupt a little after its end, when all harts have left the kernel. */
	uint64_t until = (uint64_t)clock_now() + PATIENCE;

	do
		line = interrupt_create(system, (uint32_t)number, notification, bits);
	while (line.value == -EBUSY && thread_sleep((uint64_t)clock_now() + PAUSE) == 0 &&
		(uint64_t)clock_now() < until);
	return line.value < 0 ? line.value : 0;
}

int uart_open(system_handle system, notification_handle notification, uint64_t bits)
{
	char path[PATH_MOST];
	int length = find(system, path), error;

	if (length < 0)
		return length;
	error = map(system, path, (size_t)length);
	if (!error)
		error = attach(system, path, (size_t)length, notification, bits);
	if (error)
		return error;
	registers[FIFO_CONTROL] = FIFO_ENABLE | FIFO_LEVEL_14;
	registers[INTERRUPT_ENABLE] = ENABLE_RECEIVED;
	return 0;
}

/* Each look at a register costs an emulator some microseconds, so one look serves for many bytes. */
static size_t received(void)
{
	if ((registers[INTERRUPT_STATUS] & CAUSE_MASK) == CAUSE_LEVEL)
		return UART_BATCH;
	return registers[LINE_STATUS] & STATUS_RECEIVED ? 1 : 0;
}

size_t uart_take(uint8_t bytes[UART_BATCH])
{
	size_t count = received();

	for (size_t i = 0; i < count; i++)
		bytes[i] = registers[DATA];
	return count;
}

/* One place is left for a byte of the firmware's, which may have looked at the same time. */
size_t uart_send(const uint8_t *bytes, size_t size)
{
	size_t count = size < FIFO_SIZE - 1 ? size : FIFO_SIZE - 1;

	if (!(registers[LINE_STATUS] & STATUS_ROOM))
		return 0;
	for (size_t i = 0; i < count; i++)
		registers[DATA] = bytes[i];
	return count;
}

void uart_want_room(bool wanted)
{
	if (wanted == room_wanted)
		return;
	room_wanted = wanted;
	registers[INTERRUPT_ENABLE] = ENABLE_RECEIVED | (wanted ? ENABLE_ROOM : 0);
}

void uart_acknowledge(void)
{
	(void)registers[INTERRUPT_STATUS];
	(void)interrupt_acknowledge(line);
}
