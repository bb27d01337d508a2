/*
 * sh: the shell. Takes commands from the console, from a file, or from its argument.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: sh [-aCefnuvx] [-o OPTION] [FILE [ARGUMENT]...]\n"
			    "       sh [-aCefnuvx] [-o OPTION] -c COMMANDS [NAME [ARGUMENT]...]\n"
			    "       sh [-aCefnuvx] [-o OPTION] -s [ARGUMENT]...\n"
			    "Runs commands from the console, from FILE, or from COMMANDS; -s: from standard\n"
			    "input. 'help' in the shell says more.\n"
			    "  -a  all variables go to programs     -C  > writes no file that is there\n"
			    "  -e  leaves when a command fails      -f  * and ? are no patterns\n"
			    "  -n  runs nothing, but finds mistakes\n"
			    "  -u  a variable that is not set is a mistake\n"
			    "  -v  shows what it reads              -x  shows each command\n"
			    "  -o  an option by its name: 'set -o' lists them\n";

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

/* Runs what was collected at the console, unless it was too long to collect. */
static void text_run(struct shell *shell, struct text *text)
{
	if (text->failed) {
		complain("the input is too long, so none of it was run; put it into several lines");
		shell->status = STATUS_USAGE;
	} else if (text->length > 0) {
		(void)execute_text(shell, "", text->bytes);
	}
	text_clear(text);
}

static const char *prompt(bool first)
{
	const char *own = first ? variable_get("PS1", 3) : variable_get("PS2", 3);
	return own != NULL ? own : first ? "tabula$ " : "> ";
}

