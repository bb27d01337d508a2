/*
 * What the parts of the shell share. Lines come from the console (edit.c), are cut into commands and expanded
 * into words (parse.c, words.c, pattern.c) with variables (variable.c), and run (run.c, builtin.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	STATUS_USAGE = 2,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_INTERRUPTED = 130,
};

enum { TEXT_MAX = 65536 }; /* bytes of one input, and of one word after expansion */

struct shell {
	int status; /* $? */
	int argc; /* $#, with argv[0] as $0 */
	char **argv;
	bool interactive;
	bool leaving; /* exit was called */
};

/* Complains on stderr, after what stdout holds: "sh: ...". */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* words.c: a string that grows; `failed` stays set once memory or TEXT_MAX is used up. */
struct text {
	char *bytes; /* terminated once anything was added */
	size_t length, room;
	bool failed;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_clear(struct text *text);
void text_free(struct text *text);

/* words.c: a list of strings; once something was added, a null pointer ends it. */
struct words {
	char **words;
	size_t count, room;
};

bool words_add(struct words *list, const char *word, size_t length);
void words_free(struct words *list);

/* parse.c */
enum connector { CONNECTOR_SEQUENCE, CONNECTOR_AND, CONNECTOR_OR };

enum parse_result {
	PARSE_OK,
	PARSE_END, /* no command is left */
	PARSE_INCOMPLETE, /* a quote is open, or && or || waits for its command */
	PARSE_ERROR, /* told on stderr */
};

/* A simple command as it stands in the input, and what connects the next one to it. */
struct command {
	const char *start, *end;
	enum connector connector;
};

/* Takes the next command off `*input`. */
enum parse_result command_next(const char **input, struct command *command);

/* Checks a whole input (PARSE_OK, _INCOMPLETE, _ERROR), so that no part of a broken one runs. */
enum parse_result input_check(const char *input);

/* Whether more has to be typed before an input can be run. Says nothing. */
bool input_is_incomplete(const char *input);

/*
 * expand.c: makes the words of a command: quotes, variables, splitting, patterns. The first `*assignments`
 * words are NAME=value. False, told on stderr, if it can't.
 */
bool command_expand(
	const struct shell *shell, const struct command *command, struct words *words, size_t *assignments);

/* pattern.c: adds the files that a pattern matches, sorted. False if there are none. */
bool pattern_expand(const char *pattern, struct words *words);

/* variable.c: variables of the shell; those that are exported go to programs. */
void variables_import(char **environment);
const char *variable_get(const char *name, size_t length);
bool variable_set(const char *name, size_t length, const char *value);
bool variable_export(const char *name, size_t length);
void variable_unset(const char *name);
size_t variable_name_length(const char *text); /* 0 if no name stands there */
/* What programs get, and `count` words NAME=value. Null when out of memory. Free the list itself only. */
char **variables_environment(char *const *extra, size_t count);

/* run.c: runs an input; its status is in the shell afterwards. */
void input_run(struct shell *shell, const char *input);
/* Where a program lies: `path` is filled in from PATH if the name has no slash. */
bool program_find(const char *name, char *path, size_t size);

/* builtin.c: what the shell does itself. Null if it is no builtin. */
typedef int builtin_function(struct shell *shell, char **words);
builtin_function *builtin_find(const char *name);

/* edit.c: reads a line with editing and history. */
enum edit_result { EDIT_LINE, EDIT_INTERRUPTED, EDIT_END };
enum edit_result line_edit(const char *prompt, struct text *line);
