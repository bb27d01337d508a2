/* Handles that are offered and taken, given or neither, between threads of one process. */
#include "moving.h"

enum { OFFER_ALL = 0xf };

/* What is offered can be taken, once, with its rights; nothing else can. */
void test_take(void)
{
	struct checks c = {0};
	int32_t offered[MESSAGE_WORDS] = {memory_with(RIGHT_TRANSFER | RIGHT_MEMORY_READ),
		memory_with(RIGHT_MEMORY_READ), memory_with(RIGHTS_MEMORY_ALL), memory_with(RIGHT_TRANSFER)};
	int32_t taken;
	uint32_t token;

	open_endpoint();
	token = start_offering(&c, offered, 0x7);
	check(&c, ipc_take(endpoint, token, 3).value == -EINVAL, "not offered");
	for (uint32_t word = 4; word; word <<= 1)
		check(&c, ipc_take(endpoint, token, word).value == -EINVAL, "word %u", (unsigned)word);
	check(&c, ipc_take(endpoint, token, UINT32_MAX).value == -EINVAL, "word of all ones");
	check(&c, ipc_take(endpoint, token ^ 1, 0).value == -ESRCH, "another token");
	check(&c, ipc_take(endpoint, token, 1).value == -EBADMSG, "without the right to transfer");
	check(&c, names(offered[1], OBJECT_MEMORY, RIGHT_MEMORY_READ), "that one stays");
	taken = ipc_take(endpoint, token, 0).value;
	check(&c, taken > 0 && names(taken, OBJECT_MEMORY, RIGHT_TRANSFER | RIGHT_MEMORY_READ), "taken: %d",
		taken);
	check(&c, is_gone(offered[0]), "it has moved");
	check(&c, ipc_take(endpoint, token, 0).value == -EBADMSG, "twice");
	drop(taken);
	end_offering(&c, token);
	check(&c, ipc_take(endpoint, token, 2).value == -ESRCH, "after the reply");
	check(&c, names(offered[2], OBJECT_MEMORY, RIGHTS_MEMORY_ALL), "not taken: stays");
	for (unsigned i = 1; i < MESSAGE_WORDS; i++)
		drop(offered[i]);

	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		offered[i] = (int32_t[]){0, -1, (1 << 14) - 1, lender.thread.handle.value}[i];
	token = start_offering(&c, offered, UINT32_MAX);
	for (unsigned i = 0; i < MESSAGE_WORDS - 1; i++)
		check(&c, ipc_take(endpoint, token, i).value == -EBADMSG, "no handle: %d", offered[i]);
	check(&c, ipc_take(endpoint, token, MESSAGE_WORDS).value == -EINVAL, "there is no word 4");
	end_offering(&c, token);
	close_endpoint();
	checks_report(&c, "handles that are offered, taken or not");
}

