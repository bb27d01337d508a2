/*
 * The one terminal that there is: what has been typed, and who waits for it. All of its bytes move here, one call or
 * notification at a time.
 */
#pragma once

#include <tabula/server.h>

#include "console.h"
#include "waiting.h"

enum { UART_BIT = 1, LOG_BIT = 2 };

extern struct client terminal_client,
	terminal_printer; /* a printer is written to, and what is read from it is at its end */
extern struct ring terminal_typed;
extern struct waiting terminal_readers; /* of file_read */
extern struct waiting terminal_askers; /* of file_ready, file_watch, and file_sync, which wants nothing */
extern bool terminal_interrupted; /* when nobody was reading, and nobody got the signal */

/* Which of these are so. */
uint32_t terminal_ready(uint32_t wanted);

/* Moves what can be moved, and answers those who waited for it. */
void terminal_work(void);

/* Something has come from the UART, or into the kernel's log. */
void terminal_hear(struct listener *from, uint64_t bits);

/* Those who wait to read, and with `all` the others as well, get -EINTR. */
void terminal_interrupt(bool all);

/*
 * Ctrl-C, say: the programs in the foreground get the signal, and whoever reads returns, those that have stopped when they go
 * on. Without the process server those who read have to do without the signal; and if nobody does, whoever reads first, unless
 * the terminal changes hands before.
 */
void terminal_signal(int number);
