/*
 * sh: the shell. Takes commands from the console, from a file, or from its argument.
 */
#include "sh.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/console.h>

static const char usage[] =
	"usage: sh [FILE [ARGUMENT]...]\n"
	"       sh -c COMMANDS [NAME [ARGUMENT]...]\n"
	"Runs commands from the console, from FILE, or from COMMANDS. 'help' in the shell says more.\n";

extern char **environ;

void complain(const char *format, ...)
{
	va_list arguments;
	fflush(stdout);
	fputs("sh: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* Reads a line of a stream, newline included. False at its end. */
static bool line_read(FILE *stream, struct text *text)
{
	int c;
	size_t before = text->length;
	while ((c = fgetc(stream)) != EOF) {
		char byte = (char)c;
		if (c != '\0') /* would hide the rest of the line */
			text_add(text, &byte, 1);
		if (c == '\n')
			break;
	}
	return text->length > before || text->failed;
}

/* Runs what was collected, unless it was too long to collect. */
static void text_run(struct shell *shell, struct text *text)
{
	if (text->failed) {
		complain("the input is too long, so none of it was run; put it into several lines");
		shell->status = STATUS_USAGE;
	} else if (text->length > 0) {
		input_run(shell, text->bytes);
	}
	text_clear(text);
}

static void run_console(struct shell *shell)
{
	console_ignore_interrupt(); /* Ctrl-C is for the programs that it runs */
	struct text text = {0};
	while (!shell->leaving) {
		enum edit_result result = line_edit(text.length > 0 ? "> " : "tabula$ ", &text);
		if (result == EDIT_END && text.length == 0)
			break;
		if (result == EDIT_INTERRUPTED) {
			text_clear(&text);
			shell->status = STATUS_INTERRUPTED;
			continue;
		}
		if (result == EDIT_LINE && text.length > 0 && !text.failed &&
			input_is_incomplete(text.bytes)) {
			text_add(&text, "\n", 1);
			continue;
		}
		text_run(shell, &text);
	}
	text_free(&text);
}

/* Commands that span lines are not known before their end, so lines are added until one is complete. */
static void run_stream(struct shell *shell, FILE *stream)
{
	struct text text = {0};
	while (!shell->leaving && line_read(stream, &text)) {
		if (!text.failed && input_is_incomplete(text.bytes))
			continue;
		text_run(shell, &text);
	}
	if (!shell->leaving)
		text_run(shell, &text);
	text_free(&text);
}

static int run_file(struct shell *shell, const char *path)
{
	FILE *stream = fopen(path, "r");
	if (stream == NULL) {
		complain("%s: %s", path, strerror(errno));
		return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	}
	run_stream(shell, stream);
	fclose(stream);
	return shell->status;
}

int main(int argc, char **argv)
{
	struct shell shell = {.argc = 1, .argv = argv};
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	variables_import(environ);
	if (argc > 1 && strcmp(argv[1], "-c") == 0) {
		if (argc < 3) {
			fputs(usage, stderr);
			return STATUS_USAGE;
		}
		if (argc > 3) {
			shell.argc = argc - 3;
			shell.argv = argv + 3;
		}
		input_run(&shell, argv[2]);
		return shell.status;
	}
	if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '\0') {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (argc > 1) {
		shell.argc = argc - 1;
		shell.argv = argv + 1;
		return run_file(&shell, argv[1]);
	}
	shell.interactive = isatty(STDIN_FILENO) != 0;
	if (shell.interactive)
		run_console(&shell);
	else
		run_stream(&shell, stdin);
	return shell.status;
}
