/* What the suites about calls through endpoints share: one endpoint, and threads that call through it. */
#pragma once

#include "suite.h"

SHARED endpoint_handle endpoint;

static inline void open_endpoint(void)
{
	endpoint = endpoint_create();
	if (endpoint.value < 0)
		ktap_bail_out("no endpoint: %d", endpoint.value);
}

static inline void close_endpoint(void)
{
	handle_close(ANY(endpoint));
}

/* Receives, with patience. */
static inline int receive(struct message *message)
{
	*message = (struct message){.deadline = now() + PATIENCE};
	return ipc_receive(endpoint, message);
}

static inline int answer(uint32_t token, uint32_t label)
{
	struct message message = {.label = label, .token = token, .word = {label, 1, 2, 3}};

	return ipc_reply(endpoint, &message);
}

/* A thread that calls and lends, what it calls with, and what came back. */
struct lender {
	struct suite_thread thread;
	endpoint_handle through;
	struct message message;
	struct windows windows;
	int result;
};

static inline void lend_once(void *argument)
{
	struct lender *l = argument;

	l->result = ipc_call_lend(l->through, &l->message, &l->windows);
}

static inline void lender_start(struct lender *l, const void *read, size_t read_size, const void *write,
	size_t write_size, uint64_t deadline)
{
	l->through = endpoint;
	l->message.deadline = deadline;
	l->windows = (struct windows){.read_address = (uintptr_t)read,
		.read_size = (uint32_t)read_size,
		.write_address = (uintptr_t)write,
		.write_size = (uint32_t)write_size};
	suite_thread_start(&l->thread, lend_once, l);
}
