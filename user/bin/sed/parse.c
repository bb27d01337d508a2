/*
 * Makes commands of the text of a script.
 */
#include <ctype.h>
#include <stdarg.h>

#include "sed.h"

enum { BLOCKS_MOST = 256 };

struct parser {
	struct script *script;
	const char *start, *at;
	size_t blocks[BLOCKS_MOST]; /* the { that are open */
	size_t block_count;
};

void fail(const char *format, ...)
{
	va_list arguments;
	fflush(stdout);
	fputs("sed: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(STATUS_TROUBLE);
}

/* With the line of the script in front. */
__attribute__((format(printf, 2, 3))) _Noreturn static void refuse(
	const struct parser *parser, const char *format, ...)
{
	char why[256];
	unsigned long line = 1;
	va_list arguments;
	for (const char *p = parser->start; p < parser->at; p++)
		line += *p == '\n';
	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	fail("line %lu of the script: %s", line, why);
}

/* ---- strings that grow */

void text_add(struct text *text, const char *bytes, size_t length)
{
	if (text->length + length + 1 > text->room) {
		text->room = 2 * (text->length + length) + 64;
		text->bytes = tool_need("sed", realloc(text->bytes, text->room));
	}
	if (length > 0)
		memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_add_byte(struct text *text, int byte)
{
	char c = (char)byte;
	text_add(text, &c, 1);
}

void text_clear(struct text *text)
{
	text->length = 0;
	text_add(text, "", 0);
}

/* ---- what stands between delimiters */

static void skip_blanks(struct parser *parser)
{
	while (*parser->at != '\n' && isspace((unsigned char)*parser->at))
		parser->at++;
}

/* [...] as it stands, but for \n: no delimiter and no backslash means anything else in it. */
static void bracket_read(struct parser *parser, struct text *text)
{
	const char *p = parser->at;
	text_add_byte(text, *p++);
	if (*p == '^')
		text_add_byte(text, *p++);
	if (*p == ']')
		text_add_byte(text, *p++);
	while (*p != ']' && *p != '\0' && *p != '\n') {
		if (p[0] == '[' && p[1] != '\0' && strchr(".:=", p[1]) != NULL) {
			char end[] = {p[1], ']', '\0'};
			const char *stop = strstr(p + 2, end);
			size_t length = stop != NULL ? (size_t)(stop + 2 - p) : 2;
			text_add(text, p, length);
			p += length;
		} else if (p[0] == '\\' && (p[1] == 'n' || p[1] == 't')) {
			text_add_byte(text, p[1] == 'n' ? '\n' : '\t');
			p += 2;
		} else {
			text_add_byte(text, *p++);
		}
	}
	parser->at = p;
}

/* What a backslash and this byte are outside of brackets; false if both stay, for regcomp. */
static bool escape_read(int c, char delimiter, struct text *text)
{
	if (c == delimiter || c == '\n')
		text_add_byte(text, c);
	else if (c == 'n' || c == 't')
		text_add_byte(text, c == 'n' ? '\n' : '\t');
	else
		return false;
	return true;
}

/* Up to the delimiter, and over it. */
static void pattern_read(struct parser *parser, char delimiter, struct text *text)
{
	text_clear(text);
	while (*parser->at != delimiter) {
		if (*parser->at == '\0' || *parser->at == '\n')
			refuse(parser, "the '%c' that ends the pattern is missing", delimiter);
		if (*parser->at == '[') {
			bracket_read(parser, text);
			continue;
		}
		if (*parser->at == '\\' && parser->at[1] != '\0') {
			parser->at++;
			if (!escape_read(*parser->at, delimiter, text))
				text_add(text, parser->at - 1, 2);
		} else {
			text_add_byte(text, *parser->at);
		}
		parser->at++;
	}
	parser->at++;
}

/* Null for an empty pattern. */
static regex_t *pattern_compile(struct parser *parser, const struct text *text, bool ignores_case)
{
	if (text->length == 0)
		return NULL;
	regex_t *made = tool_need("sed", malloc(sizeof *made));
	int flags = (parser->script->extended ? REG_EXTENDED : 0) | (ignores_case ? REG_ICASE : 0);
	int error = regcomp(made, text->bytes, flags);
	if (error == 0)
		return made;
	char why[128];
	regerror(error, made, why, sizeof why);
	refuse(parser, "%s: %s", text->bytes, why);
}

static char delimiter_read(struct parser *parser)
{
	char delimiter = *parser->at;
	if (delimiter == '\0' || delimiter == '\n' || delimiter == '\\')
		refuse(parser, "a character that is around the pattern is missing");
	parser->at++;
	return delimiter;
}

/* ---- addresses */

static unsigned long number_read(struct parser *parser)
{
	char *end;
	unsigned long number = strtoul(parser->at, &end, 10);
	parser->at = end;
	return number;
}

static void address_pattern_read(struct parser *parser, struct address *address)
{
	struct text text = {0};
	parser->at += *parser->at == '\\';
	pattern_read(parser, delimiter_read(parser), &text);
	bool ignores_case = *parser->at == 'I';
	parser->at += ignores_case;
	address->kind = ADDRESS_MATCH;
	address->pattern = pattern_compile(parser, &text, ignores_case);
	free(text.bytes);
}

/* False if there is none. */
static bool address_read(struct parser *parser, struct address *address)
{
	if (isdigit((unsigned char)*parser->at)) {
		*address = (struct address){.kind = ADDRESS_LINE, .line = number_read(parser)};
		return true;
	}
	if (*parser->at == '$') {
		parser->at++;
		address->kind = ADDRESS_LAST;
		return true;
	}
	if (*parser->at != '/' && *parser->at != '\\')
		return false;
	address_pattern_read(parser, address);
	return true;
}

static void addresses_read(struct parser *parser, struct command *command)
{
	bool some = address_read(parser, &command->from);
	if (command->from.kind == ADDRESS_LINE && command->from.line == 0)
		refuse(parser, "lines are counted from 1");
	skip_blanks(parser);
	if (some && *parser->at == ',') {
		parser->at++;
		skip_blanks(parser);
		if (!address_read(parser, &command->to))
			refuse(parser, "an address is missing behind the comma");
		skip_blanks(parser);
	}
	for (; *parser->at == '!'; skip_blanks(parser)) {
		command->inverted = true;
		parser->at++;
	}
}

/* ---- what stands behind the letter of a command */

/* Text of a, c and i: on lines of its own behind a backslash, or on this one. A backslash at its end takes another line. */
static void lines_read(struct parser *parser, struct command *command)
{
	skip_blanks(parser);
	if (*parser->at == '\\') {
		parser->at++;
		const char *behind = parser->at;
		skip_blanks(parser);
		parser->at = *parser->at == '\n' ? parser->at + 1 : behind;
	}
	if (*parser->at == '\0')
		refuse(parser, "the text for '%c' is missing", command->letter);
	for (; *parser->at != '\0' && *parser->at != '\n'; parser->at++) {
		bool escaped = *parser->at == '\\' && parser->at[1] != '\0';
		parser->at += escaped;
		if (!escaped || !escape_read(*parser->at, '\n', &command->text))
			text_add_byte(&command->text, *parser->at);
	}
	text_add_byte(&command->text, '\n');
}

static void name_read(struct parser *parser, struct text *name)
{
	skip_blanks(parser);
	size_t length = strcspn(parser->at, "\n");
	if (length == 0)
		refuse(parser, "the name of a file is missing");
	text_add(name, parser->at, length);
	parser->at += length;
}

static struct output *output_read(struct parser *parser)
{
	struct text name = {0};
	name_read(parser, &name);
	struct output *output = output_open(name.bytes);
	free(name.bytes);
	return output;
}

static void label_read(struct parser *parser, struct command *command)
{
	skip_blanks(parser);
	size_t length = strcspn(parser->at, command->letter == ':' ? " \t\n;" : " \t\n;}");
	if (length == 0 && command->letter == ':')
		refuse(parser, "a label is missing behind ':'");
	text_add(&command->text, parser->at, length);
	parser->at += length;
}

static void piece_end(struct substitution *made, size_t *count, int group)
{
	made->pieces[(*count)++].group = group;
	made->pieces = tool_need("sed", realloc(made->pieces, (*count + 1) * sizeof *made->pieces));
	made->pieces[*count] = (struct piece){0};
}

static void group_read(struct parser *parser, struct substitution *made, size_t *count)
{
	int group = *parser->at - '0';
	if (made->pattern != NULL && (size_t)group > made->pattern->re_nsub)
		refuse(parser, "\\%d: the pattern has no such group", group);
	piece_end(made, count, group);
}

static void replacement_read(struct parser *parser, char delimiter, struct substitution *made)
{
	size_t count = 0;
	made->pieces = tool_need("sed", calloc(1, sizeof *made->pieces));
	for (; *parser->at != delimiter; parser->at++) {
		if (*parser->at == '\0' || *parser->at == '\n')
			refuse(parser, "the '%c' that ends the replacement is missing", delimiter);
		struct text *text = &made->pieces[count].text;
		if (*parser->at == '&') {
			piece_end(made, &count, 0);
			continue;
		}
		if (*parser->at != '\\' || parser->at[1] == '\0') {
			text_add_byte(text, *parser->at);
			continue;
		}
		parser->at++;
		if (isdigit((unsigned char)*parser->at))
			group_read(parser, made, &count);
		else if (!escape_read(*parser->at, delimiter, text))
			text_add_byte(text, *parser->at);
	}
	parser->at++;
	made->pieces[count].group = -1;
}

/* The letters behind s; whether the pattern is to take upper as lower case. */
static bool flags_read(struct parser *parser, struct substitution *made)
{
	bool ignores_case = false;
	for (made->first = 1;; parser->at++) {
		if (*parser->at == 'g') {
			made->all = true;
		} else if (*parser->at == 'p') {
			made->print = true;
		} else if (*parser->at == 'i' || *parser->at == 'I') {
			ignores_case = true;
		} else if (isdigit((unsigned char)*parser->at)) {
			made->first = number_read(parser);
			parser->at--;
			if (made->first == 0)
				refuse(parser, "matches are counted from 1");
		} else {
			break;
		}
	}
	if (*parser->at == 'w') {
		parser->at++;
		made->output = output_read(parser);
	}
	return ignores_case;
}

/* The flags stand at the end, but one of them says how the pattern is compiled, and that has to be known for the groups. */
static void substitution_read(struct parser *parser, struct command *command)
{
	struct text text = {0};
	struct substitution *made = tool_need("sed", calloc(1, sizeof *made));
	char delimiter = delimiter_read(parser);
	pattern_read(parser, delimiter, &text);
	made->pattern = pattern_compile(parser, &text, false);
	replacement_read(parser, delimiter, made);
	if (flags_read(parser, made) && made->pattern != NULL) {
		regfree(made->pattern);
		free(made->pattern);
		made->pattern = pattern_compile(parser, &text, true);
	}
	free(text.bytes);
	command->substitution = made;
}

/* Of y: backslashes and delimiters have a backslash before them. */
static void characters_read(struct parser *parser, char delimiter, struct text *text)
{
	for (; *parser->at != delimiter; parser->at++) {
		if (*parser->at == '\0' || *parser->at == '\n')
			refuse(parser, "the '%c' that ends the characters is missing", delimiter);
		if (*parser->at == '\\' && parser->at[1] == '\\')
			parser->at++;
		else if (*parser->at == '\\' && escape_read(parser->at[1], delimiter, text)) {
			parser->at++;
			continue;
		}
		text_add_byte(text, *parser->at);
	}
	parser->at++;
}

static void map_read(struct parser *parser, struct command *command)
{
	struct text from = {0}, to = {0};
	char delimiter = delimiter_read(parser);
	characters_read(parser, delimiter, &from);
	characters_read(parser, delimiter, &to);
	if (from.length != to.length)
		refuse(parser, "y: %zu characters can't become %zu", from.length, to.length);
	command->map = tool_need("sed", malloc(256));
	for (int byte = 0; byte < 256; byte++)
		command->map[byte] = (unsigned char)byte;
	for (size_t i = 0; i < from.length; i++)
		command->map[(unsigned char)from.bytes[i]] = (unsigned char)to.bytes[i];
	free(from.bytes);
	free(to.bytes);
}

static void block_begin(struct parser *parser)
{
	if (parser->block_count == BLOCKS_MOST)
		refuse(parser, "too many { are within each other");
	parser->blocks[parser->block_count++] = parser->script->count - 1;
}

/* It is no command: the { before it leads to what comes next. */
static void block_end(struct parser *parser)
{
	if (parser->block_count == 0)
		refuse(parser, "there is no { before the }");
	parser->script->count--;
	parser->script->commands[parser->blocks[--parser->block_count]].target = parser->script->count;
}

/* ---- commands */

static struct command *command_add(struct script *script)
{
	if (script->count == script->room) {
		script->room = script->room * 2 + 16;
		script->commands =
			tool_need("sed", realloc(script->commands, script->room * sizeof *script->commands));
	}
	script->commands[script->count] = (struct command){0};
	return &script->commands[script->count++];
}

static void details_read(struct parser *parser, struct command *command)
{
	switch (command->letter) {
	case '{':
		block_begin(parser);
		break;
	case '}':
		block_end(parser);
		break;
	case 'a':
	case 'c':
	case 'i':
		lines_read(parser, command);
		break;
	case ':':
	case 'b':
	case 't':
		label_read(parser, command);
		break;
	case 'q':
		skip_blanks(parser);
		command->status = (int)(number_read(parser) & 0xff);
		break;
	case 'r':
		name_read(parser, &command->text);
		break;
	case 's':
		substitution_read(parser, command);
		break;
	case 'w':
		command->output = output_read(parser);
		break;
	case 'y':
		map_read(parser, command);
		break;
	}
}

/* Between commands. */
static void separators_skip(struct parser *parser)
{
	while (*parser->at == ';' || *parser->at == '#' || isspace((unsigned char)*parser->at))
		parser->at += *parser->at == '#' ? strcspn(parser->at, "\n") : 1;
}

static void command_end(struct parser *parser, char letter)
{
	skip_blanks(parser);
	if (letter != '{' && *parser->at != '\0' && strchr("\n;#}", *parser->at) == NULL)
		refuse(parser, "'%c' can't stand behind '%c'", *parser->at, letter);
}

static void command_parse(struct parser *parser)
{
	struct command *command = command_add(parser->script);
	addresses_read(parser, command);
	char letter = *parser->at;
	if (letter == '\0' || letter == '\n')
		refuse(parser, "a command is missing behind the address");
	if (strchr("{}=DGHNPabcdghilnpqrstwxy:", letter) == NULL)
		refuse(parser, "'%c': there is no such command; sed --help lists them", letter);
	if (strchr("}:", letter) != NULL && command->from.kind != ADDRESS_NONE)
		refuse(parser, "'%c' can't have an address", letter);
	if (letter == 'q' && command->to.kind != ADDRESS_NONE)
		refuse(parser, "'q' can't have two addresses");
	command->letter = letter;
	parser->at++;
	details_read(parser, command);
	command_end(parser, letter);
}

/* Where b and t go on: behind the command that is the label, or at the end. */
static void label_find(struct script *script, struct command *command)
{
	command->target = script->count;
	if (command->text.length == 0)
		return;
	for (size_t i = 0; i < script->count; i++) {
		const struct command *label = &script->commands[i];
		if (label->letter != ':' || strcmp(label->text.bytes, command->text.bytes) != 0)
			continue;
		command->target = i + 1;
		return;
	}
	fail("%s: there is no such label", command->text.bytes);
}

void script_parse(struct script *script, const char *text)
{
	struct parser parser = {.script = script, .start = text, .at = text};
	if (strncmp(text, "#n", 2) == 0 && (text[2] == '\n' || text[2] == '\0'))
		script->quiet = true;
	for (separators_skip(&parser); *parser.at != '\0'; separators_skip(&parser))
		command_parse(&parser);
	if (parser.block_count > 0)
		refuse(&parser, "the } is missing");
	for (size_t i = 0; i < script->count; i++)
		if (strchr("bt", script->commands[i].letter) != NULL)
			label_find(script, &script->commands[i]);
}