static void run_console(struct shell *shell)
{
	struct text text = {0};
	while (shell->unwind != UNWIND_EXIT) {
		shell->unwind = UNWIND_NONE;
		jobs_report(shell);
		enum edit_result result = line_edit(prompt(text.length == 0), &text);
		if (result == EDIT_END && text.length == 0)
			break;
		if (result == EDIT_INTERRUPTED) {
			text_clear(&text);
			trap_run(shell);
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

/* Reads a line byte by byte: what is behind it may be for a program that reads the same input. */
static bool line_read(struct text *text)
{
	char c;
	size_t before = text->length;
	while (!text->failed && input_read(STDIN_FILENO, &c, 1) == 1) {
		if (c != '\0') /* would hide the rest of the line */
			text_add(text, &c, 1);
		if (c == '\n')
			break;
	}
	return text->length > before || text->failed;
}

/* What -v shows. */
static void show(const char *bytes, size_t length)
{
	fflush(stdout);
	fwrite(bytes, 1, length, stderr);
}

/* Commands that span lines are not known before their end, so lines are added until one is complete. */
static void run_input(struct shell *shell)
{
	struct text text = {0};
	bool more = true;
	while (shell->unwind == UNWIND_NONE && more) {
		more = line_read(&text);
		if (more && !text.failed && input_is_incomplete(text.bytes))
			continue;
		if (shell->verbose)
			show(text_string(&text), text.length);
		text_run(shell, &text);
	}
	text_free(&text);
}

/* The whole of a file, up to what a text may hold. */
static bool file_read(int fd, struct text *text)
{
	char buffer[4096];
	ssize_t count;
	while ((count = input_read(fd, buffer, sizeof buffer)) > 0)
		text_add(text, buffer, (size_t)count);
	if (count == 0 && text->failed)
		errno = EFBIG;
	return count == 0 && !text->failed;
}

/* Runs line after line, so that what comes before a mistake has run. */
static void run_script(struct shell *shell, const char *name, const char *text)
{
	struct source source = {.name = name, .at = text, .line = 1};
	while (shell->unwind == UNWIND_NONE) {
		struct program *program = NULL;
		const char *begin = source.at;
		enum parse_result result = parse_next(&source, &program);
		if (shell->verbose)
			show(begin, (size_t)(source.at - begin));
		if (result == PARSE_END)
			return;
		if (result != PARSE_OK) {
			if (result == PARSE_INCOMPLETE)
				complain(
					"%s: line %d: syntax error: what begins here does not end; is a quote open?",
					name, source.line);
			shell->status = STATUS_USAGE;
			return;
		}
		execute(shell, program->root);
		program_drop(program);
	}
}

bool run_file(struct shell *shell, const char *path)
{
	struct text text = {0};
	int fd = open(path, O_RDONLY);
	if (fd >= 0 && fd < 10) {
		int high = fcntl(fd, F_DUPFD, 10);
		if (high >= 0) {
			(void)close(fd);
			fd = high;
		}
	}
	shell->status = 0;
	if (fd < 0 || !file_read(fd, &text)) {
		shell->status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
		complain("%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		(void)close(fd);
	bool is_there = shell->status == 0;
	if (is_there)
		run_script(shell, path, text_string(&text));
	text_free(&text);
	return is_there;
}

/* What is read, where that is neither the console nor a file. */
struct start {
	bool commands; /* -c: the first operand */
	bool input; /* -s: standard input, for all that there are operands */
};

/* Takes c, s and i out of a word of options; the rest is for `set`. */
static void letters_take(char *word, struct start *start)
{
	char *to = word;
	for (const char *letter = word; *letter != '\0'; letter++) {
		start->commands |= *letter == 'c';
		start->input |= *letter == 's';
		if (strchr("csi", *letter) == NULL) /* i: a shell at the console is interactive anyway */
			*to++ = *letter;
	}
	*to = '\0';
}

/* Does what the options say. The index of the first operand; 0 if one is unknown. */
static int options_take(struct shell *shell, int argc, char **argv, struct start *start)
{
	int i = 1;
	while (i < argc && (*argv[i] == '-' || *argv[i] == '+')) {
		char *word = argv[i++];
		if (strcmp(word, "--") == 0 || strcmp(word, "-") == 0)
			break;
		if (*word == '-')
			letters_take(word + 1, start);
		bool named = strchr(word, 'o') != NULL && i < argc;
		char *words[] = {word, named ? argv[i] : NULL, NULL};
		bool only;
		if (word[1] != '\0' && options_set(shell, words, &only) == NULL)
			return 0;
		i += named;
	}
	return i;
}

/* Reads commands from where they are; the operands are null at their end. */
static void run(struct shell *shell, const struct start *start, char **operands)
{
	if (start->commands) {
		bool named = operands[1] != NULL;
		if (named)
			shell->name = operands[1];
		arguments_set(shell, operands + 1 + named);
		(void)execute_text(shell, "", operands[0]);
	} else if (*operands != NULL && !start->input) {
		shell->name = operands[0];
		arguments_set(shell, operands + 1);
		(void)run_file(shell, operands[0]);
	} else {
		arguments_set(shell, operands);
		if (shell->interactive)
			run_console(shell);
		else
			run_input(shell);
	}
}

static void parent_set(void)
{
	char number[16];
	snprintf(number, sizeof number, "%d", (int)getppid());
	(void)variable_set("PPID", 4, number);
	(void)variable_set("OPTIND", 6, "1");
}

int main(int argc, char **argv)
{
	struct shell shell = {
		.name = argc > 0 ? argv[0] : "sh", .pid = getpid(), .reader = -1, .group = GROUP_NONE};
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	variables_import(environ);
	parent_set();
	struct start start = {false, false};
	int operand = options_take(&shell, argc, argv, &start);
	if (operand == 0 || (start.commands && operand == argc)) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	shell.interactive = !start.commands && (operand == argc || start.input) && isatty(STDIN_FILENO) != 0;
	if (shell.interactive)
		trap_interactive();
	shell.job_control = shell.interactive && job_control_begin();
	run(&shell, &start, argv + operand);
	trap_exit(&shell);
	words_free(&shell.arguments.own);
	fflush(stdout);
	return shell.status;
}
