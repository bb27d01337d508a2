/*
 * Does the script to each line. A cycle: a line is read into the pattern space, the commands are done to it in their
 * order, it is printed, and what a and r have said follows it.
 */
#include <ctype.h>

#include "sed.h"

struct cycle {
	struct script *script;
	struct input *input;
	struct text pattern, hold;
	bool substituted; /* t would branch */
	bool kept; /* D: the next cycle takes what is left, and reads nothing */
	bool quits;
	int status;
	const struct command **after; /* the commands whose text or file follows the line */
	size_t after_count, after_room;
};

/* ---- which lines */

static bool address_matches(struct cycle *cycle, const struct address *address)
{
	regmatch_t groups[GROUPS];
	switch (address->kind) {
	case ADDRESS_NONE:
		return true;
	case ADDRESS_LINE:
		return cycle->input->line == address->line;
	case ADDRESS_LAST:
		return input_is_last(cycle->input);
	case ADDRESS_MATCH:
		return pattern_find(address->pattern, &cycle->pattern, 0, groups);
	}
	return false;
}

/* A range is one line if its end is a number that has gone by; an end that matches is looked for behind its beginning. */
static bool range_matches(struct cycle *cycle, struct command *command)
{
	bool gone = command->to.kind == ADDRESS_LINE && cycle->input->line >= command->to.line;
	if (command->range != RANGE_OPEN) {
		command->range = RANGE_NONE;
		if (!address_matches(cycle, &command->from))
			return false;
		bool ends = gone || (command->to.kind == ADDRESS_LAST && input_is_last(cycle->input));
		command->range = ends ? RANGE_CLOSED : RANGE_OPEN;
		return true;
	}
	if (gone || address_matches(cycle, &command->to))
		command->range = RANGE_CLOSED;
	/* Lines may have been read by other commands: then the end was not seen. */
	return command->to.kind != ADDRESS_LINE || cycle->input->line <= command->to.line ||
	       address_matches(cycle, &command->from);
}

static bool is_selected(struct cycle *cycle, struct command *command)
{
	bool matches = command->to.kind != ADDRESS_NONE ? range_matches(cycle, command)
							: address_matches(cycle, &command->from);
	return matches != command->inverted;
}

/* ---- what follows a line */

static void after_add(struct cycle *cycle, const struct command *command)
{
	if (cycle->after_count == cycle->after_room) {
		cycle->after_room = cycle->after_room * 2 + 8;
		cycle->after =
			tool_need("sed", realloc(cycle->after, cycle->after_room * sizeof *cycle->after));
	}
	cycle->after[cycle->after_count++] = command;
}

static void after_print(struct cycle *cycle)
{
	struct output *output = cycle->input->output;
	for (size_t i = 0; i < cycle->after_count; i++) {
		const struct text *text = &cycle->after[i]->text;
		if (cycle->after[i]->letter == 'a')
			output_write(output, text->bytes, text->length);
		else
			output_file(output, text->bytes);
	}
	cycle->after_count = 0;
}

static void pattern_print(struct cycle *cycle)
{
	output_line(cycle->input->output, &cycle->pattern, cycle->input->unended);
}

static void line_end(struct cycle *cycle)
{
	if (!cycle->script->quiet)
		pattern_print(cycle);
	after_print(cycle);
}

/* ---- commands */

/* So that each byte can be read: l. */
static void unambiguous_print(struct output *output, const struct text *text)
{
	enum { WIDTH = 70 };
	static const char letters[] = "\\abfnrtv", values[] = "\\\a\b\f\n\r\t\v";
	int column = 0;
	output_write(output, "", 0);
	for (size_t i = 0; i < text->length; i++) {
		char shown[8];
		unsigned char c = (unsigned char)text->bytes[i];
		const char *found = c != '\0' ? strchr(values, c) : NULL;
		int length;
		if (found != NULL)
			length = snprintf(shown, sizeof shown, "\\%c", letters[found - values]);
		else
			length = snprintf(shown, sizeof shown, isprint(c) ? "%c" : "\\%03o", c);
		if (column + length >= WIDTH) {
			fputs("\\\n", output->stream);
			column = 0;
		}
		fputs(shown, output->stream);
		column += length;
	}
	fputs("$\n", output->stream);
}

/* P: up to the first newline. */
static void first_line_print(struct cycle *cycle)
{
	const char *newline = memchr(cycle->pattern.bytes, '\n', cycle->pattern.length);
	if (newline == NULL) {
		pattern_print(cycle);
		return;
	}
	output_write(cycle->input->output, cycle->pattern.bytes, (size_t)(newline - cycle->pattern.bytes));
	putc('\n', cycle->input->output->stream);
}

/* D: false if there is only one line, which then goes as with d. */
static bool first_line_delete(struct text *text)
{
	char *newline = memchr(text->bytes, '\n', text->length);
	if (newline == NULL)
		return false;
	text->length -= (size_t)(newline + 1 - text->bytes);
	memmove(text->bytes, newline + 1, text->length + 1);
	return true;
}

static void map_apply(struct text *text, const unsigned char *map)
{
	for (size_t i = 0; i < text->length; i++)
		text->bytes[i] = (char)map[(unsigned char)text->bytes[i]];
}

static void write_to_file(struct output *output, const struct text *line)
{
	output_line(output, line, false);
	(void)fflush(output->stream); /* r may read it */
}

