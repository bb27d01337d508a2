/* What the parts of diff share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
	const char *text; /* without the newline */
	size_t length;
	uint64_t hash; /* equal lines have equal ones */
};

/* A file as lines. */
struct side {
	const char *name;
	char *text;
	struct line *lines;
	bool *changed; /* for each line: the other side has not got it there */
	size_t count;
	bool ends; /* the last line has a newline */
};

/* ---- read.c */

enum reading { READ_EXACT, READ_BLANKS = 1, READ_CASE = 2 };

/* Reads a file whole, - being standard input; false after a complaint. `ignored`: what makes no difference between lines. */
bool side_read(struct side *side, const char *name, enum reading ignored);

bool side_is_same(const struct side *a, size_t i, const struct side *b, size_t j);

/* ---- compare.c */

/* Finds the fewest lines that are to be taken out of `a` and put into `b`, and marks them. */
void sides_compare(struct side *a, struct side *b);

/* ---- print.c */

/* As POSIX's diff prints without options, and with -U. */
void print_changes(const struct side *a, const struct side *b);
void print_unified(const struct side *a, const struct side *b, size_t context);
