/*
 * Files as lines that are quick to compare.
 */
#include <ctype.h>
#include <stdlib.h>

#include "../tool.h"
#include "diff.h"

static enum reading ignoring; /* of both sides */

/* The whole of a stream, with its size; NULL after an error. */
static char *read_all(FILE *stream, size_t *size)
{
	size_t room = 0, got;
	char *text = NULL;
	*size = 0;
	do {
		if (room - *size < BUFSIZ)
			text = tool_need("diff", realloc(text, room = 2 * room + 2 * BUFSIZ));
		got = fread(text + *size, 1, room - *size, stream);
		*size += got;
	} while (got > 0);
	if (!ferror(stream))
		return text;
	free(text);
	return NULL;
}

/* The character at `*at` as it is compared, -1 behind the last; then `*at` is at the next. */
static int next(const struct line *line, size_t *at)
{
	size_t blanks = *at;
	if (ignoring & READ_BLANKS) {
		while (blanks < line->length && isblank((unsigned char)line->text[blanks]))
			blanks++;
		if (blanks == line->length)
			return -1; /* and none at the end */
		if (blanks > *at) {
			*at = blanks;
			return ' ';
		}
	}
	if (*at == line->length)
		return -1;
	int c = (unsigned char)line->text[(*at)++];
	return ignoring & READ_CASE ? tolower(c) : c;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const struct line *line)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t at = 0;
	for (int c; (c = next(line, &at)) >= 0;)
		hash = (hash ^ (uint64_t)c) * 0x100000001b3;
	return hash;
}

bool side_is_same(const struct side *a, size_t i, const struct side *b, size_t j)
{
	const struct line *first = &a->lines[i], *second = &b->lines[j];
	size_t at = 0, at_second = 0;
	int c;
	if (first->hash != second->hash)
		return false;
	/* A last line without a newline is another one. */
	if ((a->ends || i + 1 < a->count) != (b->ends || j + 1 < b->count) && !(ignoring & READ_BLANKS))
		return false;
	do {
		c = next(first, &at);
		if (c != next(second, &at_second))
			return false;
	} while (c >= 0);
	return true;
}

static void split(struct side *side, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += side->text[i] == '\n';
	side->ends = size == 0 || side->text[size - 1] == '\n';
	side->count = count + !side->ends;
	side->lines = tool_need("diff", calloc(side->count + 1, sizeof *side->lines));
	side->changed = tool_need("diff", calloc(side->count + 1, sizeof *side->changed));
	const char *text = side->text, *end = text + size;
	for (size_t i = 0; i < side->count; i++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		side->lines[i].text = text;
		side->lines[i].length = (size_t)((stop != NULL ? stop : end) - text);
		side->lines[i].hash = hash_of(&side->lines[i]);
		text += side->lines[i].length + 1;
	}
}

bool side_read(struct side *side, const char *name, enum reading ignored)
{
	FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	size_t size = 0;
	ignoring = ignored;
	*side = (struct side){.name = name};
	if (stream != NULL)
		side->text = read_all(stream, &size);
	if (side->text == NULL)
		tool_complain("diff", name);
	else
		split(side, size);
	if (stream != NULL && stream != stdin)
		fclose(stream);
	return side->text != NULL;
}
