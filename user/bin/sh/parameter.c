/*
 * $NAME, $1, $? and the like, and what ${...} does with them.
 */
#include "expand.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

enum { NUMBER_SIZE = 24 };

/* A parameter: its name, its value (null if it is not set), and whether it stands for all arguments. */
struct parameter {
	const char *name;
	size_t length;
	const char *value;
	char number[NUMBER_SIZE];
	char *joined; /* allocated: all arguments as one value */
	bool all;
};

/* How long the name of a parameter is; 0 if none stands there. */
static size_t name_length(const char *p, bool braces)
{
	size_t digits = 0;
	if (*p != '\0' && strchr("?$!#@*-", *p) != NULL)
		return 1;
	while (isdigit((unsigned char)p[digits]))
		digits++;
	if (digits > 0)
		return braces ? digits : 1;
	return variable_name_length(p);
}

static char *arguments_join(const struct shell *shell)
{
	const char *separators = variable_get("IFS", 3);
	struct text text = {0};
	for (int i = 0; i < shell->arguments.count; i++) {
		if (i > 0 && (separators == NULL || *separators != '\0'))
			text_add(&text, separators != NULL ? separators : " ", 1);
		text_add(&text, shell->arguments.list[i], strlen(shell->arguments.list[i]));
	}
	return text.bytes != NULL ? text.bytes : strdup("");
}

static void set_number(struct parameter *parameter, long number)
{
	snprintf(parameter->number, sizeof parameter->number, "%ld", number);
	parameter->value = parameter->number;
}

static void set_options(struct parameter *parameter, const struct shell *shell)
{
	options_letters(shell, parameter->number);
	parameter->value = parameter->number;
}

/* $0, $1, ${10}; null if there are fewer. */
static const char *argument(const struct shell *shell, const char *digits, size_t length)
{
	long number = 0;
	for (size_t i = 0; i < length && number < 1000000; i++)
		number = number * 10 + digits[i] - '0';
	if (number == 0)
		return shell->name;
	return number <= shell->arguments.count ? shell->arguments.list[number - 1] : NULL;
}

static void parameter_find(struct parameter *parameter, const struct shell *shell)
{
	const char *name = parameter->name;
	switch (*name) {
	case '?':
		set_number(parameter, shell->status);
		return;
	case '$':
		set_number(parameter, shell->pid);
		return;
	case '!':
		if (shell->background != 0)
			set_number(parameter, shell->background);
		return;
	case '#':
		set_number(parameter, shell->arguments.count);
		return;
	case '-':
		set_options(parameter, shell);
		return;
	case '@':
	case '*':
		parameter->all = true;
		parameter->joined = arguments_join(shell);
		parameter->value = shell->arguments.count > 0 ? parameter->joined : NULL;
		return;
	}
	if (isdigit((unsigned char)*name)) {
		parameter->value = argument(shell, name, parameter->length);
	} else {
		parameter->value = variable_get(name, parameter->length);
	}
}

/* "$@" and, not quoted, $* too: the arguments, each a word of its own. */
static void arguments_put(struct expansion *e, bool quoted)
{
	for (int i = 0; i < e->shell->arguments.count && !e->failed; i++) {
		if (i > 0)
			expansion_word_end(e);
		if (quoted)
			e->started = true;
		expansion_value(e, e->shell->arguments.list[i], quoted);
	}
}

static void value_put(struct expansion *e, const struct parameter *parameter, bool quoted)
{
	if (parameter->all && e->words != NULL && (*parameter->name == '@' || !quoted)) {
		arguments_put(e, quoted);
	} else if (parameter->value != NULL) {
		expansion_value(e, parameter->value, quoted);
	} else if (e->shell->stop_on_unset && !parameter->all) {
		complain("%.*s: not set", (int)parameter->length, parameter->name);
		expansion_fail(e);
	}
}

/* Cuts a value where POSIX's # ## % %% do, in place. */
static void value_strip(char *value, const char *pattern, char end, bool longest)
{
	size_t length = strlen(value);
	for (size_t i = 0; i <= length; i++) {
		/* From the shortest part to the longest, or the other way. */
		size_t part = longest ? length - i : i;
		size_t cut = end == '#' ? part : length - part;
		char kept = value[cut];
		if (end == '#')
			value[cut] = '\0';
		bool matches = fnmatch(pattern, end == '#' ? value : value + cut, 0) == 0;
		value[cut] = kept;
		if (!matches)
			continue;
		if (end == '#')
			memmove(value, value + cut, length - cut + 1);
		else
			value[cut] = '\0';
		return;
	}
}

