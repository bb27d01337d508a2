/* Badges that are made for who calls, that move, and that go with a client: each end is told once. */
#include "moving.h"

/* Badges that are made in the table of who calls, here of this process. */
void test_give_badge(void)
{
	static const int32_t none[MESSAGE_WORDS];
	const uint32_t all = RIGHTS_ENDPOINT_ALL & ~RIGHT_ENDPOINT_RECEIVE;
	struct checks c = {0};
	uint32_t token;
	long given;

	open_endpoint();
	token = start_offering(&c, none, 0);
	check(&c, ipc_give_badge(endpoint, token, 0, RIGHTS_SAME) == -EINVAL, "badge 0");
	check(&c, ipc_give_badge(endpoint, token, 7, RIGHTS_ENDPOINT_ALL) == -EACCES, "to receive");
	for (uint32_t right = 1; right; right <<= 1)
		if (right & ~all)
			check(&c, ipc_give_badge(endpoint, token, 7, right) == -EACCES, "right %#x", right);
	check(&c, ipc_give_badge(endpoint, token ^ 1, 7, RIGHTS_SAME) == -ESRCH, "no caller");
	check(&c, !badge_is_told(endpoint, 7, 0), "what was not made is not told of");
	given = ipc_give_badge(endpoint, token, 7, RIGHTS_SAME);
	check(&c, given > 0 && names((int32_t)given, OBJECT_ENDPOINT, all), "given: %ld", given);
	drop((int32_t)given);
	check(&c, badge_is_told(endpoint, 7, PATIENCE), "its end is told");
	given = ipc_give_badge(endpoint, token, 1ul << 63, RIGHT_ENDPOINT_SEND);
	check(&c, given > 0 && names((int32_t)given, OBJECT_ENDPOINT, RIGHT_ENDPOINT_SEND), "given: %ld",
		given);
	end_offering(&c, token);
	check(&c, names((int32_t)given, OBJECT_ENDPOINT, RIGHT_ENDPOINT_SEND), "it stays after the call");
	check(&c, ipc_give_badge(endpoint, token, 7, RIGHTS_SAME) == -ESRCH, "after the reply");
	drop((int32_t)given);
	check(&c, badge_is_told(endpoint, 1ul << 63, PATIENCE), "told once more");
	close_endpoint();
	checks_report(&c, "badges that are given");
}

/* A badge moves to and fro without its end being told; closed in the other table, it is told once. */
void test_badge(void)
{
	struct checks c = {0};
	endpoint_handle told = endpoint_create();
	endpoint_handle badge = endpoint_badge(told, 77);
	struct child client;
	struct message m, quick;
	any_handle taken;

	open_endpoint();
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), ANY(badge));
	handle_close(ANY(badge));
	check(&c, !receive(&m), "receive");
	taken = ipc_take(endpoint, m.token, 0);
	check(&c, taken.value > 0, "taken: %d", taken.value);
	quick = (struct message){.deadline = 0};
	check(&c, ipc_receive(told, &quick) == -ETIMEDOUT, "told when it was taken");
	check(&c, ipc_give(endpoint, m.token, taken, RIGHTS_SAME) > 0, "given");
	quick = (struct message){.deadline = 0};
	check(&c, ipc_receive(told, &quick) == -ETIMEDOUT, "told when it was given");
	end_client(&c, &client, m.token, 5);
	quick = (struct message){.deadline = now() + PATIENCE};
	check(&c, !ipc_receive(told, &quick) && quick.label == MESSAGE_BADGE_GONE && quick.badge == 77,
		"with the client it is gone");
	quick = (struct message){.deadline = 0};
	check(&c, ipc_receive(told, &quick) == -ETIMEDOUT, "told once");
	close_endpoint();
	handle_close(ANY(told));
	checks_report(&c, "badges that move");
}

/* A badge that another process has been given goes with it. */
void test_badge_of_client(void)
{
	struct checks c = {0};
	struct child client;
	struct message m;

	open_endpoint();
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), (any_handle){0});
	check(&c, !receive(&m), "receive");
	check(&c, ipc_give_badge(endpoint, m.token, 88, RIGHT_ENDPOINT_SEND) > 0, "given");
	check(&c, !badge_is_told(endpoint, 88, 0), "the client has it");
	end_client(&c, &client, m.token, 5);
	check(&c, badge_is_told(endpoint, 88, PATIENCE), "with the client it is gone");
	check(&c, !badge_is_told(endpoint, 88, 0), "told once");
	check(&c, ipc_give_badge(endpoint, m.token, 88, RIGHT_ENDPOINT_SEND) == -ESRCH,
		"a client that is gone");
	close_endpoint();
	checks_report(&c, "badges that are given to a client");
}
