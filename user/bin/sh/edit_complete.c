/*
 * Tab: the rest of a name. For the key of edit.c; asks for the names of files, and the rest of the shell for those that it
 * knows, and runs nothing.
 */
#include "edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether a backslash takes away what the byte at this place means. */
static bool is_escaped(const struct editor *e, size_t at)
{
	size_t begin = at;
	while (begin > 0 && e->bytes[begin - 1] == '\\')
		begin--;
	return (at - begin) % 2 != 0;
}

/* Where the word begins that ends at the cursor. */
static size_t word_begin(const struct editor *e)
{
	size_t at = e->cursor;
	while (at > 0 && (strchr(" ;|&<>()'\"`=", e->bytes[at - 1]) == NULL || is_escaped(e, at - 1)))
		at--;
	return at;
}

/* The word as it is meant: without backslashes, and with the directory that ~ stands for. */
static void word_read(const struct editor *e, size_t begin, struct text *word)
{
	const char *home = variable_get("HOME", 4);
	if (home != NULL && e->cursor > begin + 1 && e->bytes[begin] == '~' && e->bytes[begin + 1] == '/') {
		size_t length = strlen(home);
		text_add(word, home, length - (length > 0 && home[length - 1] == '/'));
		begin++;
	}
	for (size_t i = begin; i < e->cursor; i++) {
		if (e->bytes[i] == '\\' && i + 1 < e->cursor)
			i++;
		text_add(word, &e->bytes[i], 1);
	}
}

/* Whether the word is where a command stands. */
static bool is_command(const struct editor *e, size_t begin)
{
	while (begin > 0 && e->bytes[begin - 1] == ' ')
		begin--;
	return begin == 0 || strchr(";|&(", e->bytes[begin - 1]) != NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds what the shell knows that is no program. Each name is there once. */
static void names_of_shell(const char *start, size_t length, struct words *names)
{
	aliases_match(start, length, names);
	functions_match(start, length, names);
	builtins_match(start, length, names);
	if (names->count == 0)
		return;
	qsort(names->words, names->count, sizeof *names->words, compare_names);
	size_t kept = 1;
	for (size_t i = 1; i < names->count; i++) {
		if (strcmp(names->words[i], names->words[kept - 1]) == 0)
			free(names->words[i]);
		else
			names->words[kept++] = names->words[i];
	}
	names->count = kept;
	names->words[kept] = NULL;
}

/* What a word could become: names of files, or of programs, which are found in /bin, and of what the shell knows. */
static void names_find(const struct text *word, bool command, struct words *names)
{
	struct text pattern = {0};
	const char *bytes = text_string(word);
	bool program = command && strchr(bytes, '/') == NULL;
	if (program)
		text_add(&pattern, "/bin/", 5);
	for (size_t i = 0; i < word->length; i++) {
		if (strchr("*?[\\", bytes[i]) != NULL)
			text_add(&pattern, "\\", 1);
		text_add(&pattern, &bytes[i], 1);
	}
	text_add(&pattern, "*", 1);
	if (!pattern.failed)
		(void)pattern_expand(text_string(&pattern), names);
	text_free(&pattern);
	for (size_t i = 0; program && i < names->count; i++)
		memmove(names->words[i], names->words[i] + 5, strlen(names->words[i] + 5) + 1);
	if (program && word->length > 0)
		names_of_shell(bytes, word->length, names);
}

/* How many bytes at the beginning are the same in all. */
static size_t common_length(const struct words *names)
{
	size_t length = strlen(names->words[0]);
	for (size_t i = 1; i < names->count; i++) {
		size_t same = 0;
		while (same < length && names->words[i][same] == names->words[0][same])
			same++;
		length = same;
	}
	while (length > 0 && line_is_continuation(names->words[0][length]))
		length--;
	return length;
}

static bool is_directory(const char *name)
{
	struct stat status;
	return stat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

static void names_show(struct editor *e, const struct words *names)
{
	putchar('\n');
	for (size_t i = 0; i < names->count; i++)
		printf("%s%s", names->words[i], i + 1 < names->count ? "  " : "\n");
	fputs(e->prompt, stdout);
	line_redraw(e);
}

void line_complete(struct editor *e)
{
	struct words names = {0};
	struct text word = {0};
	size_t begin = word_begin(e);
	word_read(e, begin, &word);
	size_t typed = word.length;
	names_find(&word, is_command(e, begin), &names);
	text_free(&word);
	size_t length = names.count > 0 ? common_length(&names) : 0;
	if (names.count == 0)
		line_bell();
	else if (length <= typed && names.count > 1)
		names_show(e, &names);
	for (size_t i = typed; i < length; i++) {
		if (strchr(" ;|&<>()'\"`$*?[\\", names.words[0][i]) != NULL)
			line_insert(e, '\\');
		line_insert(e, names.words[0][i]);
	}
	if (names.count == 1)
		line_insert(e, is_directory(names.words[0]) ? '/' : ' ');
	words_free(&names);
}
