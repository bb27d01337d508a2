/*
 * What the generator makes of a protocol, and the runtime of servers: tests/user/probe.tbl with every kind of argument,
 * served by this program's main thread and called by its other threads, which use nothing of the C library.
 */
#include "protocol.h"

#include <tabula/protocol/probe.h>

int main(int argc, char **argv)
{
	static const struct protocol *const protocols[] = {&probe_protocol, NULL};

	ktap_plan(15);
	random_start(argc > 1 ? argv[1] : NULL);
	if (server_init(&server, (endpoint_handle){0}, protocols))
		ktap_bail_out("no server");
	server.gone = thing_gone;
	server.timeout = next_tick;
	to = client_open(&server, &root.client);
	if (to.value < 0)
		ktap_bail_out("no endpoint for the clients: %d", to.value);

	run_client(scalars, NULL);
	report("scalars, flags and enums");
	run_client(texts, NULL);
	report("texts and structs");
	run_client(buffers, NULL);
	report("buffers");
	run_client(short_buffers, NULL);
	report("short buffers");
	run_client(handles, NULL);
	report("handles that come back, are given away, are shown");
	test_gone();
	test_deferred();
	run_client(unmapped, NULL);
	report("memory that is unmapped while it is lent");
	run_client(malformed, NULL);
	report("messages that fit no method");
	run_client(flood, NULL);
	report("a flood of nonsense");
	run_client(unknown_badge, NULL);
	report("badges that nobody was given");
	test_death();
	test_listener();
	test_badges();
	return ktap_end();
}
