/*
 * What the file system knows of the runtime of servers, for the test of it: windows of memory that may fail, and
 * answers that are printed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFERRED INT64_MIN

struct server {
	int nothing;
};

struct client {
	uint64_t badge;
};

struct lent_in {
	uint32_t token;
	uint32_t size;
	const char *bytes;
};

struct lent_out {
	uint32_t token;
	uint32_t size;
	char *bytes;
};

int lent_read(const struct lent_in *from, size_t offset, void *to, size_t size);
int lent_write(struct lent_out *to, size_t offset, const void *from, size_t size);
int lent_pass(struct lent_out *to, const struct lent_in *from);
bool lent_waits(const struct lent_in *from);
const void *lent_bytes(const struct lent_in *from);
bool request_waits(struct server *server, uint32_t token);
