/*
 * Makes words of a command as POSIX orders it: variables, commands and arithmetic, splitting of what was not
 * quoted, file name patterns, removal of quotes; all in one pass over the word as it was written.
 */
#include "expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

void expansion_fail(struct expansion *e)
{
	e->failed = true;
	if (e->shell->status == 0)
		e->shell->status = 1;
}

static void put(struct expansion *e, char c, bool quoted)
{
	bool special = c != '\0' && strchr("*?[]\\!-", c) != NULL;
	e->started = true;
	e->after_blank = false;
	text_add(&e->plain, &c, 1);
	if (special && quoted)
		text_add(&e->pattern, "\\", 1);
	else if (special && strchr("*?[", c) != NULL)
		e->is_pattern = true;
	text_add(&e->pattern, &c, 1);
}

void expansion_word_end(struct expansion *e)
{
	const char *word = text_string(&e->plain);
	bool match = e->is_pattern && !e->shell->no_patterns;
	if (e->plain.failed || e->pattern.failed) {
		complain("a word is longer than %d bytes", TEXT_MAX);
		expansion_fail(e);
	} else if (e->started && !(match && pattern_expand(e->pattern.bytes, e->words)) &&
		   !words_add(e->words, word, e->plain.length)) {
		complain("out of memory");
		expansion_fail(e);
	}
	text_clear(&e->plain);
	text_clear(&e->pattern);
	e->started = e->is_pattern = false;
}

/* A character of a value that separates words: blanks around a separator belong to it. */
static void separate(struct expansion *e, char c)
{
	bool blank = strchr(" \t\n", c) != NULL;
	bool ends = e->started;
	if (ends)
		expansion_word_end(e);
	if (blank) {
		e->after_blank = e->after_blank || ends;
		return;
	}
	if (!ends && !e->after_blank) { /* two separators side by side: an empty word */
		e->started = true;
		expansion_word_end(e);
	}
	e->after_blank = false;
}

void expansion_value(struct expansion *e, const char *value, bool quoted)
{
	const char *separators = variable_get("IFS", 3);
	if (separators == NULL)
		separators = " \t\n";
	for (; *value != '\0' && !e->failed; value++) {
		if (!quoted && e->words != NULL && strchr(separators, *value) != NULL)
			separate(e, *value);
		else
			put(e, *value, quoted);
	}
}

/* `$(commands)` and the same between backquotes. */
static void substitute(struct expansion *e, const char *text, size_t length, enum quoting quoting)
{
	struct text output = {0};
	char *commands = strndup(text, length);
	if (commands == NULL || !execute_substitution(e->shell, commands, &output))
		expansion_fail(e);
	else
		expansion_value(e, text_string(&output), quoting != QUOTING_NONE);
	free(commands);
	text_free(&output);
}

static const char *unclosed(struct expansion *e, const char *p)
{
	complain("syntax error: '%.2s' is not closed", p);
	expansion_fail(e);
	return p + strlen(p);
}

/* Between backquotes, a backslash only goes before what would be special without it. */
static const char *backquotes(struct expansion *e, const char *p, enum quoting quoting)
{
	const char *end = lex_skip(p, false);
	if (end == NULL)
		return unclosed(e, p);
	struct text commands = {0};
	const char *escaped = quoting == QUOTING_DOUBLE ? "$`\\\"" : "$`\\";
	for (p++; p < end - 1; p++) {
		if (*p == '\\' && strchr(escaped, p[1]) != NULL)
			p++;
		text_add(&commands, p, 1);
	}
	substitute(e, text_string(&commands), commands.length, quoting);
	text_free(&commands);
	return end;
}

/* Variables in an expression are replaced first, then it is computed. */
static void compute(struct expansion *e, const char *text, size_t length, enum quoting quoting)
{
	struct expansion inner = {.shell = e->shell};
	long value;
	char digits[24];
	expansion_raw(&inner, text, length, QUOTING_DOUBLE);
	if (inner.failed || !arithmetic(e->shell, text_string(&inner.plain), &value)) {
		expansion_fail(e);
	} else {
		snprintf(digits, sizeof digits, "%ld", value);
		expansion_value(e, digits, quoting != QUOTING_NONE);
	}
	text_free(&inner.plain);
	text_free(&inner.pattern);
}

static const char *dollar(struct expansion *e, const char *p, enum quoting quoting)
{
	if (p[1] != '(')
		return parameter_expand(e, p, quoting);
	const char *end = lex_arithmetic_end(p);
	if (end != NULL) {
		compute(e, p + 3, (size_t)(end - p) - 5, quoting);
		return end;
	}
	end = lex_skip(p, false);
	if (end == NULL)
		return unclosed(e, p);
	substitute(e, p + 2, (size_t)(end - p) - 3, quoting);
	return end;
}

