/* What the parts of test-ipc-handles share: a caller that offers handles, what is known of a handle, and clients in other processes. */
#pragma once

#include "ipc.h"

/* Calls with the words of CHILD_DATA, the first of which is offered, and then exits with what the reply's word 0 is. */
#define CALL_AND_EXIT \
	"	li	t0, 0\n" \
	"	li	t1, 0\n" \
	"	li	t2, 0\n" \
	"	li	a1, 1\n" \
	"	slli	a1, a1, 32\n" \
	"	li	a2, " SUITE_TEXT( \
		CHILD_DATA_TEXT) "\n" \
				 "	ld	a2, (a2)\n" \
				 "	li	a6, -1\n" \
				 "	li	a7, " SUITE_TEXT( \
					 SYS_ipc_call_lend) "\n" \
							    "	ecall\n" \
							    "	mv	a0, a2\n" CHILD_EXIT

CHILD_PROGRAM(offering_client, CALL_AND_EXIT);

#define SIZE_OF(program) ((size_t)(program##_end - program))

/* ---- offering.c */

extern struct lender lender;

/* A caller that offers these handles; returns its token. */
uint32_t start_offering(struct checks *c, const int32_t value[MESSAGE_WORDS], uint32_t offered);

/* Answers it. */
void end_offering(struct checks *c, uint32_t token);

/* Whether a handle names an object of this type, with these rights; whether it names nothing. */
bool names(int32_t value, uint32_t type, uint32_t rights);
bool is_gone(int32_t value);

void drop(int32_t value);

/* A handle on a page of memory. */
int32_t memory_with(uint32_t rights);

/* Whether the end of a badge is told, and not something else. */
bool badge_is_told(endpoint_handle of, uint64_t badge, uint64_t within);

/* ---- clients.c */

/* A client with the endpoint, and what it offers: a handle of its own table. */
void start_client(struct checks *c, struct child *client, const char *code, size_t size, any_handle offered);

/* Answers it; it exits with the word. */
void end_client(struct checks *c, struct child *client, uint32_t token, uint64_t word);

/* ---- the tests, by what they are about */

void test_other_process(void);
void test_self(void);
void test_take(void);
void test_copy(void);
void test_plain_call(void);
void test_give(void);
void test_full_server(void);
void test_full_client(void);
void test_give_badge(void);
void test_badge(void);
void test_badge_of_client(void);
void test_receivers(void);
void test_server_ends(void);
void test_server_quits(bool has_another);
void test_receiver_quits(void);
void test_close_meanwhile(void);
