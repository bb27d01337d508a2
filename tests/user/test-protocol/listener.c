/* Notifications that a server hears between the calls. */
#include "protocol.h"

#include <tabula/protocol/probe.h>

static struct listener listener;
static uint64_t heard;

static void hear(struct listener *from, uint64_t bits)
{
	heard |= bits;
	if (from != &listener)
		heard = 1ul << 63;
}

static void signal_it(void *argument)
{
	notification_handle *n = argument;

	notification_signal(*n, 5);
	probe_put(to, "x", 1);
	notification_signal(*n, 8);
	thread_sleep(now() + 10 * MS);
}

void test_listener(void)
{
	struct checks c = {0};
	notification_handle n = notification_create();

	check(&c, !server_listen(&server, &listener, n, 13, hear), "listen");
	run_client(signal_it, &n);
	check(&c, heard == 13, "heard %#lx", heard);
	checks_report(&c, "the server hears notifications between the calls");
}