static const char *backslash(struct expansion *e, const char *p, enum quoting quoting)
{
	static const char *const escaped[] = {
		[QUOTING_NONE] = "", [QUOTING_DOUBLE] = "$`\"\\\n}", [QUOTING_DOCUMENT] = "$`\\\n"};
	if (p[1] == '\0' || (quoting != QUOTING_NONE && strchr(escaped[quoting], p[1]) == NULL)) {
		put(e, '\\', true);
		return p + 1;
	}
	if (p[1] != '\n')
		put(e, p[1], true);
	return p + 2;
}

static const char *apostrophes(struct expansion *e, const char *p, const char *end)
{
	e->started = true;
	for (p++; p < end && *p != '\''; p++)
		put(e, *p, true);
	return p < end ? p + 1 : end;
}

static const char *double_quotes(struct expansion *e, const char *p)
{
	const char *end = lex_skip(p, false);
	if (end == NULL)
		return unclosed(e, p);
	/* "$@" without arguments is no word; "" is one. */
	if (strncmp(p, "\"$@\"", 4) != 0 && strncmp(p, "\"${@}\"", 6) != 0)
		e->started = true;
	expansion_raw(e, p + 1, (size_t)(end - p) - 2, QUOTING_DOUBLE);
	return end;
}

static const char *step(struct expansion *e, const char *p, const char *end, enum quoting quoting)
{
	switch (*p) {
	case '$':
		return dollar(e, p, quoting);
	case '`':
		return backquotes(e, p, quoting);
	case '\\':
		return backslash(e, p, quoting);
	case '\'':
		if (quoting == QUOTING_NONE)
			return apostrophes(e, p, end);
		break;
	case '"':
		if (quoting == QUOTING_NONE)
			return double_quotes(e, p);
		if (quoting == QUOTING_DOUBLE) /* "${a:-"b"}": quoted one way or the other */
			return p + 1;
		break;
	}
	if (quoting == QUOTING_NONE && e->in_value)
		expansion_value(e, (char[]){*p, '\0'}, false);
	else
		put(e, *p, quoting != QUOTING_NONE);
	return p + 1;
}

void expansion_raw(struct expansion *e, const char *raw, size_t length, enum quoting quoting)
{
	/* A copy that ends where this part does, so that nothing is looked for behind it. */
	char *copy = strndup(raw, length);
	if (copy == NULL) {
		complain("out of memory");
		expansion_fail(e);
		return;
	}
	const char *p = copy, *end = copy + length;
	const char *home = variable_get("HOME", 4);
	if (quoting == QUOTING_NONE && !e->started && *p == '~' && (p[1] == '/' || p[1] == '\0') &&
		home != NULL) {
		for (; *home != '\0'; home++)
			put(e, *home, true);
		p++;
	}
	while (p < end && !e->failed)
		p = step(e, p, end, quoting);
	free(copy);
}

static void expansion_free(struct expansion *e)
{
	text_free(&e->plain);
	text_free(&e->pattern);
}

bool expand_words(struct shell *shell, const struct word *list, struct words *words)
{
	struct expansion e = {.shell = shell, .words = words};
	for (; list != NULL && !e.failed; list = list->next) {
		expansion_raw(&e, list->text, strlen(list->text), QUOTING_NONE);
		if (!e.failed)
			expansion_word_end(&e);
		e.after_blank = false;
	}
	expansion_free(&e);
	return !e.failed;
}

/* Expands into one string and hands out one of its two forms. */
static bool expand_string(
	struct shell *shell, const char *raw, enum quoting quoting, bool as_pattern, struct text *text)
{
	struct expansion e = {.shell = shell};
	expansion_raw(&e, raw, strlen(raw), quoting);
	struct text *wanted = as_pattern ? &e.pattern : &e.plain;
	if (!e.failed && wanted->failed) {
		complain("a word is longer than %d bytes", TEXT_MAX);
		expansion_fail(&e);
	}
	if (!e.failed)
		text_add(text, text_string(wanted), wanted->length);
	expansion_free(&e);
	return !e.failed;
}

bool expand_one(struct shell *shell, const char *word, struct text *text)
{
	return expand_string(shell, word, QUOTING_NONE, false, text);
}

bool expand_pattern(struct shell *shell, const char *word, struct text *text)
{
	return expand_string(shell, word, QUOTING_NONE, true, text);
}

bool expand_document(struct shell *shell, const char *document, struct text *text)
{
	return expand_string(shell, document, QUOTING_DOCUMENT, false, text);
}
