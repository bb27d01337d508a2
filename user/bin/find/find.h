/*
 * What the parts of find share. The words of the expression become a tree (parse.c) of tests (test.c) and of what
 * is done (action.c); the walk (main.c) has it tried on each file.
 */
#pragma once

#include <sys/stat.h>
#include <time.h>

#include "../arguments.h"

enum links {
	LINKS_NEVER,
	LINKS_NAMED,
	LINKS_ALWAYS
}; /* which are followed: none, those that are operands, all */

struct expression;

struct find {
	enum links links;
	bool depth_first; /* what is in a directory comes before it */
	bool one_system;
	long long least, most; /* how deep files lie that are looked at */
	bool acts; /* something in the expression does more than to test */
	bool deletes, prunes;
	bool trouble; /* something was complained about */
	time_t now;
	struct expression *batches; /* -exec ... {} + */
};

/* The file that is looked at. */
struct found {
	struct find *find;
	const char *path;
	struct stat status;
	long long depth; /* below the operand */
	bool pruned; /* nobody is to go into this directory */
};

typedef bool holds_function(struct expression *expression, struct found *found);

/* A test, or an operator with those that it joins. */
struct expression {
	holds_function *holds;
	struct expression *first, *next; /* the first that is joined; the next that is joined with this one */
	const char *word; /* what stands behind its name */
	long long number;
	char sign; /* + and - before the number: more and less; / and - before a mode: any and all */
	long long unit;
	struct timespec time;
	struct arguments command; /* of -exec */
	bool asks; /* -ok */
	size_t fixed; /* words of the command before the files */
	struct expression *batch; /* the next of these */
};

/* Says what is wrong with the word, and ends the program. */
_Noreturn void refuse(const char *word, const char *why);

/* parse.c: null if no word is there. */
struct expression *expression_parse(struct find *find, char **words);
void expression_free(struct expression *expression);

/* test.c, action.c: what is known by a name. */
struct primary {
	const char *name;
	holds_function *holds;
	/* Understands the words behind the name, and returns those behind them. Null: nothing is to be done. */
	char **(*take)(struct find *find, struct expression *expression, char **words);
	bool has_words; /* one at least has to stand behind the name */
};

extern const struct primary tests[], actions[]; /* one without a name ends them */

/* action.c: runs what was collected for -exec ... {} +. */
void batches_run(struct find *find);
