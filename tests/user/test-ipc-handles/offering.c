/* A thread of this process that calls and offers handles, and what can be known of a handle. */
#include "moving.h"

struct lender lender;

uint32_t start_offering(struct checks *c, const int32_t value[MESSAGE_WORDS], uint32_t offered)
{
	struct message m;

	lender = (struct lender){.message = {.token = offered}};
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		lender.message.word[i] = (uint32_t)value[i];
	lender_start(&lender, NULL, 0, NULL, 0, DEADLINE_NEVER);
	check(c, !receive(&m) && m.word[0] == (uint32_t)value[0], "receive");
	return m.token;
}

void end_offering(struct checks *c, uint32_t token)
{
	check(c, !answer(token, 1), "answer");
	suite_thread_join(&lender.thread);
	check(c, !lender.result, "the caller got %d", lender.result);
}

bool names(int32_t value, uint32_t type, uint32_t rights)
{
	struct handle_info info;

	return !handle_info((any_handle){value}, &info) && info.type == type && info.rights == rights;
}

bool is_gone(int32_t value)
{
	struct handle_info info;

	return handle_info((any_handle){value}, &info) == -EBADF;
}

void drop(int32_t value)
{
	handle_close((any_handle){value});
}

int32_t memory_with(uint32_t rights)
{
	memory_handle memory = memory_create(PAGE_SIZE);
	int32_t value = handle_duplicate(ANY(memory), rights).value;

	handle_close(ANY(memory));
	return value;
}

bool badge_is_told(endpoint_handle of, uint64_t badge, uint64_t within)
{
	struct message m = {.deadline = within ? now() + within : 0};

	return !ipc_receive(of, &m) && m.label == MESSAGE_BADGE_GONE && m.badge == badge;
}
