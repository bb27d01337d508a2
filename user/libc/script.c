/*
 * The first line of a script.
 */
#include "script.h"

#include <string.h>

static const char blanks[] = " \t";

/* The line behind #!, as a string. */
static bool line_read(const struct image *image, char line[], size_t size)
{
	size_t length = image->size < size ? image->size : size;
	long count = memory_read(image->memory, image->offset, (uint8_t *)line, length);
	if (count < 2 || memcmp(line, "#!", 2) != 0)
		return false;
	char *end = memchr(line, '\n', (size_t)count);
	if (end == NULL && (size_t)count < size)
		end = line + count;
	if (end == NULL || memchr(line, '\0', (size_t)(end - line)) != NULL)
		return false;
	while (strchr(" \t\r", end[-1]) != NULL)
		end--;
	*end = '\0';
	return true;
}

bool script_read(const struct image *image, struct script *script)
{
	if (!line_read(image, script->line, sizeof script->line))
		return false;
	char *at = script->line + 2 + strspn(script->line + 2, blanks);
	if (*at == '\0')
		return false;
	script->interpreter = at;
	at += strcspn(at, blanks);
	script->argument = NULL;
	if (*at != '\0') {
		*at++ = '\0';
		script->argument = at + strspn(at, blanks);
	}
	return true;
}
