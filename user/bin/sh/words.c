/*
 * Strings and lists that grow, and that say so when they can't.
 */
#include "sh.h"

#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const char *bytes, size_t length)
{
	if (text->failed || length > TEXT_MAX - text->length) {
		text->failed = true;
		return;
	}
	if (text->length + length + 1 > text->room) {
		size_t room = (text->length + length + 1) * 2;
		char *grown = realloc(text->bytes, room);
		if (grown == NULL) {
			text->failed = true;
			return;
		}
		text->bytes = grown;
		text->room = room;
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->failed = false;
	if (text->bytes != NULL)
		text->bytes[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

const char *text_string(const struct text *text)
{
	return text->bytes != NULL ? text->bytes : "";
}

bool words_add(struct words *list, const char *word, size_t length)
{
	if (list->count + 1 >= list->room) {
		size_t room = list->room * 2 + 16;
		char **grown = realloc(list->words, room * sizeof *grown);
		if (grown == NULL)
			return false;
		list->words = grown;
		list->room = room;
	}
	char *copy = malloc(length + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, word, length);
	copy[length] = '\0';
	list->words[list->count++] = copy;
	list->words[list->count] = NULL;
	return true;
}

void words_free(struct words *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->words[i]);
	free(list->words);
	*list = (struct words){0};
}