/* What is offered can be copied, as often as one likes, if it is what is asked for; who offers it keeps it. */
void test_copy(void)
{
	const uint32_t both = RIGHT_TRANSFER | RIGHT_DUPLICATE, all = both | RIGHT_MEMORY_READ;
	int32_t offered[MESSAGE_WORDS] = {memory_with(all), memory_with(RIGHT_TRANSFER),
		memory_with(RIGHT_DUPLICATE), memory_with(all)};
	struct checks c = {0};
	uint32_t token;

	open_endpoint();
	token = start_offering(&c, offered, 0x7);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t type = i == 1 ? OBJECT_ANY : OBJECT_MEMORY;
		int32_t copied = ipc_copy(endpoint, token, 0, type, i == 2 ? all : 0).value;

		check(&c, copied > 0 && copied != offered[0] && names(copied, OBJECT_MEMORY, all),
			"copied: %d", copied);
		check(&c, names(offered[0], OBJECT_MEMORY, all), "it stays");
		drop(copied);
	}
	check(&c, ipc_copy(endpoint, token, 0, OBJECT_PROCESS, 0).value == -EFTYPE, "another type");
	check(&c, ipc_copy(endpoint, token, 0, UINT32_MAX, 0).value == -EFTYPE, "no type");
	check(&c, ipc_copy(endpoint, token, 0, OBJECT_MEMORY, all | RIGHT_MEMORY_WRITE).value == -EACCES,
		"a right that it has not");
	check(&c, ipc_copy(endpoint, token, 0, 0, UINT32_MAX).value == -EACCES, "all rights there are");
	check(&c, ipc_copy(endpoint, token, 1, 0, 0).value == -EBADMSG, "without the right to duplicate");
	check(&c, ipc_copy(endpoint, token, 2, 0, 0).value == -EBADMSG, "without the right to transfer");
	check(&c, ipc_copy(endpoint, token, 3, 0, 0).value == -EINVAL, "not offered");
	check(&c, ipc_copy(endpoint, token, MESSAGE_WORDS, 0, 0).value == -EINVAL, "there is no word 4");
	check(&c, ipc_copy(endpoint, token ^ 1, 0, 0, 0).value == -ESRCH, "another token");
	end_offering(&c, token);
	check(&c, ipc_copy(endpoint, token, 0, 0, 0).value == -ESRCH, "after the reply");
	drop(offered[0]);
	token = start_offering(&c, offered, 0x1);
	check(&c, ipc_copy(endpoint, token, 0, 0, 0).value == -EBADMSG, "closed");
	end_offering(&c, token);
	for (unsigned i = 1; i < MESSAGE_WORDS; i++)
		drop(offered[i]);
	close_endpoint();
	checks_report(&c, "handles that are offered, copied or not");
}

static void call_plainly(void *argument)
{
	struct lender *l = argument;

	l->result = ipc_call(l->through, &l->message);
}

void test_plain_call(void)
{
	struct checks c = {0};
	struct message m;

	open_endpoint();
	lender = (struct lender){.through = endpoint,
		.message = {
			.token = OFFER_ALL, .word = {(uint64_t)endpoint.value}, .deadline = DEADLINE_NEVER}};
	suite_thread_start(&lender.thread, call_plainly, &lender);
	check(&c, !receive(&m), "receive");
	check(&c, ipc_take(endpoint, m.token, 0).value == -EINVAL, "take");
	check(&c, ipc_copy(endpoint, m.token, 0, 0, 0).value == -EINVAL, "copy");
	end_offering(&c, m.token);
	close_endpoint();
	checks_report(&c, "a plain call offers nothing");
}

void test_give(void)
{
	static const int32_t none[MESSAGE_WORDS];
	struct checks c = {0};
	int32_t h = memory_with(RIGHT_TRANSFER | RIGHT_MEMORY_READ), stuck = memory_with(RIGHT_MEMORY_READ);
	uint32_t token;
	long given;

	open_endpoint();
	token = start_offering(&c, none, 0);
	check(&c, ipc_give(endpoint, token, (any_handle){stuck}, RIGHTS_SAME) == -EACCES, "no transfer");
	check(&c, ipc_give(endpoint, token, (any_handle){h}, RIGHT_MEMORY_WRITE) == -EACCES, "more rights");
	check(&c, ipc_give(endpoint, token, (any_handle){0}, RIGHTS_SAME) == -EBADF, "no handle");
	check(&c, ipc_give(endpoint, token ^ 1, (any_handle){h}, RIGHTS_SAME) == -ESRCH, "no caller");
	check(&c, names(h, OBJECT_MEMORY, RIGHT_TRANSFER | RIGHT_MEMORY_READ), "nothing has moved");
	given = ipc_give(endpoint, token, (any_handle){h}, RIGHT_MEMORY_READ);
	check(&c, given > 0 && names((int32_t)given, OBJECT_MEMORY, RIGHT_MEMORY_READ), "given: %ld", given);
	check(&c, is_gone(h), "it has moved");
	end_offering(&c, token);
	check(&c, names((int32_t)given, OBJECT_MEMORY, RIGHT_MEMORY_READ), "it stays after the call");
	drop((int32_t)given);
	check(&c, ipc_give(endpoint, token, (any_handle){stuck}, RIGHTS_SAME) == -EACCES,
		"rights come first");
	drop(stuck);
	close_endpoint();
	checks_report(&c, "handles that are given");
}
