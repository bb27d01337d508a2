/* Handles that come back, are given away and are shown, and what ipc_badge tells of them. */
#include "protocol.h"

#include <tabula/protocol/probe.h>

void handles(void *argument)
{
	endpoint_handle one = probe_open(to), two = probe_open(to), three, four;
	notification_handle n = notification_create();

	(void)argument;
	expect(one.value > 0 && two.value > 0, 1, "opened");
	expect(probe_put(one, "one", 3), 3, "an object of its own");
	expect(probe_put(two, "zwei", 4), 4, "and another");
	expect(probe_take(one, large, 10), 3, "the first has kept its bytes");
	expect(probe_pair(to, &three, &four), 0, "two at once");
	expect(three.value > 0 && four.value > 0 && three.value != four.value, 1, "two handles");

	expect(probe_keep(to, n, 4), 0, "given away");
	expect(handle_close(ANY(n)), -EBADF, "so it is gone");
	n = notification_create();
	expect(probe_keep(to, n, 1ul << 63), -EINVAL, "given away in vain");
	expect(handle_close(ANY(n)), -EBADF, "gone all the same");
	expect(probe_keep(to, (notification_handle){one.value}, 1), -EFTYPE, "of the wrong type");
	expect(probe_take(one, large, 10), -EBADF, "gone as well");
	n = (notification_handle){handle_duplicate(ANY(kept), RIGHT_TRANSFER).value};
	expect(probe_keep(to, n, 1), -EACCES, "without the right");
	n = (notification_handle){handle_duplicate(ANY(kept), RIGHT_NOTIFICATION_SIGNAL).value};
	expect(probe_keep(to, n, 1), -EBADF, "that can't be given");
	expect(handle_close(ANY(n)), -EBADF, "closed all the same");
	expect(probe_keep(to, (notification_handle){12345}, 1), -EBADF, "forged");
	expect(probe_keep(to, (notification_handle){0}, 1), -EBADF, "none");

	expect(probe_which(to, two), 2, "an object that is shown");
	expect(probe_which(to, four), 4, "and another");
	expect(probe_which(to, (endpoint_handle){54321}), -EBADF, "forged");
	one = endpoint_create();
	expect(probe_which(to, one), -EXDEV, "of nobody");
	expect(probe_which(to, (endpoint_handle){own_process().value}), -EXDEV, "not even an endpoint");
	handle_close(ANY(one));
	handle_close(ANY(two));
	handle_close(ANY(three));
	handle_close(ANY(four));
}

static endpoint_handle stage;

static void offer(void *argument)
{
	struct message m = {.label = 1, .token = 15, .deadline = DEADLINE_NEVER};
	struct windows none = {0};

	memcpy(m.word, argument, sizeof(m.word));
	expect(ipc_call_lend(stage, &m, &none), 0, "offer");
}

void test_badges(void)
{
	struct checks c = {0};
	endpoint_handle low, high, other = endpoint_create();
	struct message m = {.deadline = DEADLINE_NEVER};
	int32_t closed = notification_create().value;
	uint64_t offers[4];

	stage = endpoint_create();
	low = endpoint_badge(stage, INT64_MAX);
	high = endpoint_badge(stage, 1ul << 63);
	handle_close((any_handle){closed});
	for (unsigned round = 0; round < 2; round++) {
		uint64_t first[4] = {(uint64_t)low.value, (uint64_t)high.value, (uint64_t)stage.value,
			(uint64_t)other.value};
		uint64_t second[4] = {(uint64_t)closed, 0, ~0ul, (uint64_t)own_process().value};
		const long results[2][4] = {
			{INT64_MAX, -ENOENT, 0, -ENOENT}, {-EBADMSG, -EBADMSG, -EBADMSG, -ENOENT}};

		memcpy(offers, round ? second : first, sizeof(offers));
		suite_thread_start(&callers[0], offer, offers);
		m.deadline = DEADLINE_NEVER;
		check(&c, !ipc_receive(stage, &m), "receive");
		for (uint32_t w = 0; w < 4; w++)
			check(&c, ipc_badge(stage, m.token, w) == results[round][w],
				"offer %u of round %u: %ld", w, round, ipc_badge(stage, m.token, w));
		check(&c, ipc_badge(stage, m.token, 4) == -EINVAL, "no such word");
		check(&c, ipc_badge(stage, m.token ^ 1u << 20, 0) == -ESRCH, "no such call");
		check(&c, ipc_badge(low, m.token, 0) == -EACCES, "without the right to receive");
		check(&c, !ipc_reply(stage, &m), "reply");
		suite_thread_join(&callers[0]);
	}
	found = 0;
	handle_close(ANY(low));
	handle_close(ANY(high));
	handle_close(ANY(other));
	handle_close(ANY(stage));
	checks_report(&c, "badges of handles that are offered");
}
