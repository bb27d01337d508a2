/*
 * What printf prints, for the program and for the shell.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Says what is wrong, as printf does, with its own name in front. */
typedef void format_complain(const char *format, ...);

enum { FORMAT_WRONG = 2 };

/* Prints one \x; returns the place behind it. */
static inline const char *format_escape(const char *p)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	const char *found = *p != '\0' ? strchr(letters, *p) : NULL;
	if (found != NULL) {
		putchar(values[found - letters]);
		return p + 1;
	}
	if (*p < '0' || *p > '7') {
		putchar('\\');
		return p;
	}
	int value = 0;
	for (int i = 0; i < 3 && *p >= '0' && *p <= '7'; i++)
		value = value * 8 + *p++ - '0';
	putchar(value & 0xff);
	return p;
}

static inline void format_escapes(const char *text)
{
	while (*text != '\0') {
		if (*text == '\\')
			text = format_escape(text + 1);
		else
			putchar(*text++);
	}
}

/* A number as printf takes it: 0x10, 010, 'a for the code of a character. False, told, if it is none. */
static inline bool format_number(const char *word, long long *number, format_complain *say)
{
	char *end;
	if (*word == '\'' || *word == '"') {
		*number = (unsigned char)word[1];
		return true;
	}
	errno = 0;
	*number = *word == '-' ? strtoll(word, &end, 0) : (long long)strtoull(word, &end, 0);
	if (*word != '\0' && (*end != '\0' || errno != 0)) {
		say("printf: '%s' is not a number", word);
		return false;
	}
	return true;
}

/* A number with a fraction. */
static inline bool format_fraction(
	char *format, size_t length, char letter, const char *word, format_complain *say)
{
	char *end;
	double number = strtod(word, &end);
	format[length] = letter;
	format[length + 1] = '\0';
	printf(format, number);
	if (*end == '\0')
		return true;
	say("printf: '%s' is not a number", word);
	return false;
}

/* Prints one word as the conversion says, whose flags and width are in `format`. False if it can't. */
static inline bool format_conversion(
	char *format, size_t length, char letter, const char *word, format_complain *say)
{
	long long number = 0;
	bool good = true;
	switch (letter) {
	case 's':
		strcpy(format + length, "s");
		printf(format, word);
		return true;
	case 'c':
		strcpy(format + length, "c");
		if (*word != '\0')
			printf(format, *word);
		return true;
	case 'b':
		format_escapes(word);
		return true;
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		return format_fraction(format, length, letter, word, say);
	default:
		good = format_number(word, &number, say);
		format[length] = 'l';
		format[length + 1] = 'l';
		format[length + 2] = letter;
		format[length + 3] = '\0';
		printf(format, number);
		return good;
	}
}

enum { FORMAT_SIZE = 32 };

/* Prints the format once, with words off the list. False if something is wrong with it or with them. */
static inline bool format_once(const char *p, char ***words, format_complain *say)
{
	bool good = true;
	while (*p != '\0') {
		char format[FORMAT_SIZE] = "%";
		if (*p == '\\') {
			p = format_escape(p + 1);
			continue;
		}
		if (*p != '%' || p[1] == '%') {
			putchar(*p);
			p += *p == '%' ? 2 : 1;
			continue;
		}
		size_t length = 1 + strspn(p + 1, "-+ #0123456789.");
		char letter = p[length];
		if (length > FORMAT_SIZE - 4 || letter == '\0' || strchr("sdiuoxXcbeEfFgG", letter) == NULL) {
			say("printf: '%.*s' is not understood", (int)length + 1, p);
			return false;
		}
		memcpy(format, p, length);
		good &= format_conversion(format, length, letter, **words != NULL ? **words : "", say);
		if (**words != NULL)
			++*words;
		p += length + 1;
	}
	return good;
}

/* Prints the words behind the name as the format says: the status. What was printed may not have arrived. */
static inline int format_status(char **words, format_complain *say)
{
	words += words[1] != NULL && strcmp(words[1], "--") == 0;
	if (words[1] == NULL) {
		say("printf: printf FORMAT [WORD]... prints the words as the format says");
		return FORMAT_WRONG;
	}
	const char *format = words[1];
	bool good = true;
	char **rest = words + 2;
	for (;;) { /* again as long as words are left, if it takes any */
		char **before = rest;
		good &= format_once(format, &rest, say);
		if (*rest == NULL || rest == before)
			break;
	}
	return good ? 0 : 1;
}
