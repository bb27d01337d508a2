/*
 * Calls between threads on four harts, in every order that chance brings: clients of two processes call with and without
 * deadlines, servers of two others answer at once or later and in another order, and meanwhile processes are killed and
 * handles closed. Every call comes back once, with its own answer or an error that this round can cause; nobody is left
 * waiting, and nothing is lost.
 *
 *	ipc [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/errors.h"
#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "lib/string.h"
#include "object/endpoint.h"
#include "object/process.h"
#include "tabula/ktap.h"

enum {
	INIT,
	CLIENT,
	SERVER,
	KILLER,
	SIDES = 2, /* processes of clients, and as many of servers */
	CLIENTS = 5, /* threads in each of them */
	SERVERS = 3,
	CALLS = 40,
	KEPT = 4, /* calls that a server keeps before it answers */
	ROUNDS = 24,
};

/* What may happen in a round. */
enum { DEADLINES = 1, KILL_SERVER = 2, KILL_CLIENT = 4, CLOSE = 8, KINDS = 16 };

static uint64_t seed = 1;
static unsigned may; /* of this round */
static struct process *clients[SIDES], *servers[SIDES];
static uint32_t clients_left[SIDES]; /* atomic: threads that have not ended by themselves */
static uint32_t clients_killed; /* atomic: the first process of them */
static uint32_t answered, late, broken, wrong, answers, stale; /* atomic */

