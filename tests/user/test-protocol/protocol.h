/* What the parts of test-protocol share: the server, which the main thread is, and how a client's thread says what it has found. */
#pragma once

#include "suite.h"

#include <tabula/serve/probe.h>

enum { KEPT = 65536, MEETERS = 24 };

/* What a client has a handle on. */
struct thing {
	struct client client;
	uint32_t number;
	uint8_t *bytes;
	size_t size;
};

/* ---- server.c */

extern struct server server;
extern struct thing root;
extern unsigned things, gone; /* how many have been opened, and how many of them are gone */
extern notification_handle kept; /* that the last client has given */
extern uint32_t meeting[MEETERS], meeting_count; /* calls that are set aside */
extern struct pages *to_unmap; /* a caller's memory, that a handler takes away before it copies */

void thing_gone(struct server *of, struct client *client);

/* Forgets those who have given up. */
void sweep_meeting(void);

/* ---- clients.c */

extern struct suite_thread callers[MEETERS + 1];
extern endpoint_handle to; /* the root */
extern unsigned found; /* findings that are not reported yet */

void next_tick(struct server *of);

/* Serves until all of the first `count` threads are over. */
void serve_until_over(unsigned count);

void run_client(void (*client)(void *), void *argument);

/* What a client finds: for its thread, which may not print. */
void expect(long got, long expected, const char *what);

/* All that was found is one test. */
void report(const char *what);

/* ---- values.c: what clients do */

extern uint8_t large[2 * KEPT];

void scalars(void *argument);
void texts(void *argument);
void buffers(void *argument);

/* Up to 24 bytes are in the message, more are lent: nobody can tell, wherever they lie. */
void short_buffers(void *argument);

/* ---- offers.c: what a client does */

void handles(void *argument);

/* ---- nonsense.c: what clients do */

void unmapped(void *argument);
void malformed(void *argument);

/* Whatever comes, in whatever words: each call comes back, and what it opens is closed. */
void flood(void *argument);

void unknown_badge(void *argument);

/* ---- the tests, by what they are about */

void test_badges(void);
void test_gone(void);
void test_deferred(void);
void test_death(void);
void test_listener(void);
