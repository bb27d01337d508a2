/* Endpoints: many callers, receivers, calls that have been received, badges, and handles to receive. */
#include "crowds.h"

/* Another process that can receive, so that an endpoint is not closed when this one can't any more. */
static process_handle give_to_another(endpoint_handle e)
{
	process_handle other = process_create((const uint8_t *)"other", 5);

	if (process_give(other, ANY(e), RIGHT_ENDPOINT_RECEIVE | RIGHT_ENDPOINT_SEND) < 0)
		ktap_bail_out("no other process");
	return other;
}

static endpoint_handle another_handle(endpoint_handle e, uint32_t rights)
{
	return (endpoint_handle){handle_duplicate(ANY(e), rights).value};
}

/* A call from the crowd is received. */
static struct message take_call(endpoint_handle e)
{
	struct message call = {.deadline = now() + PATIENCE};
	int error = ipc_receive(e, &call);

	if (error)
		ktap_bail_out("no call: %d", error);
	return call;
}

/* The one to be closed is not the last, but the other one comes after so many. */
void test_receivers(void)
{
	struct checks c = {0};
	static endpoint_handle many[CROWD];
	endpoint_handle e = endpoint_create(), to_call = another_handle(e, RIGHT_ENDPOINT_SEND), last;
	process_handle other = give_to_another(e);
	struct message call;
	unsigned first;

	for (unsigned i = 0; i < CROWD; i++)
		many[i] = i % 2 ? another_handle(many[i - 1], RIGHTS_SAME) : endpoint_create();
	last = another_handle(e, RIGHTS_SAME);
	start_calling(0, to_call);
	start_calling(1, to_call);
	call = take_call(e);
	first = call.label; /* whose it is */
	check(&c, !handle_close(ANY(e)), "the first is closed");
	check(&c, !ipc_reply(last, &call) && come_back(first, 1, 0), "the call can be answered");
	call = take_call(last);
	for (unsigned i = 0; i < CROWD; i++)
		check(&c, !handle_close(ANY(many[i])), "another one is closed");
	check(&c, !crowd[1 - first].over, "a call ends that can be answered still");
	check(&c, !handle_close(ANY(last)) && come_back(1 - first, 1, -EPIPE), "the call of the last one");
	handle_close(ANY(to_call));
	handle_close(ANY(other));
	checks_report(&c, "the last of many handles to receive");
}

/* So many calls have been received as can be, and can't be answered any more. */
void test_served(void)
{
	enum { SERVED = 1500 };
	struct checks c = {0};
	endpoint_handle e = endpoint_create(), to_call = another_handle(e, RIGHT_ENDPOINT_SEND);
	process_handle other = give_to_another(e);
	struct endpoint_info info = {0};

	for (unsigned i = 0; i < SERVED; i++) {
		start_calling(i, to_call);
		take_call(e);
	}
	check(&c, !endpoint_info(e, &info) && info.served == SERVED && !info.calling, "%u served",
		info.served);
	check(&c, !handle_close(ANY(e)), "it is closed");
	check(&c, come_back(0, SERVED, -EPIPE), "a call does not fail");
	handle_close(ANY(to_call));
	handle_close(ANY(other));
	checks_report(&c, "many calls that nobody can answer any more");
}

/* As many as can be received, and who looks when all of them have been answered. */
void test_answered(void)
{
	enum { SERVED = 2048 };
	static struct message received[SERVED];
	struct checks c = {0};
	endpoint_handle e = endpoint_create(), to_call = another_handle(e, RIGHT_ENDPOINT_SEND);
	struct endpoint_info info = {0};

	for (unsigned i = 0; i < SERVED; i++) {
		start_calling(i, to_call);
		received[i] = take_call(e);
	}
	for (unsigned i = 0; i < SERVED; i++) {
		if (i % 256 == 0)
			check(&c, !endpoint_info(e, &info) && info.served == SERVED - i, "%u served, not %u",
				info.served, SERVED - i);
		check(&c, !ipc_reply(e, &received[i]) && come_back(received[i].label, 1, 0), "call %u", i);
	}
	check(&c, !endpoint_info(e, &info) && !info.served && !info.calling && !info.receiving, "%u served",
		info.served);
	handle_close(ANY(to_call));
	handle_close(ANY(e));
	checks_report(&c, "as many calls as can be received are answered");
}

void test_callers(void)
{
	enum { LEAVING = 50 };
	struct checks c = {0};
	endpoint_handle e = endpoint_create(), to_call = another_handle(e, RIGHT_ENDPOINT_SEND);
	struct endpoint_info info = {0};

	for (unsigned i = 0; i < CROWD; i++)
		start_calling_until(i, to_call, i < LEAVING ? now() + 200 * MS : DEADLINE_NEVER);
	check(&c, come_back(0, LEAVING, -ETIMEDOUT), "a call does not end");
	check(&c, all_wait(WAITS_FOR_RECEIVER, CROWD - LEAVING), "%u wait",
		threads_waiting(WAITS_FOR_RECEIVER));
	check(&c, !endpoint_info(e, &info) && info.calling == CROWD - LEAVING && !info.receiving, "%u call",
		info.calling);
	check(&c, !handle_close(ANY(e)) && come_back(LEAVING, CROWD - LEAVING, -EPIPE),
		"a call does not fail");
	handle_close(ANY(to_call));
	checks_report(&c, "many callers at an endpoint that ends");
}

void test_waiting_receivers(void)
{
	enum { RECEIVERS = 1800, LEAVING = 50 };
	struct checks c = {0};
	endpoint_handle e = endpoint_create();
	struct endpoint_info info = {0};

	for (unsigned i = 0; i < RECEIVERS; i++)
		start_receiving(i, e, i < LEAVING ? now() + 200 * MS : DEADLINE_NEVER);
	check(&c, come_back(0, LEAVING, -ETIMEDOUT), "one does not stop waiting");
	check(&c, all_wait(WAITS_FOR_CALL, RECEIVERS - LEAVING), "%u wait", threads_waiting(WAITS_FOR_CALL));
	check(&c, !endpoint_info(e, &info) && info.receiving == RECEIVERS - LEAVING && !info.calling,
		"%u receive", info.receiving);
	check(&c, !handle_close(ANY(e)) && come_back(LEAVING, RECEIVERS - LEAVING, -EPIPE),
		"one does not come back");
	checks_report(&c, "many receivers at an endpoint that ends");
}

void test_badges(void)
{
	struct checks c = {0};
	static endpoint_handle badges[CROWD];
	endpoint_handle e = endpoint_create();
	struct message message = {0};
	unsigned gone = 0;

	for (unsigned i = 0; i < CROWD; i++)
		badges[i] = endpoint_badge(e, i + 1);
	for (unsigned i = 0; i < CROWD; i++)
		handle_close(ANY(badges[i]));
	for (; gone < CROWD / 2; gone++) {
		message = take_call(e);
		if (message.label != MESSAGE_BADGE_GONE)
			break;
	}
	check(&c, gone == CROWD / 2, "%u have gone", gone);
	check(&c, !handle_close(ANY(e)), "the endpoint");
	checks_report(&c, "many badges of an endpoint that ends");
}
