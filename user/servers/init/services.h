/*
 * The servers, from one list: init starts each with the handles that the list says, and starts it again when it ends.
 * The endpoint on which a server receives is kept here, so that handles to it outlive the server: calls wait for the
 * next one. Of a server that ends at once, again and again, the endpoint is closed, and calls are -EPIPE.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <tabula/syscalls.h>

enum { SERVICES_MOST = 16 };

/* Starts all, but for the console if not so wanted. `changes` gets the bit of a server that has ended: that of its place in the list. */
void services_start(notification_handle changes, bool with_console);

/* The bits of all. */
uint64_t services_bits(void);

/* Deals with servers that have ended. */
void services_tend(uint64_t bits);

/* A handle to the terminal, to give to programs; one that can only write if not `read`. 0: there is none. */
endpoint_handle services_console(bool read);

/* A handle to the process server, as the shell. 0: there is none. */
endpoint_handle services_shell(void);

/* A handle to the root directory. 0: there is none. */
endpoint_handle services_root(void);

/* Waits until what was written to the terminal has been seen. A console that answers nobody is ended. */
void services_settle(void);

/* Prints on the terminal, behind what was written; without a console server, by the kernel. */
void services_print(const char *text);