static void add(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

/* A random number of the program's own. */
static uint64_t below(struct trapframe *frame, uint64_t limit)
{
	return hosted_random(&frame->state[0]) % limit;
}

static uint64_t answer_to(uint64_t word)
{
	return word * 3 + 1;
}

/* ---- clients */

static void judge_call(const struct trapframe *frame)
{
	const struct message *reply = (const struct message *)&frame->a[1];
	uint64_t sent = frame->state[2];

	if (frame->result == -ETIMEDOUT)
		add(frame->state[3] ? &late : &wrong);
	else if (frame->result == -EPIPE)
		add(may & (KILL_SERVER | CLOSE) ? &broken : &wrong);
	else if (frame->result || reply->word[0] != answer_to(sent) || reply->word[3] != sent || reply->badge)
		add(&wrong);
	else
		add(&answered);
}

/* Its argument: handle, above it the process it belongs to, and above that a seed. */
static void client(struct trapframe *frame)
{
	struct message *message = arch_frame_message(frame);
	unsigned side = frame->argument >> 32 & 1;

	if (!frame->state[0])
		frame->state[0] = frame->argument >> 33 | 1;
	if (frame->state[1]++ && frame->number == SYS_ipc_call)
		judge_call(frame);
	if (frame->state[1] > CALLS || (frame->number == SYS_ipc_call && frame->result == -EPIPE)) {
		__atomic_fetch_sub(&clients_left[side], 1, __ATOMIC_RELAXED);
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	if (!below(frame, 8)) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	hosted_call(frame, SYS_ipc_call, (uint32_t)frame->argument, 0, 0, 0);
	frame->state[2] = hosted_random(&frame->state[0]);
	frame->state[3] = may & DEADLINES && below(frame, 2);
	*message = (struct message){.label = 7,
		.word = {frame->state[2], 0, 0, frame->state[2]},
		.deadline = frame->state[3] ? arch_time_now() + below(frame, 30000) : DEADLINE_NEVER};
}

/* ---- servers: the calls kept are in state[4] on, a token and the word to answer with */

static bool all_clients_gone(void)
{
	return (__atomic_load_n(&clients_killed, __ATOMIC_RELAXED) ||
		       !__atomic_load_n(&clients_left[0], __ATOMIC_RELAXED)) &&
	       !__atomic_load_n(&clients_left[1], __ATOMIC_RELAXED);
}

static bool is_receiving(const struct trapframe *frame)
{
	return frame->number == SYS_ipc_receive || frame->number == SYS_ipc_reply_receive;
}

/* What the last call has brought. False when there is nothing more to do. */
static bool take(struct trapframe *frame)
{
	const struct message *message = arch_frame_message(frame);
	uint64_t *kept = &frame->state[1];

	switch (frame->result) {
	case 0:
		if (!is_receiving(frame))
			break;
		HOSTED_REQUIRE(message->label == 7 && *kept < KEPT);
		frame->state[4 + 2 * *kept] = message->token;
		frame->state[5 + 2 * *kept] = message->word[0];
		++*kept;
		break;
	case -ETIMEDOUT:
		HOSTED_REQUIRE(is_receiving(frame));
		return *kept || !all_clients_gone();
	case -ESRCH:
		HOSTED_REQUIRE(may & (DEADLINES | KILL_CLIENT | KILL_SERVER | CLOSE));
		add(&stale);
		break;
	case -EPIPE:
	case -EBADF: /* another thread of the process has closed its handle */
		HOSTED_REQUIRE(may & CLOSE);
		return false;
	default:
		HOSTED_REQUIRE(!"an error that nobody has made");
	}
	return true;
}

static void reply(struct trapframe *frame, uint32_t handle)
{
	struct message *message = arch_frame_message(frame);
	uint64_t *kept = &frame->state[1], *first = &frame->state[4];
	uint64_t which = below(frame, *kept), token = first[2 * which], word = first[2 * which + 1];
	bool again = below(frame, 2);

	--*kept;
	first[2 * which] = first[2 * *kept];
	first[2 * which + 1] = first[2 * *kept + 1];
	add(&answers);
	hosted_call(frame, again ? SYS_ipc_reply_receive : SYS_ipc_reply, handle, 0, 0, 0);
	*message = (struct message){.token = (uint32_t)token,
		.word = {answer_to(word), 0, 0, word},
		.deadline = arch_time_now() + below(frame, 20000)};
}

static void server(struct trapframe *frame)
{
	uint32_t handle = (uint32_t)frame->argument;
	bool first = !frame->state[0];
	uint64_t kept;

	if (first)
		frame->state[0] = frame->argument >> 33 | 1;
	if (!first && frame->number != SYS_thread_yield && frame->number != SYS_handle_close &&
		!take(frame)) {
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	kept = frame->state[1];
	if (may & CLOSE && !below(frame, 100)) {
		hosted_call(frame, SYS_handle_close, handle, 0, 0, 0);
		return;
	}
	if (kept && (kept == KEPT || below(frame, 2))) {
		reply(frame, handle);
		return;
	}
	if (!below(frame, 8)) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	hosted_call(frame, SYS_ipc_receive, handle, 0, 0, 0);
	*arch_frame_message(frame) = (struct message){.deadline = arch_time_now() + below(frame, 20000)};
}

/* ---- who ends others */

static void killer(struct trapframe *frame)
{
	if (!frame->state[0]) {
		frame->state[0] = frame->argument | 1;
		frame->state[1] = below(frame, 40);
	}
	if (frame->state[1]--) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	if (may & KILL_SERVER) {
		hosted_kill(servers[0]);
		if (!below(frame, 3))
			hosted_kill(servers[1]);
	}
	if (may & KILL_CLIENT) {
		hosted_kill(clients[0]);
		add(&clients_killed);
	}
	hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
}

/* ---- rounds */

static void start(void *unused)
{
	struct endpoint *endpoint = endpoint_create();
	struct process *others = hosted_new_process();

	(void)unused;
	HOSTED_REQUIRE(endpoint);
	for (unsigned i = 0; i < SIDES; i++) {
		uint64_t receive, send;

		clients[i] = hosted_new_process();
		servers[i] = hosted_new_process();
		receive = hosted_give(servers[i], &endpoint->object, RIGHT_ENDPOINT_RECEIVE);
		send = hosted_give(clients[i], &endpoint->object, RIGHT_ENDPOINT_SEND);
		clients_left[i] = CLIENTS;
		for (unsigned n = 0; n < SERVERS; n++)
			hosted_start(servers[i], SERVER, receive | hosted_random(&seed) << 33);
		for (unsigned n = 0; n < CLIENTS; n++)
			hosted_start(
				clients[i], CLIENT, send | (uint64_t)i << 32 | hosted_random(&seed) << 33);
	}
	if (may & (KILL_SERVER | KILL_CLIENT))
		hosted_start(others, KILLER, hosted_random(&seed));
	object_put(&endpoint->object);
	object_put(&others->object);
}

static bool all_ended;

static void finish(void *unused)
{
	(void)unused;
	all_ended = true;
	for (unsigned i = 0; i < SIDES; i++) {
		all_ended &= clients[i]->ended && servers[i]->ended;
		hosted_kill(clients[i]);
		hosted_kill(servers[i]);
		object_put(&clients[i]->object);
		object_put(&servers[i]->object);
	}
}

static bool run_round(unsigned kinds, size_t free)
{
	bool good;

	may = kinds;
	answered = late = broken = wrong = answers = stale = clients_killed = 0;
	hosted_do((unsigned)(hosted_random(&seed) % 4), start, NULL);
	hosted_check();
	hosted_do(0, finish, NULL);
	hosted_check();
	good = all_ended && !wrong && hosted_free_frames() == free;
	/* Nothing has gone wrong: then each call has been answered, and each answer was heard. */
	if (!(kinds & ~(unsigned)DEADLINES))
		good &= answers == answered + stale && answered + late > SIDES * CLIENTS * CALLS / 2 &&
			!broken;
	if (!good)
		ktap_diagnose("kinds %#x: %u answered, %u late, %u broken, %u wrong, %u answers, %u stale, "
			      "all ended %d, frames %zu of %zu",
			kinds, answered, late, broken, wrong, answers, stale, all_ended, hosted_free_frames(),
			free);
	return good;
}

static void test(unsigned kinds, size_t free)
{
	static const char *const names[] = {
		"deadlines", "servers that are killed", "clients that are killed", "handles that are closed"};
	unsigned round = 0, calls = 0, without = 0;
	char name[120] = "calls";

	for (; round < ROUNDS && run_round(kinds, free); round++)
		calls += answered, without += late + broken;
	for (unsigned i = 0; i < 4; i++)
		if (kinds & 1u << i)
			snprintf(name + strlen(name), sizeof(name) - strlen(name), ", %s", names[i]);
	ktap_diagnose("%u calls answered, %u ended without", calls, without);
	ktap_ok(round == ROUNDS, "%s", name);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, client, server, killer, NULL};
	size_t free;

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(KINDS);
	hosted_boot(&(struct hosted_machine){4, 4 << 20, "log=error", programs});
	free = hosted_free_frames();
	for (unsigned kinds = 0; kinds < KINDS; kinds++)
		test(kinds, free);
	return ktap_end();
}
