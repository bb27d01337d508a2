/*
 * What the suites about exceptions share: a process whose exceptions come to an endpoint of the suite's, and what the suite
 * hears of them and answers.
 */
#pragma once

#include "suite.h"

enum { BADGE = 0xbad9e };
enum {
	CAUSE_ILLEGAL = 2,
	CAUSE_BREAKPOINT = 3,
	CAUSE_FETCH_PAGE = 12,
	CAUSE_LOAD_PAGE = 13,
	CAUSE_STORE_PAGE = 15
};

#define FAR      0x40000000ul /* nothing is mapped there */
#define FAR_TEXT 0x40000000
/* clang-format off */
/* a0 is its status, if it gets so far. */
CHILD_PROGRAM(breaks,
	"	li	a0, 1\n"
	"	.option push\n"
	"	.option norvc\n"
	"	ebreak\n"
	"	.option pop\n"
	CHILD_EXIT);
/* clang-format on */

#define CODE(name) name, (size_t)(name##_end - name)

static endpoint_handle endpoint, badge;
static struct child child;

static inline void make(struct checks *c, const char *code, size_t size)
{
	endpoint = endpoint_create();
	badge = endpoint_badge(endpoint, BADGE);
	check(c, !child_make(&child, code, size), "child");
	check(c, !process_set_exceptions(child.process, badge), "process_set_exceptions");
}

static inline void start(struct checks *c, uint64_t argument)
{
	check(c, !child_start(&child, argument), "start");
}

static inline void make_and_start(struct checks *c, const char *code, size_t size, uint64_t argument)
{
	make(c, code, size);
	start(c, argument);
}

static inline void finish(void)
{
	child_close(&child);
	handle_close(ANY(badge));
	handle_close(ANY(endpoint));
}

static inline struct process_result result_of_child(struct checks *c)
{
	struct process_result result = {.reason = (enum end_reason) - 1};

	check(c, !process_wait(child.process, now() + PATIENCE, &result), "the child does not end");
	return result;
}

static inline void expect_exit(struct checks *c, int status)
{
	struct process_result result = result_of_child(c);

	check(c, child_exited(&result, status), "reason %d, status %d, not %d", (int)result.reason,
		(int)result.status, status);
	finish();
}

static inline void expect_fault(struct checks *c, uint64_t cause)
{
	struct process_result result = result_of_child(c);

	check(c, result.reason == END_REASON_FAULTED && result.cause == cause, "reason %d, cause %lu",
		(int)result.reason, result.cause);
	finish();
}

static inline struct message receive(struct checks *c)
{
	struct message message = {.deadline = now() + PATIENCE};
	int error = ipc_receive(endpoint, &message);

	check(c, !error, "ipc_receive gave %d", error);
	return message;
}

static inline struct message receive_exception(struct checks *c, uint64_t cause)
{
	struct message m = receive(c);

	check(c, m.label == MESSAGE_EXCEPTION && m.word[0] == cause && m.badge == BADGE && m.token,
		"label %#x, cause %lu, badge %#lx", m.label, m.word[0], m.badge);
	return m;
}

static inline void answer(struct checks *c, uint32_t token, uint32_t label, uint64_t value)
{
	struct message m = {.label = label, .token = token, .word = {value}};
	int error = ipc_reply(endpoint, &m);

	check(c, !error, "ipc_reply gave %d", error);
}

static inline bool is_stale(uint32_t token)
{
	struct registers r;
	struct message m = {.token = token};

	return exception_read(endpoint, token, &r) == -ESRCH && ipc_reply(endpoint, &m) == -ESRCH;
}
