/*
 * Variables of the shell: strings NAME=value, some of them exported to programs.
 */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct variable {
	char *text; /* NAME=value */
	size_t name_length;
	bool exported, read_only;
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
	if (variable == NULL || variable->read_only) {
		free(text);
		if (variable != NULL)
			complain("%.*s: is read-only", (int)length, name);
		else
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

/* The variable, which is made if there is none. */
static struct variable *find_or_set(const char *name, size_t length)
{
	struct variable *variable = find(name, length);
	if (variable == NULL && variable_set(name, length, ""))
		variable = find(name, length);
	return variable;
}

bool variable_export(const char *name, size_t length)
{
	struct variable *variable = find_or_set(name, length);
	if (variable != NULL)
		variable->exported = true;
	return variable != NULL;
}

bool variable_protect(const char *name, size_t length)
{
	struct variable *variable = find_or_set(name, length);
	if (variable != NULL)
		variable->read_only = true;
	return variable != NULL;
}

static void remove_variable(struct variable *variable)
{
	free(variable->text);
	*variable = variables[--count];
}

bool variable_unset(const char *name)
{
	struct variable *variable = find(name, strlen(name));
	if (variable != NULL && variable->read_only) {
		complain("%s: is read-only", name);
		return false;
	}
	if (variable != NULL)
		remove_variable(variable);
	return true;
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

char **variables_environment(void)
{
	char **list = malloc((count + 1) * sizeof *list);
	size_t used = 0;
	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (variables[i].exported)
			list[used++] = variables[i].text;
	list[used] = NULL;
	return list;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct variable *)a)->text, ((const struct variable *)b)->text);
}

void quoted_print(const char *value)
{
	putchar('\'');
	for (; *value != '\0'; value++)
		printf(*value == '\'' ? "'\\''" : "%c", *value);
	putchar('\'');
}

void variables_print(const char *command, bool exported)
{
	if (count > 0)
		qsort(variables, count, sizeof *variables, compare);
	for (size_t i = 0; i < count; i++) {
		const struct variable *v = &variables[i];
		if (!(exported ? v->exported : v->read_only || *command == '\0'))
			continue;
		printf("%s%.*s=", command, (int)v->name_length, v->text);
		quoted_print(v->text + v->name_length + 1);
		putchar('\n');
	}
}

bool variable_save(struct saved_variable **list, const char *name, size_t length)
{
	const struct variable *variable = find(name, length);
	struct saved_variable *saved = malloc(sizeof *saved);
	char *text = variable != NULL ? strdup(variable->text) : strndup(name, length);
	if (saved == NULL || text == NULL) {
		free(saved);
		free(text);
		complain("out of memory");
		return false;
	}
	*saved = (struct saved_variable){*list, text, variable != NULL && variable->exported};
	*list = saved;
	return true;
}

void variables_restore(struct saved_variable **list)
{
	while (*list != NULL) {
		struct saved_variable *saved = *list;
		size_t length = variable_name_length(saved->text);
		bool was_set = saved->text[length] == '=';
		struct variable *variable = find(saved->text, length);
		bool changed = variable == NULL || !variable->read_only;
		if (was_set && changed)
			(void)variable_set(saved->text, length, saved->text + length + 1);
		variable = find(saved->text, length);
		if (variable != NULL && was_set)
			variable->exported = saved->exported;
		else if (variable != NULL)
			remove_variable(variable);
		*list = saved->next;
		free(saved->text);
		free(saved);
	}
}
