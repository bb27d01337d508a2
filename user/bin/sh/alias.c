/*
 * Aliases: words that stand for others where a command begins. The parser puts in what they stand for, before it knows
 * what it means; so what holds is what was known when a line was read.
 */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct alias {
	struct alias *next; /* sorted by name */
	char *value; /* in the memory of the name */
	char name[];
};

static struct alias *aliases;

/* Where an alias is, or would be. */
static struct alias **place_of(const char *name, size_t length)
{
	struct alias **place = &aliases;
	for (; *place != NULL; place = &(*place)->next) {
		int order = strncmp((*place)->name, name, length);
		if (order >= 0) /* the same, or a longer one, which is behind it */
			break;
	}
	return place;
}

static bool is_at(struct alias **place, const char *name, size_t length)
{
	return *place != NULL && strncmp((*place)->name, name, length) == 0 && (*place)->name[length] == '\0';
}

const char *alias_find(const char *name, size_t length)
{
	struct alias **place = place_of(name, length);
	return is_at(place, name, length) ? (*place)->value : NULL;
}

void aliases_match(const char *start, size_t length, struct words *names)
{
	for (const struct alias *alias = aliases; alias != NULL; alias = alias->next)
		if (strncmp(alias->name, start, length) == 0)
			(void)words_add(names, alias->name, strlen(alias->name));
}

static bool alias_remove(const char *name)
{
	struct alias **place = place_of(name, strlen(name)), *alias = *place;
	if (!is_at(place, name, strlen(name)))
		return false;
	*place = alias->next;
	free(alias);
	return true;
}

static bool alias_set(const char *name, size_t length, const char *value)
{
	struct alias *alias = malloc(sizeof *alias + length + 1 + strlen(value) + 1);
	if (alias == NULL) {
		complain("out of memory");
		return false;
	}
	memcpy(alias->name, name, length);
	alias->name[length] = '\0';
	alias->value = strcpy(alias->name + length + 1, value);
	(void)alias_remove(alias->name);
	struct alias **place = place_of(name, length);
	alias->next = *place;
	*place = alias;
	return true;
}

bool alias_print(const char *command, const char *name)
{
	const char *value = alias_find(name, strlen(name));
	if (value == NULL)
		return false;
	printf("%s%s=", command, name);
	quoted_print(value);
	putchar('\n');
	return true;
}

/* What the lexer would not cut off as one word without quotes could never be found again. */
static bool is_name(const char *word, size_t length)
{
	return length > 0 && strcspn(word, " \t\r\n;&|<>()'\"\\$`=*?[]#~/") >= length;
}

int builtin_alias(struct shell *shell, char **words)
{
	int status = 0;
	(void)shell;
	words += 1 + (words[1] != NULL && strcmp(words[1], "--") == 0);
	for (const struct alias *alias = *words == NULL ? aliases : NULL; alias != NULL; alias = alias->next)
		(void)alias_print("", alias->name);
	for (; *words != NULL; words++) {
		const char *equals = strchr(*words, '=');
		size_t length = equals != NULL ? (size_t)(equals - *words) : strlen(*words);
		bool done;
		if (equals == NULL) {
			done = alias_print("", *words);
			if (!done)
				complain("alias: %s: there is no such alias", *words);
		} else if (!is_name(*words, length)) {
			done = false;
			complain("alias: '%.*s' can't be the name of an alias", (int)length, *words);
		} else {
			done = alias_set(*words, length, equals + 1);
		}
		if (!done)
			status = 1;
	}
	return status;
}

int builtin_unalias(struct shell *shell, char **words)
{
	int status = 0;
	bool all = words[1] != NULL && strcmp(words[1], "-a") == 0;
	(void)shell;
	while (all && aliases != NULL)
		(void)alias_remove(aliases->name);
	words += 1 + (words[1] != NULL && (all || strcmp(words[1], "--") == 0));
	if (*words == NULL && !all) {
		complain("unalias: which alias? -a is all");
		return STATUS_USAGE;
	}
	for (; *words != NULL; words++) {
		if (alias_remove(*words))
			continue;
		complain("unalias: %s: there is no such alias", *words);
		status = 1;
	}
	return status;
}
