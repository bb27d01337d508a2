/*
 * Clients: threads that call while the main thread serves. Since they may not print, they write down what they find, and
 * the main thread reports it.
 */
#include "protocol.h"

struct suite_thread callers[MEETERS + 1];
endpoint_handle to;

void next_tick(struct server *of)
{
	of->deadline = now() + 5 * MS;
}

void serve_until_over(unsigned count)
{
	next_tick(&server);
	for (unsigned i = 0; i < count; i++)
		while (!callers[i].over)
			server_turn(&server);
	for (unsigned i = 0; i < count; i++)
		suite_thread_join(&callers[i]);
	for (uint64_t until = now() + 20 * MS; now() < until;)
		server_turn(&server); /* badges that are gone */
}

void run_client(void (*client)(void *), void *argument)
{
	suite_thread_start(&callers[0], client, argument);
	serve_until_over(1);
}

/* What a client thread finds; check() prints, so it is not for threads. */
static struct finding {
	const char *what;
	long got, expected;
} findings[64];

unsigned found;

void expect(long got, long expected, const char *what)
{
	if (found < COUNT(findings))
		findings[found] = (struct finding){what, got, expected};
	found++;
}

void report(const char *what)
{
	struct checks c = {0};

	for (unsigned i = 0; i < found && i < COUNT(findings); i++)
		check(&c, findings[i].got == findings[i].expected, "%s: %ld, not %ld", findings[i].what,
			findings[i].got, findings[i].expected);
	check(&c, found <= COUNT(findings), "too many findings: %u", found);
	found = 0;
	checks_report(&c, what);
}
