/*
 * What the parts of sed share. The script becomes a list of commands (parse.c), each line is read (input.c), and the
 * commands are done to it (execute.c, substitute.c); what they print goes to outputs (output.c).
 */
#pragma once

#include <regex.h>

#include "../tool.h"

enum { STATUS_TROUBLE = 1, STATUS_INPUT = 2 }; /* nothing was done; a file could not be read */

/* A string that grows; it may hold any byte, and a zero behind them. */
struct text {
	char *bytes;
	size_t length, room;
};

/* Where lines go: one that has no newline at its end stays so, unless something follows. */
struct output {
	FILE *stream;
	char *name;
	bool unended;
	struct output *next;
};

enum address_kind { ADDRESS_NONE, ADDRESS_LINE, ADDRESS_LAST, ADDRESS_MATCH };

struct address {
	enum address_kind kind;
	unsigned long line;
	regex_t *pattern; /* null: the one that was tried last */
};

/* What s puts in place of a match: a text, then a part of what matched. */
struct piece {
	struct text text;
	int group; /* 0: all; -1: nothing, at the end */
};

enum { GROUPS = 10 };

struct substitution {
	regex_t *pattern; /* null: the one that was tried last */
	struct piece *pieces;
	unsigned long first; /* which match is the first that is replaced */
	bool all, print; /* those behind it as well; g, p */
	struct output *output; /* w */
};

enum range { RANGE_NONE, RANGE_OPEN, RANGE_CLOSED };

struct command {
	struct address from, to;
	enum range range; /* whether lines between the two are read; closed: this is the last one */
	bool inverted;
	char letter;
	struct text text; /* a, c, i; the name of the file of r; the label of b, t and : */
	int status; /* of q */
	size_t target; /* of b, t and {: the command that is next */
	struct substitution *substitution;
	unsigned char *map; /* y */
	struct output *output; /* w */
};

/* The script, and how it runs. */
struct script {
	struct command *commands;
	size_t count, room;
	bool extended, quiet; /* -E, -n */
};

/* Memory, or the end. */
void text_add(struct text *text, const char *bytes, size_t length);
void text_add_byte(struct text *text, int byte);
void text_clear(struct text *text);

/* Says why sed can't go on, and ends it. */
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format, ...);

/* parse.c: adds what the text says to the script, then sees whether it is whole. Ends the program if it is no script. */
void script_parse(struct script *script, const char *text);

/* substitute.c: whether the pattern, null for the one that was tried last, matches at `from` or behind it. */
bool pattern_find(const regex_t *pattern, const struct text *line, size_t from, regmatch_t groups[GROUPS]);
/* Replaces what matches; false if nothing did. */
bool substitute(const struct substitution *how, struct text *line);

/* input.c: removes what is half made when the program ends; first of all. */
void input_begin(void);

/* The lines of all files, one after the other. */
struct input {
	char **names; /* that are yet to be opened, ended by null */
	bool in_place; /* -i: each file has its own last line, and is replaced by what is printed */
	const char *suffix; /* what the old one is kept with, or null */
	FILE *stream; /* null: between two files */
	const char *name;
	struct output *output; /* what is printed goes there */
	unsigned long line;
	bool unended; /* the line has no newline behind it */
	bool trouble; /* a file could not be read or written */
};

/* Puts the next line, without its newline, behind what is in `line`; false at the end. */
bool input_line(struct input *input, struct text *line);
bool input_is_last(struct input *input);
/* No other line is wanted. */
void input_finish(struct input *input);

/* output.c */
extern struct output standard_output;
/* The file that w names, which is emptied when it is first named. */
struct output *output_open(const char *name);
void output_write(struct output *output, const char *bytes, size_t length);
/* A line, and the newline behind it, unless it had none. */
void output_line(struct output *output, const struct text *line, bool unended);
/* Copies a file, if it is there. */
void output_file(struct output *output, const char *name);
/* All that was printed has to arrive: the status. */
int outputs_end(int status);

/* execute.c: does the script to all lines; the status that q says, or 0. */
int script_execute(struct script *script, struct input *input);
