/*
 * The console: the driver of the machine's UART, with a terminal on it. Whoever has a handle to it speaks `file` and
 * `terminal`; all handles are to the one terminal that there is, and survive a console that is started anew.
 *
 * All in one thread: a notification of the UART comes between two calls. When nobody reads, bytes that come in fill the
 * rings; then they stay in the UART, whose interrupt is not acknowledged, and whoever sends has to wait. None is lost.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/console.h>
#include <tabula/handles.h>
#include <tabula/serve/file.h>
#include <tabula/serve/terminal.h>

#include "log.h"
#include "output.h"
#include "terminal.h"

enum { TYPED = 65536 };

static struct server server;
static struct listener listener;

/* The badges that init gives: see services.c there. */
static struct client *adopt(struct server *of, uint64_t badge)
{
	(void)of;
	if (badge == CONSOLE_TERMINAL)
		return &terminal_client;
	return badge == CONSOLE_PRINTER ? &terminal_printer : NULL;
}

/* Nobody would see a message that goes through the console. This one has no terminal, so the kernel gets it. */
_Noreturn static void give_up(const char *what, int error)
{
	fprintf(stderr, "console: %s: %s\n", what, strerror(error));
	exit(1);
}

/* Touches the stack that serving will need: see ring_init. */
static void touch_stack(void)
{
	volatile char bytes[4 * PAGE_SIZE];

	for (size_t i = 0; i < sizeof(bytes); i += PAGE_SIZE)
		bytes[i] = 1;
}

int main(void)
{
	static const struct protocol *const protocols[] = {&file_protocol, &terminal_protocol, NULL};
	static const struct input_hooks hooks = {output_show, terminal_signal};
	notification_handle notification = notification_create();
	int error;

	if (notification.value < 0 || !ring_init(&terminal_typed, TYPED) || !input_init(&hooks) ||
		!output_init())
		give_up("no memory", ENOMEM);
	error = server_init(&server, (endpoint_handle){startup_handle(STARTUP_ENDPOINT).value}, protocols);
	if (!error)
		error = server_listen(&server, &listener, notification, UART_BIT | LOG_BIT, terminal_hear);
	if (error)
		give_up("can't serve", -error);
	server.adopt = adopt;
	touch_stack();
	error = uart_open(own_system(), notification, UART_BIT);
	if (error)
		give_up("can't drive the UART", -error);
	log_open(own_system(), notification, LOG_BIT);
	server_run(&server);
}
