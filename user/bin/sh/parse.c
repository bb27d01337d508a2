/*
 * Cuts an input into simple commands at ; && || and newlines, outside of quotes and comments. What other
 * shells have and this one lacks is refused, not taken for a word.
 */
#include "sh.h"

#include <string.h>

/* Past the quote that opens at `p`; null if it is not closed. */
static const char *skip_quote(const char *p)
{
	if (*p == '\'') {
		p = strchr(p + 1, '\'');
		return p != NULL ? p + 1 : NULL;
	}
	for (p++; *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '\0')
			return NULL;
	}
	return p + 1;
}

/* Past blanks, newlines and comments before a command. */
static const char *skip_blank(const char *p)
{
	for (;;) {
		p += strspn(p, " \t\r\n");
		if (p[0] == '\\' && p[1] == '\n')
			p += 2;
		else if (*p == '#')
			p += strcspn(p, "\n");
		else
			return p;
	}
}

/* Only a look at the input: what is wrong with it is told when it is run. */
static bool quiet;

static enum parse_result refuse(const char *p)
{
	if (quiet)
		return PARSE_ERROR;
	if (*p == '|')
		complain("'|': there are no pipes yet");
	else if (*p == '&')
		complain("'&': programs don't run in the background yet; use ';' or '&&'");
	else if (*p == '<' || *p == '>')
		complain("'%c': programs can't be redirected yet; quote it to print it", *p);
	else if (*p == '`' || *p == '$')
		complain("the output of a command can't be used as words yet");
	else
		complain("'%c': there are no groups of commands yet; quote it to print it", *p);
	return PARSE_ERROR;
}

/*
 * Finds the end of the command that starts at `p`: the first of ; & | newline # or the end that is neither
 * quoted nor, for #, within a word.
 */
static enum parse_result command_scan(const char *p, const char **end)
{
	bool in_word = false;
	for (;;) {
		if (*p == '\0' || strchr(";&|\n", *p) != NULL || (*p == '#' && !in_word)) {
			*end = p;
			return PARSE_OK;
		}
		if (strchr("<>()`", *p) != NULL || strncmp(p, "$(", 2) == 0)
			return refuse(p);
		in_word = strchr(" \t\r", *p) == NULL;
		if (*p == '\\' && p[1] == '\0')
			return PARSE_INCOMPLETE;
		if (*p == '\\')
			p += 2;
		else if (*p == '\'' || *p == '"')
			p = skip_quote(p);
		else
			p++;
		if (p == NULL)
			return PARSE_INCOMPLETE;
	}
}

enum parse_result command_next(const char **input, struct command *command)
{
	const char *p = skip_blank(*input);
	if (*p == '\0')
		return PARSE_END;
	command->start = p;
	enum parse_result result = command_scan(p, &command->end);
	if (result != PARSE_OK)
		return result;
	p = command->end;
	if (p == command->start && *p != '#') {
		if (!quiet)
			complain("syntax error: a command is missing before '%.*s'", p[0] == p[1] ? 2 : 1, p);
		return PARSE_ERROR;
	}
	command->connector = CONNECTOR_SEQUENCE;
	if (p[0] == '&' && p[1] == '&')
		command->connector = CONNECTOR_AND;
	else if (p[0] == '|' && p[1] == '|')
		command->connector = CONNECTOR_OR;
	else if (*p == '&' || *p == '|')
		return refuse(p);
	if (command->connector != CONNECTOR_SEQUENCE)
		p += 2;
	else if (*p == ';' || *p == '\n')
		p++;
	*input = p;
	return PARSE_OK;
}

enum parse_result input_check(const char *input)
{
	struct command command = {.connector = CONNECTOR_SEQUENCE};
	enum parse_result result;
	do
		result = command_next(&input, &command);
	while (result == PARSE_OK);
	if (result != PARSE_END)
		return result;
	return command.connector == CONNECTOR_SEQUENCE ? PARSE_OK : PARSE_INCOMPLETE;
}

bool input_is_incomplete(const char *input)
{
	quiet = true;
	enum parse_result result = input_check(input);
	quiet = false;
	return result == PARSE_INCOMPLETE;
}
