/*
 * A word while it is expanded: for the two files that do it.
 */
#pragma once

#include "sh.h"

struct expansion {
	struct shell *shell;
	struct words *words; /* null: one string, which is neither split nor matched with files */
	struct text plain; /* the word so far */
	struct text pattern; /* the same with what was quoted escaped */
	bool started; /* there is a word, even if it is empty */
	bool is_pattern; /* with a * ? or [ that is not quoted */
	bool in_value; /* what is not quoted stands for a value, and is split as that is */
	bool after_blank; /* the word before ended with a blank, which joins a separator behind it */
	bool failed; /* told on stderr */
};

/* How what is expanded is quoted. */
enum quoting {
	QUOTING_NONE,
	QUOTING_DOUBLE, /* between double quotes */
	QUOTING_DOCUMENT, /* in a here-document, where double quotes are nothing special */
};

/* expand.c */
void expansion_raw(struct expansion *e, const char *raw, size_t length, enum quoting quoting);
void expansion_value(struct expansion *e, const char *value, bool quoted);
void expansion_word_end(struct expansion *e);
void expansion_fail(struct expansion *e);

/* parameter.c: expands the $NAME or ${...} at `p`; returns the place behind it. */
const char *parameter_expand(struct expansion *e, const char *p, enum quoting quoting);
