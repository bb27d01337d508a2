/*
 * How this program reads from the terminal when that gives no lines: termios.c sets it, and console.c does it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct terminal_reads {
	bool bytes; /* this program has asked for bytes: only then the rest means something */
	uint8_t minimum; /* bytes that a read waits for */
	uint8_t tenths; /* of a second that it waits, from its start or, if it waits for some, between two; 0: for ever */
};

extern struct terminal_reads terminal_reads;
