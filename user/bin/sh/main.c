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

static const char usage[] =
	"usage: sh [-Cefux] [-o OPTION] [FILE [ARGUMENT]...]\n"
	"       sh [-Cefux] [-o OPTION] -c COMMANDS [NAME [ARGUMENT]...]\n"
	"Runs commands from the console, from FILE, or from COMMANDS. 'help' in the shell says more.\n"
	"  -e  leaves when a command fails     -u  a variable that is not set is a mistake\n"
	"  -f  * and ? are no patterns         -x  shows each command\n"
	"  -C  > writes no file that is there  -o  an option by its name: 'set -o' lists them\n";

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

/* Commands that span lines are not known before their end, so lines are added until one is complete. */
static void run_input(struct shell *shell)
{
	struct text text = {0};
	bool more = true;
	while (shell->unwind == UNWIND_NONE && more) {
		more = line_read(&text);
		if (more && !text.failed && input_is_incomplete(text.bytes))
			continue;
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
		enum parse_result result = parse_next(&source, &program);
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

int run_file(struct shell *shell, const char *path)
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
	if (shell->status == 0)
		run_script(shell, path, text_string(&text));
	text_free(&text);
	return shell->status;
}

/* Takes -e, -x and the like off the arguments; -c is left. False if one is unknown. */
static bool options_take(struct shell *shell, int *argc, char ***argv)
{
	while (*argc > 1 && (*argv)[1][0] == '-' && (*argv)[1][1] != '\0' && strcmp((*argv)[1], "-c") != 0) {
		bool named = strcmp((*argv)[1], "-o") == 0 && *argc > 2;
		char *words[] = {(char[]){"set"}, (*argv)[1], named ? (*argv)[2] : NULL, NULL};
		if (builtin_set(shell, words) != 0)
			return false;
		(*argv)[1 + named] = (*argv)[0];
		*argc -= 1 + named;
		*argv += 1 + named;
	}
	return true;
}

static void run(struct shell *shell, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "-c") == 0) {
		if (argc > 3) {
			shell->name = argv[3];
			arguments_set(shell, argv + 4);
		}
		(void)execute_text(shell, "", argv[2]);
	} else if (argc > 1) {
		shell->name = argv[1];
		arguments_set(shell, argv + 2);
		(void)run_file(shell, argv[1]);
	} else if (shell->interactive) {
		run_console(shell);
	} else {
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
	if (!options_take(&shell, &argc, &argv) || (argc == 2 && strcmp(argv[1], "-c") == 0)) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	shell.interactive = argc == 1 && isatty(STDIN_FILENO) != 0;
	if (shell.interactive)
		trap_interactive();
	shell.job_control = shell.interactive && job_control_begin();
	run(&shell, argc, argv);
	trap_exit(&shell);
	words_free(&shell.arguments.own);
	fflush(stdout);
	return shell.status;
}
