/*
 * Drives the parser and the expansion of the shell on the development machine. Nothing is run: a command that is
 * substituted "prints" its own text.
 *
 *	driver parse INPUT		ok, incomplete or error
 *	driver words WORD ARGUMENT...	what a word expands to
 *	driver fuzz SEED ROUNDS		parses and expands random inputs
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

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

bool execute_substitution(struct shell *shell, const char *text, struct text *output)
{
	(void)shell;
	text_add(output, text, strlen(text));
	return true;
}

void options_letters(const struct shell *shell, char letters[OPTION_LETTERS])
{
	(void)shell;
	letters[0] = '\0';
}

static enum parse_result parse(const char *input)
{
	struct source source = {.name = "", .at = input, .line = 1, .quiet = quiet};
	struct program *program = NULL;
	enum parse_result result = parse_all(&source, &program);
	if (result == PARSE_OK)
		program_drop(program);
	return result;
}

/* Line by line, as a script is read. */
static void parse_lines(const char *input)
{
	struct source source = {.name = "script", .at = input, .line = 1, .quiet = true};
	struct program *program = NULL;
	while (parse_next(&source, &program) == PARSE_OK)
		program_drop(program);
}

static void expand(struct shell *shell, const char *word)
{
	struct word list = {.text = word};
	struct words words = {0};
	struct text text = {0};
	bool done = expand_words(shell, &list, &words);
	for (size_t i = 0; i < words.count && done && !quiet; i++)
		printf("[%s]", words.words[i]);
	if (!quiet)
		putchar('\n');
	if (quiet) {
		(void)expand_pattern(shell, word, &text);
		(void)expand_document(shell, word, &text);
	}
	words_free(&words);
	text_free(&text);
}

/* A random text in a block of its own, so that the sanitizer sees its end. */
static char *random_text(void)
{
	static const char *const pieces[] = {"a", "b", "=", "$", "?", "@", "#", "{", "}", "'", "\"", "\\",
		";", "&", "&&", "|", "||", " ", "\t", "\n", "$A", "${B}", "*", "[", "]", "<", "<<E\n", "E\n",
		">", "(", ")", "`", "~", "-", "0", "!", "if ", " then ", " fi ", " else ", " elif ",
		" while ", " do ", " done", " for i in ", " case ", " in ", " esac", ";;", "f() ", "$(",
		"$((", "))", "+", "/", ":", "${A:-", "${A#", "%", "\xc3\xa9", "1", "2>", ">>", "<<-", "{ ",
		"; }"};
	size_t count = (size_t)random() % 24, length = 0;
	char *text = calloc(1, 1);
	while (count-- > 0) {
		const char *piece = pieces[(size_t)random() % (sizeof pieces / sizeof *pieces)];
		text = realloc(text, length + strlen(piece) + 1);
		strcpy(text + length, piece);
		length += strlen(piece);
	}
	return text;
}

/* Aliases of pieces that the random inputs have: rings, halves of commands, lines, and what does not end. */
static void aliases_make(void)
{
	char *words[] = {"alias", "a=b ", "b=if a; then", "aa=$(a", "ab=a\nb\n", "ba=\"", "bb=a; bb &",
		"E=a) b", "1=cat <<E\na", "-=", "!=bb | a", "0= ", "11=`a`(", "%=aa %", "-a=b", "+=f() { a",
		NULL};
	(void)builtin_alias(NULL, words);
}

static void fuzz(struct shell *shell, unsigned seed, unsigned long rounds)
{
	quiet = true;
	srandom(seed);
	aliases_make();
	while (rounds-- > 0) {
		char *text = random_text();
		(void)parse(text);
		(void)input_is_incomplete(text);
		parse_lines(text);
		expand(shell, text);
		free(text);
	}
}

int main(int argc, char **argv)
{
	static const char *const results[] = {"ok", "end", "incomplete", "error"};
	struct shell shell = {.status = 42, .name = "name", .pid = 7, .reader = -1};
	if (argc < 3)
		return 2;
	shell.arguments = (struct arguments){.list = argv + 3, .count = argc - 3};
	(void)variable_set("A", 1, "x y");
	(void)variable_set("B", 1, "two");
	if (strcmp(argv[1], "fuzz") == 0 && argc == 4)
		fuzz(&shell, (unsigned)atoi(argv[2]), strtoul(argv[3], NULL, 10));
	else if (strcmp(argv[1], "parse") == 0)
		puts(results[parse(argv[2])]);
	else
		expand(&shell, argv[2]);
	(void)builtin_unalias(NULL, (char *[]){"unalias", "-a", NULL});
	char **environment = variables_environment();
	free(environment);
	for (const char *const *name = (const char *const[]){"A", "B", "a", "b", "i", NULL}; *name != NULL;
		name++)
		(void)variable_unset(*name);
	return 0;
}