static void substitute_line(struct cycle *cycle, const struct substitution *how)
{
	if (!substitute(how, &cycle->pattern))
		return;
	cycle->substituted = true;
	if (how->print)
		pattern_print(cycle);
	if (how->output != NULL)
		write_to_file(how->output, &cycle->pattern);
}

/* n and N: the next line. There is none: the script ends here, and the line is printed: POSIX would lose it with N. */
static bool next_line(struct cycle *cycle, bool append)
{
	if (input_is_last(cycle->input))
		return false;
	cycle->substituted = false;
	if (append) {
		after_print(cycle);
		text_add(&cycle->pattern, "\n", 1);
	} else {
		line_end(cycle);
		text_clear(&cycle->pattern);
	}
	return input_line(cycle->input, &cycle->pattern);
}

static void exchange(struct text *a, struct text *b)
{
	struct text other = *a;
	*a = *b;
	*b = other;
}

/* With a newline between, behind what is there. */
static void line_add(struct text *text, const struct text *more)
{
	text_add(text, "\n", 1);
	text_add(text, more->bytes, more->length);
}

static void line_set(struct text *text, const struct text *other)
{
	text_clear(text);
	text_add(text, other->bytes, other->length);
}

/* What comes after a command. */
enum next { NEXT_COMMAND, NEXT_BRANCH, NEXT_LINE, NEXT_LINE_SILENTLY };

static enum next change(struct cycle *cycle, const struct command *command)
{
	bool last = command->to.kind == ADDRESS_NONE || command->inverted || command->range == RANGE_CLOSED;
	if (last)
		output_write(cycle->input->output, command->text.bytes, command->text.length);
	return NEXT_LINE_SILENTLY;
}

static enum next delete_first(struct cycle *cycle)
{
	cycle->kept = first_line_delete(&cycle->pattern);
	return NEXT_LINE_SILENTLY;
}

static enum next branch_if_substituted(struct cycle *cycle)
{
	bool branches = cycle->substituted;
	cycle->substituted = false;
	return branches ? NEXT_BRANCH : NEXT_COMMAND;
}

static enum next quit(struct cycle *cycle, int status)
{
	cycle->quits = true;
	cycle->status = status;
	return NEXT_LINE;
}

static enum next execute_one(struct cycle *cycle, const struct command *command)
{
	struct output *output = cycle->input->output;
	switch (command->letter) {
	case '=':
		output_write(output, "", 0);
		fprintf(output->stream, "%lu\n", cycle->input->line);
		break;
	case 'D':
		return delete_first(cycle);
	case 'G':
		line_add(&cycle->pattern, &cycle->hold);
		break;
	case 'H':
		line_add(&cycle->hold, &cycle->pattern);
		break;
	case 'N':
	case 'n':
		return next_line(cycle, command->letter == 'N') ? NEXT_COMMAND : NEXT_LINE;
	case 'P':
		first_line_print(cycle);
		break;
	case 'a':
	case 'r':
		after_add(cycle, command);
		break;
	case 'b':
		return NEXT_BRANCH;
	case 'c':
		return change(cycle, command);
	case 'd':
		return NEXT_LINE_SILENTLY;
	case 'g':
		line_set(&cycle->pattern, &cycle->hold);
		break;
	case 'h':
		line_set(&cycle->hold, &cycle->pattern);
		break;
	case 'i':
		output_write(output, command->text.bytes, command->text.length);
		break;
	case 'l':
		unambiguous_print(output, &cycle->pattern);
		break;
	case 'p':
		pattern_print(cycle);
		break;
	case 'q':
		return quit(cycle, command->status);
	case 's':
		substitute_line(cycle, command->substitution);
		break;
	case 't':
		return branch_if_substituted(cycle);
	case 'w':
		write_to_file(command->output, &cycle->pattern);
		break;
	case 'x':
		exchange(&cycle->pattern, &cycle->hold);
		break;
	case 'y':
		map_apply(&cycle->pattern, command->map);
		break;
	}
	return NEXT_COMMAND;
}

/* The script on one line. A { whose lines are not selected is left at once. */
static void line_execute(struct cycle *cycle)
{
	enum next next = NEXT_COMMAND;
	for (size_t at = 0; at < cycle->script->count && next < NEXT_LINE;) {
		struct command *command = &cycle->script->commands[at++];
		bool selected = is_selected(cycle, command);
		next = NEXT_COMMAND;
		if (selected)
			next = execute_one(cycle, command);
		if (command->letter == '{' ? !selected : next == NEXT_BRANCH)
			at = command->target;
	}
	if (next == NEXT_LINE_SILENTLY)
		after_print(cycle);
	else
		line_end(cycle);
}

/* With -i nothing of one file is there for the next. */
static void forget(struct cycle *cycle)
{
	text_clear(&cycle->hold);
	for (size_t i = 0; i < cycle->script->count; i++)
		cycle->script->commands[i].range = RANGE_NONE;
}

int script_execute(struct script *script, struct input *input)
{
	struct cycle cycle = {.script = script, .input = input};
	text_clear(&cycle.pattern);
	text_clear(&cycle.hold);
	while (!cycle.quits) {
		if (!cycle.kept) {
			text_clear(&cycle.pattern);
			cycle.substituted = false;
			if (!input_line(input, &cycle.pattern))
				break;
			if (input->in_place && input->line == 1)
				forget(&cycle);
		}
		cycle.kept = false;
		line_execute(&cycle);
	}
	input_finish(input);
	free(cycle.pattern.bytes);
	free(cycle.hold.bytes);
	free(cycle.after);
	return cycle.status;
}
