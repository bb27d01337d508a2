/*
 * What the shell does itself: printing and reading.
 */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What was printed has to arrive. */
static int finish(const char *command, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	clearerr(stdout);
	complain("%s: standard output: %s", command, strerror(errno));
	return 1;
}

int builtin_echo(struct shell *shell, char **words)
{
	bool newline = true;
	(void)shell;
	if (*++words != NULL && strcmp(*words, "-n") == 0) {
		newline = false;
		words++;
	}
	for (const char *between = ""; *words != NULL; words++, between = " ")
		printf("%s%s", between, *words);
	if (newline)
		putchar('\n');
	return finish("echo", 0);
}

/* Prints one \x; returns the place behind it. */
static const char *escape_print(const char *p)
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

static void escapes_print(const char *text)
{
	while (*text != '\0') {
		if (*text == '\\')
			text = escape_print(text + 1);
		else
			putchar(*text++);
	}
}

/* A number as printf takes it: 0x10, 010, 'a for the code of a character. False, told, if it is none. */
static bool number_read(const char *word, long long *number)
{
	char *end;
	if (*word == '\'' || *word == '"') {
		*number = (unsigned char)word[1];
		return true;
	}
	errno = 0;
	*number = *word == '-' ? strtoll(word, &end, 0) : (long long)strtoull(word, &end, 0);
	if (*word != '\0' && (*end != '\0' || errno != 0)) {
		complain("printf: '%s' is not a number", word);
		return false;
	}
	return true;
}

/* A number with a fraction. */
static bool fraction_print(char *format, size_t length, char letter, const char *word)
{
	char *end;
	double number = strtod(word, &end);
	format[length] = letter;
	format[length + 1] = '\0';
	printf(format, number);
	if (*end == '\0')
		return true;
	complain("printf: '%s' is not a number", word);
	return false;
}

/* Prints one word as the conversion says, whose flags and width are in `format`. False if it can't. */
static bool conversion_print(char *format, size_t length, char letter, const char *word)
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
		escapes_print(word);
		return true;
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		return fraction_print(format, length, letter, word);
	default:
		good = number_read(word, &number);
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
static bool format_print(const char *p, char ***words)
{
	bool good = true;
	while (*p != '\0') {
		char format[FORMAT_SIZE] = "%";
		if (*p == '\\') {
			p = escape_print(p + 1);
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
			complain("printf: '%.*s' is not understood", (int)length + 1, p);
			return false;
		}
		memcpy(format, p, length);
		good &= conversion_print(format, length, letter, **words != NULL ? **words : "");
		if (**words != NULL)
			++*words;
		p += length + 1;
	}
	return good;
}

int builtin_printf(struct shell *shell, char **words)
{
	(void)shell;
	words += words[1] != NULL && strcmp(words[1], "--") == 0;
	if (words[1] == NULL) {
		complain("printf: printf FORMAT [WORD]... prints the words as the format says");
		return STATUS_USAGE;
	}
	const char *format = words[1];
	bool good = true;
	char **rest = words + 2;
	for (;;) { /* again as long as words are left, if it takes any */
		char **before = rest;
		good &= format_print(format, &rest);
		if (*rest == NULL || rest == before)
			break;
	}
	return finish("printf", good ? 0 : 1);
}

/* Reads a line byte by byte: what is behind it is for others. False at the end of the input. */
static bool line_read(struct text *line, bool raw)
{
	char c;
	fflush(stdout);
	for (;;) {
		ssize_t count = input_read(STDIN_FILENO, &c, 1);
		if (count <= 0)
			return false;
		if (c == '\n')
			return true;
		if (c == '\\' && !raw) {
			if (input_read(STDIN_FILENO, &c, 1) <= 0)
				return false;
			if (c == '\n')
				continue;
			text_add(line, "\\", 1); /* kept for now: what it protects separates no words */
		}
		if (c != '\0')
			text_add(line, &c, 1);
	}
}

static bool is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Takes the next word, or, for the last variable, all that is left. */
static const char *word_take(const char *p, const char *separators, bool last, bool raw, struct text *word)
{
	while (is_in(*p, separators) && isspace((unsigned char)*p))
		p++;
	size_t end = 0; /* behind what is no blank at the end */
	for (; *p != '\0' && (last || !is_in(*p, separators)); p++) {
		bool escaped = *p == '\\' && !raw && p[1] != '\0';
		p += escaped;
		text_add(word, p, 1);
		if (escaped || !is_in(*p, separators) || !isspace((unsigned char)*p))
			end = word->length;
	}
	if (last && word->bytes != NULL)
		word->bytes[end] = '\0';
	while (is_in(*p, separators) && isspace((unsigned char)*p))
		p++;
	if (is_in(*p, separators))
		p++;
	return p;
}

int builtin_read(struct shell *shell, char **words)
{
	static char reply[] = "REPLY";
	static char *only_reply[] = {reply, NULL};
	bool raw = words[1] != NULL && strcmp(words[1], "-r") == 0;
	struct text line = {0}, word = {0};
	const char *separators = variable_get("IFS", 3);
	(void)shell;
	words += 1 + raw;
	if (*words == NULL)
		words = only_reply;
	bool done = line_read(&line, raw);
	const char *p = text_string(&line);
	int status = done ? 0 : 1;
	for (; *words != NULL; words++) {
		size_t length = variable_name_length(*words);
		text_clear(&word);
		p = word_take(p, separators != NULL ? separators : " \t\n", words[1] == NULL, raw, &word);
		if (length == 0 || (*words)[length] != '\0') {
			complain("read: '%s' is not a name", *words);
			status = STATUS_USAGE;
		} else if (!variable_set(*words, length, text_string(&word))) {
			status = 1;
		}
	}
	text_free(&line);
	text_free(&word);
	return status;
}
