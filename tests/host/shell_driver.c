/*
 * Drives the parser of the shell on the development machine.
 *
 *	shell_driver words INPUT ARGUMENT...	what the commands of INPUT expand to
 *	shell_driver fuzz SEED ROUNDS		parses and expands random inputs
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sh.h"

static bool quiet;

void complain(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	if (!quiet)
		vprintf(format, arguments);
	va_end(arguments);
	if (!quiet)
		putchar('\n');
}

static void show(const struct words *words, size_t assignments, enum connector connector)
{
	static const char *const connectors[] = {";", "&&", "||"};
	for (size_t i = 0; i < words->count && !quiet; i++)
		printf("%s[%s]", i < assignments ? "=" : "", words->words[i]);
	if (!quiet)
		printf(" %s\n", connectors[connector]);
}

static void parse(const struct shell *shell, const char *input)
{
	static const char *const results[] = {"ok", "end", "incomplete", "error"};
	enum parse_result result = input_check(input);
	if (result != PARSE_OK) {
		if (!quiet)
			puts(results[result]);
		return;
	}
	struct command command;
	while (command_next(&input, &command) == PARSE_OK) {
		struct words words = {0};
		size_t assignments;
		if (command_expand(shell, &command, &words, &assignments))
			show(&words, assignments, command.connector);
		words_free(&words);
	}
}

static void fuzz(const struct shell *shell, unsigned seed, unsigned long rounds)
{
	static const char pieces[] = "ab=$?@#{}'\"'\"\\\\;&|&&|| \t\n$A${B}*[]?<>()`~-0\xc3\xa9";
	quiet = true;
	srandom(seed);
	while (rounds-- > 0) {
		size_t length = (size_t)random() % 24;
		char *input = malloc(length + 1); /* a block of its own, so that the sanitizer sees its end */
		for (size_t i = 0; i < length; i++)
			input[i] = pieces[(size_t)random() % (sizeof pieces - 1)];
		input[length] = '\0';
		parse(shell, input);
		free(input);
	}
}

int main(int argc, char **argv)
{
	struct shell shell = {.status = 42, .argc = argc - 2, .argv = argv + 2};
	if (argc < 3)
		return 2;
	(void)variable_set("A", 1, "x y");
	(void)variable_set("B", 1, "two");
	(void)variable_set("EMPTY", 5, "");
	(void)variable_set("QUOTE", 5, "a'b\"c $A *");
	if (strcmp(argv[1], "fuzz") == 0 && argc == 4)
		fuzz(&shell, (unsigned)atoi(argv[2]), strtoul(argv[3], NULL, 10));
	else
		parse(&shell, argv[2]);
	for (const char *const *name = (const char *const[]){"A", "B", "EMPTY", "QUOTE", NULL}; *name != NULL;
		name++)
		variable_unset(*name);
	return 0;
}
