/*
 * Commands as a tree. Words stand in it as they were written, with their quotes; they are expanded when the
 * command runs. All of a tree lies in its program's memory and goes with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct word {
	struct word *next;
	const char *text;
};

enum redirect_kind {
	REDIRECT_READ, /* < */
	REDIRECT_WRITE, /* > */
	REDIRECT_CLOBBER, /* >| */
	REDIRECT_APPEND, /* >> */
	REDIRECT_BOTH, /* <> */
	REDIRECT_COPY, /* <& and >& */
	REDIRECT_DOCUMENT, /* << */
	REDIRECT_LITERAL, /* << with a quoted end: nothing in it is expanded */
};

struct redirect {
	struct redirect *next;
	enum redirect_kind kind;
	int fd;
	const char *target; /* a word, or the document */
};

enum node_kind {
	NODE_SIMPLE, /* assignments, words, redirects */
	NODE_PIPE, /* left | right: right may be a pipe, too */
	NODE_AND, /* left && right */
	NODE_OR, /* left || right */
	NODE_NOT, /* ! left */
	NODE_SEQUENCE, /* left; right */
	NODE_BACKGROUND, /* left & */
	NODE_SUBSHELL, /* ( left ) */
	NODE_GROUP, /* { left; } */
	NODE_IF, /* if left; then right; else other; fi */
	NODE_WHILE, /* while left; do right; done */
	NODE_UNTIL, /* until left; do right; done */
	NODE_FOR, /* for name in words; do right; done; without `in`: other is the node itself */
	NODE_CASE, /* case words in items */
	NODE_FUNCTION, /* name() left */
};

struct case_item {
	struct case_item *next;
	struct word *patterns;
	struct node *body; /* null: nothing */
};

struct node {
	enum node_kind kind;
	struct node *left, *right, *other;
	struct word *assignments, *words;
	struct redirect *redirects;
	struct case_item *items;
	const char *name;
	bool arguments; /* NODE_FOR without `in`: goes through "$@" */
	struct program *program; /* NODE_FUNCTION: where the tree lies */
	const char *source; /* how it was written, for `jobs` */
	size_t source_length;
};

/* A tree and the memory that it lies in. */
struct program {
	struct node *root; /* null: nothing to do */
	struct piece *pieces;
	unsigned users;
};

struct program *program_create(void); /* null when out of memory; one user */
void program_take(struct program *program);
void program_drop(struct program *program);
/* Zeroed memory that lives as long as the program; null when out of memory. */
void *program_memory(struct program *program, size_t size);
/* A copy of a string. */
char *program_string(struct program *program, const char *bytes, size_t length);
