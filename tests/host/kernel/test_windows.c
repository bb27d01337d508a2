/*
 * Windows on four harts: some threads lend a page with a deadline and use it as their own again when their call has come back;
 * others copy into it with whatever token was given out last, and when one of these has begun, it is answered. Nobody writes to
 * a window once its call is over. The kernel has the lock of the endpoint meanwhile, or holds the lender: both are tried.
 *
 *	windows [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/errors.h"
#include "abi/syscall_numbers.h"
#include "host.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "object/endpoint.h"
#include "object/process.h"
#include "tabula/ktap.h"

enum {
	INIT,
	LENDER,
	SERVER,
	COPIER,
	LENDERS = 3,
	COPIERS = 3,
	CALLS = 60,
	ROUNDS = 8,
	COPY_PAUSES = 4, /* longer than it takes to wake the thread that has lent */
	TURNS = 20,
	SHORT = 200,
	LONG = 2000,
	MORE = 8 /* bytes that are asked for, and not lent: then the lender is held for the copy */
};

static uint64_t seed = 1;
static size_t size; /* of the windows of this round */
static uint32_t hot_token; /* atomic: the last one that was given out */
static uint32_t used_token; /* atomic: the last one with which a copy has begun */
static uint32_t lenders_left; /* atomic */
static uint32_t answered, late, copied, stale, wrong; /* atomic */