static void strip(struct expansion *e, const struct parameter *parameter, const char *word, bool quoted)
{
	struct text pattern = {0};
	bool longest = word[1] == word[0];
	char *value = strdup(parameter->value != NULL ? parameter->value : "");
	if (value == NULL || !expand_pattern(e->shell, word + 1 + longest, &pattern)) {
		expansion_fail(e);
	} else {
		value_strip(value, text_string(&pattern), *word, longest);
		expansion_value(e, value, quoted);
	}
	free(value);
	text_free(&pattern);
}

static void assign(struct expansion *e, const struct parameter *parameter, const char *word, bool quoted)
{
	struct text value = {0};
	if (variable_name_length(parameter->name) < parameter->length || parameter->all) {
		complain("${%.*s=...}: only a variable can be assigned to", (int)parameter->length,
			parameter->name);
		expansion_fail(e);
	} else if (!expand_one(e->shell, word, &value) ||
		   !variable_set(parameter->name, parameter->length, text_string(&value))) {
		expansion_fail(e);
	} else {
		expansion_value(e, text_string(&value), quoted);
	}
	text_free(&value);
}

static void refuse(struct expansion *e, const struct parameter *parameter, const char *word)
{
	struct text why = {0};
	if (expand_one(e->shell, word, &why))
		complain("%.*s: %s", (int)parameter->length, parameter->name,
			why.length > 0 ? why.bytes : "not set");
	text_free(&why);
	expansion_fail(e);
}

/* The word that stands for a value: what is not quoted in it is split as the value would be. */
static void word_put(struct expansion *e, const char *word, enum quoting quoting)
{
	bool before = e->in_value;
	e->in_value = true;
	expansion_raw(e, word, strlen(word), quoting);
	e->in_value = before;
}

/* ${NAME operation word}. False if there is no such operation. */
static bool operate(
	struct expansion *e, const struct parameter *parameter, const char *operation, enum quoting quoting)
{
	bool quoted = quoting != QUOTING_NONE, colon = *operation == ':';
	const char *word = operation + colon + 1;
	bool missing = parameter->value == NULL || (colon && *parameter->value == '\0');
	switch (operation[colon]) {
	case '-':
		if (missing)
			word_put(e, word, quoting);
		else
			value_put(e, parameter, quoted);
		return true;
	case '+':
		if (!missing)
			word_put(e, word, quoting);
		return true;
	case '=':
		if (missing)
			assign(e, parameter, word, quoted);
		else
			value_put(e, parameter, quoted);
		return true;
	case '?':
		if (missing)
			refuse(e, parameter, word);
		else
			value_put(e, parameter, quoted);
		return true;
	case '#':
	case '%':
		if (!colon)
			strip(e, parameter, operation, quoted);
		return !colon;
	default:
		return false;
	}
}

/* What stands between the braces. */
static void braces_expand(struct expansion *e, const char *inner, enum quoting quoting)
{
	struct parameter parameter = {.name = inner};
	bool length = *inner == '#' && inner[1] != '\0' && strchr("-+=?%:", inner[1]) == NULL;
	parameter.name += length;
	parameter.length = name_length(parameter.name, true);
	const char *rest = parameter.name + parameter.length;
	if (parameter.length > 0)
		parameter_find(&parameter, e->shell);
	bool good = parameter.length > 0;
	if (good && length) {
		char digits[NUMBER_SIZE];
		snprintf(digits, sizeof digits, "%zu", parameter.value != NULL ? strlen(parameter.value) : 0);
		good = *rest == '\0';
		if (good)
			expansion_value(e, digits, quoting != QUOTING_NONE);
	} else if (good && *rest == '\0') {
		value_put(e, &parameter, quoting != QUOTING_NONE);
	} else if (good) {
		good = operate(e, &parameter, rest, quoting);
	}
	if (!good) {
		complain(
			"${%s}: not understood; ${NAME}, ${#NAME} and ${NAME:-WORD} with - = ? + # %% are known",
			inner);
		expansion_fail(e);
	}
	free(parameter.joined);
}

const char *parameter_expand(struct expansion *e, const char *p, enum quoting quoting)
{
	if (p[1] == '{') {
		const char *end = lex_skip(p, quoting != QUOTING_NONE);
		char *inner = end != NULL ? strndup(p + 2, (size_t)(end - p) - 3) : NULL;
		if (inner == NULL) {
			complain("syntax error: '${' is not closed");
			expansion_fail(e);
			return p + strlen(p);
		}
		braces_expand(e, inner, quoting);
		free(inner);
		return end;
	}
	struct parameter parameter = {.name = p + 1, .length = name_length(p + 1, false)};
	if (parameter.length == 0) {
		expansion_value(e, "$", true);
		return p + 1;
	}
	parameter_find(&parameter, e->shell);
	value_put(e, &parameter, quoting != QUOTING_NONE);
	free(parameter.joined);
	return p + 1 + parameter.length;
}
