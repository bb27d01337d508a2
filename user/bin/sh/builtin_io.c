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

#include "../format.h"

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

int builtin_printf(struct shell *shell, char **words)
{
	(void)shell;
	int status = format_status(words, complain);
	return status == FORMAT_WRONG ? status : finish("printf", status);
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

/* -r and -p PROMPT. Returns the words behind them; null, told, if there is another. */
static char **read_options(char **words, bool *raw, const char **prompt)
{
	for (; *words != NULL && (*words)[0] == '-' && (*words)[1] != '\0'; words++) {
		const char *letter = *words + 1;
		if (strcmp(letter, "-") == 0)
			return words + 1;
		for (; *letter == 'r'; letter++)
			*raw = true;
		if (*letter == '\0')
			continue;
		if (*letter != 'p' || (letter[1] == '\0' && words[1] == NULL)) {
			complain("read: '%s' is not understood; read [-r] [-p PROMPT] NAME...", *words);
			return NULL;
		}
		*prompt = letter[1] != '\0' ? letter + 1 : *++words;
	}
	return words;
}

int builtin_read(struct shell *shell, char **words)
{
	static char reply[] = "REPLY";
	static char *only_reply[] = {reply, NULL};
	bool raw = false;
	const char *prompt = NULL;
	struct text line = {0}, word = {0};
	const char *separators = variable_get("IFS", 3);
	(void)shell;
	words = read_options(words + 1, &raw, &prompt);
	if (words == NULL)
		return STATUS_USAGE;
	if (*words == NULL)
		words = only_reply;
	if (prompt != NULL && isatty(STDIN_FILENO)) {
		fflush(stdout);
		fputs(prompt, stderr);
		fflush(stderr);
	}
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
