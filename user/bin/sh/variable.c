/*
 * Variables of the shell: strings NAME=value, some of them exported to programs.
 */
#include "sh.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct variable {
	char *text; /* NAME=value */
	size_t name_length;
	bool exported;
};

static struct variable *variables;
static size_t count, room;

size_t variable_name_length(const char *text)
{
	size_t length = 0;
	while (text[length] == '_' || isalpha((unsigned char)text[length]) ||
		(length > 0 && isdigit((unsigned char)text[length])))
		length++;
	return length;
}

static struct variable *find(const char *name, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (variables[i].name_length == length && memcmp(variables[i].text, name, length) == 0)
			return &variables[i];
	return NULL;
}

static struct variable *find_or_make(const char *name, size_t length)
{
	struct variable *variable = find(name, length);
	if (variable != NULL)
		return variable;
	if (count == room) {
		size_t more = room * 2 + 16;
		struct variable *grown = realloc(variables, more * sizeof *grown);
		if (grown == NULL)
			return NULL;
		variables = grown;
		room = more;
	}
	variables[count] = (struct variable){.name_length = length};
	return &variables[count++];
}

bool variable_set(const char *name, size_t length, const char *value)
{
	size_t size = strlen(value) + 1;
	char *text = malloc(length + 1 + size);
	struct variable *variable = text != NULL ? find_or_make(name, length) : NULL;
	if (variable == NULL) {
		free(text);
		complain("out of memory");
		return false;
	}
	memcpy(text, name, length);
	text[length] = '=';
	memcpy(text + length + 1, value, size);
	free(variable->text);
	variable->text = text;
	return true;
}

const char *variable_get(const char *name, size_t length)
{
	struct variable *variable = find(name, length);
	return variable != NULL ? variable->text + variable->name_length + 1 : NULL;
}

bool variable_export(const char *name, size_t length)
{
	struct variable *variable = find(name, length);
	if (variable == NULL) {
		if (!variable_set(name, length, ""))
			return false;
		variable = find(name, length);
	}
	variable->exported = true;
	return true;
}

void variable_unset(const char *name)
{
	struct variable *variable = find(name, strlen(name));
	if (variable == NULL)
		return;
	free(variable->text);
	*variable = variables[--count];
}

void variables_import(char **environment)
{
	for (; *environment != NULL; environment++) {
		size_t length = variable_name_length(*environment);
		if (length > 0 && (*environment)[length] == '=' &&
			variable_set(*environment, length, *environment + length + 1))
			(void)variable_export(*environment, length);
	}
}

char **variables_environment(char *const *extra, size_t extra_count)
{
	char **list = malloc((count + extra_count + 1) * sizeof *list);
	if (list == NULL)
		return NULL;
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		bool hidden = !variables[i].exported;
		for (size_t j = 0; j < extra_count && !hidden; j++)
			hidden = strncmp(extra[j], variables[i].text, variables[i].name_length + 1) == 0;
		if (!hidden)
			list[used++] = variables[i].text;
	}
	for (size_t j = 0; j < extra_count; j++)
		list[used++] = extra[j];
	list[used] = NULL;
	return list;
}
