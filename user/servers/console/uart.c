/*
 * The UART: an ns16550a, found in the device tree by what it is compatible with. The firmware has set it up, and writes to it
 * for the kernel while nobody prints its log: both wait until it can take a byte, so none is lost.
 */
#include "console.h"

#include <tabula/device.h>

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
};

static volatile uint8_t *registers;
static interrupt_handle line;
static bool room_wanted;

int uart_open(system_handle system, notification_handle notification, uint64_t bits)
{
	struct device_node node;
	int error = device_look_up(system, "ns16550a", 0, &node);
	long at = error ? error : device_map(system, &node, PROT_READ | PROT_WRITE);
	long number = at < 0 ? at : device_interrupt(system, (const uint8_t *)node.path, node.length);

	if (number < 0)
		return (int)number;
	registers = (volatile uint8_t *)at;
	line = device_listen(system, (uint32_t)number, notification, bits);
	if (line.value < 0)
		return line.value;
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
