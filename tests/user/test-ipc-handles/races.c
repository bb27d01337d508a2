/* A handle that its owner closes while it moves: one of both has it, and it is gone after both. */
#include "moving.h"

enum { ROUNDS = 300 };

static volatile int32_t hot;
static volatile bool stop;

static void close_hot(void *argument)
{
	(void)argument;
	while (!stop) {
		int32_t value = hot;

		if (value) {
			handle_close((any_handle){value});
			hot = 0;
		}
	}
}

/* The owner closes a handle while it is taken or given: one of them has it, and it is gone after both. */
void test_close_meanwhile(void)
{
	struct checks c = {0};
	endpoint_handle told = endpoint_create();
	struct suite_thread closer;
	unsigned moved = 0;

	open_endpoint();
	stop = false;
	suite_thread_start(&closer, close_hot, NULL);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		int32_t offered[MESSAGE_WORDS] = {endpoint_badge(told, i).value};
		uint32_t token = start_offering(&c, offered, 1);
		struct message m = {.deadline = now() + PATIENCE};
		long result;

		hot = offered[0];
		for (uint64_t k = random_below(8); k--;)
			thread_yield();
		result = i % 2 ? ipc_take(endpoint, token, 0).value
			       : ipc_give(endpoint, token, (any_handle){offered[0]}, RIGHTS_SAME);
		check(&c, result > 0 || result == (i % 2 ? -EBADMSG : -EBADF), "round %u: %ld", i, result);
		while (hot)
			thread_yield();
		if (result > 0) {
			moved++;
			check(&c, !handle_close((any_handle){(int32_t)result}), "it was moved");
		}
		check(&c, is_gone(offered[0]), "the old one is gone");
		check(&c, !ipc_receive(told, &m) && m.badge == i, "round %u: told of %lu", i, m.badge);
		end_offering(&c, token);
	}
	stop = true;
	suite_thread_join(&closer);
	close_endpoint();
	handle_close(ANY(told));
	ktap_diagnose("%u of %d moved", moved, ROUNDS);
	checks_report(&c, "closed while it moves");
}
