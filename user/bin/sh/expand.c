/*
 * Makes words of a command as POSIX orders it: variables, splitting of what was not quoted, file name
 * patterns, removal of quotes.
 */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The word that is being made, once plain and once as a pattern with quoted characters escaped. */
struct expansion {
	const struct shell *shell;
	struct words *words;
	struct text plain, pattern;
	bool started; /* there is a word, even if it is empty */
	bool is_pattern; /* with a * ? or [ that is not quoted */
	bool assignment; /* NAME=value: neither split nor matched */
	bool failed;
};

static void word_put(struct expansion *e, char c, bool quoted)
{
	bool special = strchr("*?[]\\", c) != NULL && c != '\0';
	e->started = true;
	text_add(&e->plain, &c, 1);
	if (special && quoted)
		text_add(&e->pattern, "\\", 1);
	else if (special && c != ']' && c != '\\')
		e->is_pattern = true;
	text_add(&e->pattern, &c, 1);
}

static void word_end(struct expansion *e)
{
	if (e->plain.failed || e->pattern.failed) {
		complain("a word is longer than %d bytes", TEXT_MAX);
		e->failed = true;
	} else if (e->started &&
		   !(e->is_pattern && !e->assignment && pattern_expand(e->pattern.bytes, e->words))) {
		if (!words_add(e->words, e->plain.length > 0 ? e->plain.bytes : "", e->plain.length)) {
			complain("out of memory");
			e->failed = true;
		}
	}
	text_clear(&e->plain);
	text_clear(&e->pattern);
	e->started = e->is_pattern = false;
}

/* Puts the value of a variable into the word; an unquoted one is split at its blanks. */
static void value_put(struct expansion *e, const char *value, bool quoted)
{
	for (; *value != '\0'; value++) {
		if (!quoted && !e->assignment && isspace((unsigned char)*value))
			word_end(e);
		else
			word_put(e, *value, quoted);
	}
}

static void number_put(struct expansion *e, int number)
{
	char digits[16];
	snprintf(digits, sizeof digits, "%d", number);
	value_put(e, digits, true);
}

/* "$@": the arguments, each a word of its own. */
static void arguments_put(struct expansion *e, bool quoted)
{
	for (int i = 1; i < e->shell->argc; i++) {
		if (quoted)
			e->started = true;
		value_put(e, e->shell->argv[i], quoted);
		if (i + 1 < e->shell->argc)
			word_end(e);
	}
}

/* The parameter whose name stands at `name`; `length` may be that of a one-character special parameter. */
static void parameter_put(struct expansion *e, const char *name, size_t length, bool quoted)
{
	if (*name == '?') {
		number_put(e, e->shell->status);
	} else if (*name == '$') {
		number_put(e, (int)getpid());
	} else if (*name == '#') {
		number_put(e, e->shell->argc > 0 ? e->shell->argc - 1 : 0);
	} else if (*name == '@' || *name == '*') {
		arguments_put(e, quoted);
	} else if (isdigit((unsigned char)*name)) {
		int i = *name - '0';
		if (i < e->shell->argc)
			value_put(e, e->shell->argv[i], quoted);
	} else {
		const char *value = variable_get(name, length);
		if (value != NULL)
			value_put(e, value, quoted);
	}
}

/* How long the name of a parameter is; 0 if none stands there. */
static size_t parameter_length(const char *p)
{
	if (*p != '\0' && (strchr("?$#@*", *p) != NULL || isdigit((unsigned char)*p)))
		return 1;
	return variable_name_length(p);
}

/* Expands what follows the $ at `p`; returns the place after it. */
static const char *dollar_expand(struct expansion *e, const char *p, bool quoted)
{
	p++;
	bool braces = *p == '{';
	const char *name = p + braces;
	size_t length = parameter_length(name);
	if (!braces && length == 0) {
		word_put(e, '$', quoted);
		return p;
	}
	if (braces && (length == 0 || name[length] != '}')) {
		complain("'${': only a name and '}' can follow");
		e->failed = true;
		return p;
	}
	parameter_put(e, name, length, quoted);
	return name + length + braces;
}

static const char *single_quoted(struct expansion *e, const char *p)
{
	for (p++; *p != '\''; p++)
		word_put(e, *p, true);
	return p + 1;
}

static const char *double_quoted(struct expansion *e, const char *p)
{
	p++;
	while (*p != '"' && !e->failed) {
		if (*p == '$') {
			p = dollar_expand(e, p, true);
		} else if (*p == '\\' && p[1] == '\n') {
			p += 2;
		} else {
			if (*p == '\\' && strchr("$`\"\\", p[1]) != NULL)
				p++;
			word_put(e, *p++, true);
		}
	}
	return p + 1;
}

static const char *expand_one(struct expansion *e, const char *p)
{
	switch (*p) {
	case '\'':
		e->started = true;
		return single_quoted(e, p);
	case '"':
		/* "$@" without arguments is no word; "" is one. */
		if (strncmp(p, "\"$@\"", 4) != 0)
			e->started = true;
		return double_quoted(e, p);
	case '$':
		return dollar_expand(e, p, false);
	case '\\':
		if (p[1] != '\n')
			word_put(e, p[1], true);
		return p + 2;
	default:
		word_put(e, *p, false);
		return p + 1;
	}
}

static bool is_assignment(const char *p)
{
	size_t length = variable_name_length(p);
	return length > 0 && p[length] == '=';
}

bool command_expand(
	const struct shell *shell, const struct command *command, struct words *words, size_t *assignments)
{
	struct expansion e = {.shell = shell, .words = words};
	bool leading = true; /* only assignments so far */
	*assignments = 0;
	for (const char *p = command->start; p < command->end && !e.failed;) {
		p += strspn(p, " \t\r");
		if (p >= command->end)
			break;
		leading = leading && is_assignment(p);
		e.assignment = leading;
		while (p < command->end && strchr(" \t\r", *p) == NULL && !e.failed)
			p = expand_one(&e, p);
		word_end(&e);
		if (leading)
			*assignments = words->count;
	}
	text_free(&e.plain);
	text_free(&e.pattern);
	return !e.failed;
}
