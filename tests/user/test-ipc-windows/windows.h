/* What the parts of test-ipc-windows share: a caller that lends a window, and clients in processes of their own that do. */
#pragma once

#include "ipc.h"

enum { WINDOW = 4 * PAGE_SIZE };

/* ---- lending.c */

extern struct lender lender;
extern struct pages lent, own; /* the caller's window, and what the server copies to and from */

/* The byte at this offset of what has been filled. */
uint8_t pattern(size_t i);

void fill(uint8_t *at, size_t size);
bool is_all(const uint8_t *at, size_t size, uint8_t value);

/* A waiting caller that lends all of `lent` both ways; returns its token. */
uint32_t start_lender(struct checks *c);

/* Answers it, and sees that it has gone. */
void end_lender(struct checks *c, uint32_t token);

/* ---- clients.c */

/* A client that lends CHILD_DATA, both ways. */
void start_client(struct child *child, struct checks *c);

/* ---- the tests, by what they are about */

void test_other_process(void);
void test_sizes(void);
void test_pages(void);
void test_ends(void);
void test_calls(void);
void test_short(void);
void test_tokens(void);
void test_faults(void);
void test_device(void);
void test_window_after_the_call(size_t size);
void test_unmap_meanwhile(void);
void test_end_meanwhile(void);