static void add(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static uint64_t below(struct trapframe *frame, uint64_t limit)
{
	return hosted_random(&frame->state[0]) % limit;
}

static bool all_lenders_gone(void)
{
	return !__atomic_load_n(&lenders_left, __ATOMIC_RELAXED);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

/* Each byte that a copier writes is this one; lenders write others. */
enum { FOREIGN = 0xee };

/* The first and the last byte of the window, and one between. */
static uint64_t sample(uint64_t window, unsigned i)
{
	return window + (i == 0 ? 0 : i == 1 ? size / 2 : size - 1);
}

static void fill(uint64_t window, uint8_t byte)
{
	for (unsigned i = 0; i < 3; i++)
		hosted_store(sample(window, i), byte);
}

static bool is_filled(uint64_t window, uint8_t byte)
{
	uint8_t found;

	for (unsigned i = 0; i < 3; i++)
		if (!hosted_load(sample(window, i), &found) || found != byte)
			return false;
	return true;
}

/* A page is touched first, so that it is there. */
static bool begin(struct trapframe *frame, uint64_t page)
{
	if (frame->state[0])
		return true;
	frame->state[0] = frame->argument >> 34 | 1;
	frame->action = HOSTED_STORE;
	frame->address = page;
	frame->result = 0;
	return false;
}

static uint64_t own_page(const struct trapframe *frame)
{
	return HOSTED_STACK + (frame->argument >> 32 & 3) * PAGE_SIZE;
}

static void lend(struct trapframe *frame, uint64_t window)
{
	hosted_call(frame, SYS_ipc_call_lend, (uint32_t)frame->argument, 0, 0, 0);
	*arch_frame_message(frame) =
		(struct message){.label = 7, .deadline = arch_time_now() + below(frame, 4000)};
	*arch_frame_windows(frame) = (struct windows){.write_address = window,
		.write_size = (uint32_t)size,
		.read_address = window,
		.read_size = 8};
}

/*
 * Its argument: handle, above it its number, and above that a seed. Calls with its page as a window, then fills the page and
 * looks at it some calls later.
 */
static void lender(struct trapframe *frame)
{
	uint64_t window = own_page(frame), *calls = &frame->state[1], *looks = &frame->state[2];
	uint8_t mine = (uint8_t)(*calls & 0x3f);

	if (!begin(frame, window))
		return;
	if (!frame->state[3]++) {
		lend(frame, window);
		return;
	}
	if (frame->number == SYS_ipc_call_lend) {
		add(frame->result == -ETIMEDOUT ? &late : frame->result ? &wrong : &answered);
		fill(window, mine);
		*looks = 4;
	}
	if (--*looks) {
		host_pause(); /* a copy that goes on after the call takes time, too */
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	if (!is_filled(window, mine))
		add(&wrong);
	if (++*calls < CALLS) {
		lend(frame, window);
		return;
	}
	__atomic_fetch_sub(&lenders_left, 1, __ATOMIC_RELAXED);
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

static bool is_used(uint32_t token)
{
	return __atomic_load_n(&used_token, __ATOMIC_RELAXED) == token;
}

/* Tells the others the token, waits until one of them uses it, or for some time, and answers a little later. */
static void server(struct trapframe *frame)
{
	uint32_t handle = (uint32_t)frame->argument;
	struct message *message = arch_frame_message(frame);
	uint64_t *turns = &frame->state[1], *token = &frame->state[2];

	if (!frame->state[0])
		frame->state[0] = frame->argument >> 34 | 1;
	else if (frame->number == SYS_ipc_receive && !frame->result) {
		*token = message->token;
		__atomic_store_n(&hot_token, message->token, __ATOMIC_RELAXED);
		*turns = TURNS;
	} else if (frame->number == SYS_ipc_receive && all_lenders_gone()) {
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	if (*turns > 4 && is_used((uint32_t)*token))
		*turns = below(frame, 4) + 1;
	if (*turns > 4)
		host_pause(); /* a copier may have to wait for its hart */
	if (*turns && --*turns) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	} else if (*token) {
		hosted_call(frame, SYS_ipc_reply, handle, 0, 0, 0);
		*message = (struct message){.token = (uint32_t)*token};
		*token = 0;
	} else {
		hosted_call(frame, SYS_ipc_receive, handle, 0, 0, 0);
		*message = (struct message){.deadline = arch_time_now() + 3000};
	}
}

static void copier(struct trapframe *frame)
{
	uint64_t buffer = own_page(frame);
	uint32_t token = __atomic_load_n(&hot_token, __ATOMIC_RELAXED);

	if (!begin(frame, buffer))
		return;
	if (!frame->state[3]++) {
		for (size_t i = 0; i < size; i++)
			hosted_store(buffer + i, FOREIGN);
	} else if (frame->number == SYS_ipc_write) {
		add(frame->result == (long)size ? &copied : frame->result == -ESRCH ? &stale : &wrong);
	}
	if (all_lenders_gone()) {
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	if (frame->state[1] == token) { /* one copy for each */
		host_yield();
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	frame->state[1] = token;
	__atomic_store_n(&used_token, token, __ATOMIC_RELAXED);
	hosted_call(frame, SYS_ipc_write, (uint32_t)frame->argument, token, 0, buffer);
	frame->a[4] = size == LONG ? size + MORE : size;
}

static struct process *lenders, *servers;

static void start(void *unused)
{
	struct endpoint *endpoint = endpoint_create();
	uint64_t send, receive;

	(void)unused;
	HOSTED_REQUIRE(endpoint);
	lenders = hosted_new_process();
	servers = hosted_new_process();
	send = hosted_give(lenders, &endpoint->object, RIGHT_ENDPOINT_SEND);
	receive = hosted_give(servers, &endpoint->object, RIGHT_ENDPOINT_RECEIVE);
	lenders_left = LENDERS;
	hosted_start_on(1, servers, SERVER, receive | hosted_random(&seed) << 34);
	for (uint64_t i = 0; i < COPIERS; i++) /* not where they would keep the server from answering */
		hosted_start_on(2u << i, servers, COPIER, receive | i << 32);
	for (uint64_t i = 0; i < LENDERS; i++)
		hosted_start_on(hosted_random(&seed) % 2 ? 1 : HARTS_ALL, lenders, LENDER,
			send | i << 32 | hosted_random(&seed) << 34);
	object_put(&endpoint->object);
}

static bool all_ended;

static void finish(void *unused)
{
	(void)unused;
	all_ended = lenders->ended && servers->ended;
	hosted_kill(lenders);
	hosted_kill(servers);
	object_put(&lenders->object);
	object_put(&servers->object);
}

static void test(size_t window, const char *name, size_t free)
{
	uint32_t copies = 0, calls = 0;
	bool good = true;

	size = window;
	for (unsigned round = 0; round < ROUNDS && good; round++) {
		hot_token = used_token = answered = late = copied = stale = wrong = 0;
		hosted_do((unsigned)(hosted_random(&seed) % 4), start, NULL);
		hosted_check();
		hosted_do(0, finish, NULL);
		hosted_check();
		good = all_ended && !wrong && answered + late == LENDERS * CALLS &&
		       hosted_free_frames() == free;
		if (!good)
			ktap_diagnose(
				"%u answered, %u late, %u copied, %u stale, %u wrong, ended %d, frames %zu of %zu",
				answered, late, copied, stale, wrong, all_ended, hosted_free_frames(), free);
		copies += copied;
		calls += answered;
	}
	ktap_diagnose("%u copies, %u calls answered", copies, calls);
	ktap_ok(good && copies && calls, "%s", name);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, lender, server, copier, NULL};
	size_t free;

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(2);
	hosted_copy_pauses = COPY_PAUSES;
	hosted_boot(&(struct hosted_machine){4, 4 << 20, "log=error", programs});
	free = hosted_free_frames();
	test(SHORT, "short windows after their call", free);
	test(LONG, "long windows after their call", free);
	return ktap_end();
}
