/*
 * Walks the tree. The status of what ran last is in the shell; what unwinds is, too.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void execute_one(struct shell *shell, const struct node *node);
static void execute_subshell(struct shell *shell, const struct node *node);

/* What fails outside of conditions ends a shell with -e. */
static void check_status(struct shell *shell)
{
	if (shell->status != 0 && shell->stop_on_error && shell->tested == 0 && shell->unwind == UNWIND_NONE)
		shell->unwind = UNWIND_EXIT;
}

void script_fail(struct shell *shell)
{
	if (!shell->interactive && shell->forgiving == 0 && shell->unwind == UNWIND_NONE)
		shell->unwind = UNWIND_EXIT;
}

/* Runs what is asked rather than done. */
static bool execute_test(struct shell *shell, const struct node *node)
{
	shell->tested++;
	bool holds = execute(shell, node) == 0;
	shell->tested--;
	return holds;
}

/* ---- a command of words */

static bool assign_one(struct shell *shell, const char *text, struct saved_variable **saved)
{
	size_t length = variable_name_length(text);
	struct text value = {0};
	bool done = expand_one(shell, text + length + 1, &value) &&
		    (saved == NULL || variable_save(saved, text, length)) &&
		    variable_set(text, length, text_string(&value)) &&
		    ((saved == NULL && !shell->export_all) || variable_export(text, length));
	text_free(&value);
	if (!done)
		script_fail(shell);
	return done;
}

/* With `saved`, the variables are for one command, and exported. */
static bool assign_all(struct shell *shell, const struct word *list, struct saved_variable **saved)
{
	for (; list != NULL; list = list->next)
		if (!assign_one(shell, list->text, saved))
			return false;
	return true;
}

static void trace(const struct shell *shell, const struct words *words)
{
	if (!shell->trace || words->count == 0)
		return;
	fflush(stdout);
	for (size_t i = 0; i < words->count; i++)
		fprintf(stderr, "%s%s", i > 0 ? " " : "+ ", words->words[i]);
	fputc('\n', stderr);
}

/* Only assignments and redirections: these leave nothing open. */
static void execute_assignments(struct shell *shell, const struct node *node)
{
	struct saved_file *files = NULL;
	shell->substituted = false;
	bool done =
		redirect_all(shell, node->redirects, &files) && assign_all(shell, node->assignments, NULL);
	redirect_undo(&files);
	if (!done)
		shell->status = 1;
	else if (!shell->substituted)
		shell->status = 0;
}

static void run_program(struct shell *shell, const struct node *node, char **words)
{
	job_begin(shell);
	struct process process = launch_program(shell, words, false);
	shell->status = processes_wait(shell, &process, 1, node);
}

static void execute_words(struct shell *shell, const struct node *node, struct words *words)
{
	struct saved_file *files = NULL;
	struct saved_variable *variables = NULL;
	const struct builtin *builtin = builtin_find(words->words[0]);
	struct function *function =
		builtin != NULL && builtin->special ? NULL : function_find(words->words[0]);
	bool keep = builtin != NULL && builtin->special;
	bool is_exec = keep && builtin->function == builtin_exec;
	if (!redirect_all(shell, node->redirects, is_exec ? NULL : &files) ||
		!assign_all(shell, node->assignments, keep ? NULL : &variables)) {
		shell->status = 1;
	} else if (function != NULL) {
		shell->status = function_call(shell, function, words->words);
	} else if (builtin != NULL) {
		shell->status = builtin->function(shell, words->words);
	} else {
		run_program(shell, node, words->words);
	}
	variables_restore(&variables);
	redirect_undo(&files);
}

/* Whether a command is a program for sure, by a name that nothing has to be done to. */
static bool names_program(const struct node *node)
{
	if (node->kind != NODE_SIMPLE || node->words == NULL)
		return false;
	const char *name = node->words->text;
	return strpbrk(name, "'\"\\$`*?[~") == NULL && builtin_find(name) == NULL &&
	       function_find(name) == NULL;
}

static void execute_simple(struct shell *shell, const struct node *node)
{
	struct words words = {0};
	/* Ctrl-Z stops a program, and so, too, the copy of the shell that opens a fifo for it. */
	if (shell->job_control && names_program(node) && redirects_wait(node->redirects, false)) {
		execute_subshell(shell, node);
		return;
	}
	if (!expand_words(shell, node->words, &words)) {
		if (shell->status == 0)
			shell->status = 1;
		script_fail(shell);
	} else {
		trace(shell, &words);
		if (words.count == 0)
			execute_assignments(shell, node);
		else
			execute_words(shell, node, &words);
	}
	words_free(&words);
}

bool is_plain_program(const struct shell *shell, const struct node *node)
{
	if (!names_program(node) || shell->stop_on_unset || shell->trace ||
		redirects_wait(node->redirects, true))
		return false;
	for (const struct redirect *r = node->redirects; r != NULL; r = r->next)
		if (strpbrk(r->target, "$`") != NULL)
			return false;
	for (int i = 0; i < 2; i++)
		for (const struct word *w = i == 0 ? node->assignments : node->words; w != NULL; w = w->next)
			if (strchr(w->text, '`') != NULL || strstr(w->text, "$(") != NULL ||
				strstr(w->text, "${") != NULL)
				return false;
	return true;
}

struct process execute_program(struct shell *shell, const struct node *node, bool background)
{
	struct words words = {0};
	struct saved_file *files = NULL;
	struct saved_variable *variables = NULL;
	struct process process = {.status = 1};
	if (expand_words(shell, node->words, &words) && redirect_all(shell, node->redirects, &files) &&
		assign_all(shell, node->assignments, &variables))
		process = launch_program(shell, words.words, background);
	variables_restore(&variables);
	redirect_undo(&files);
	words_free(&words);
	return process;
}

/* ---- pipes and what runs beside the shell */

/* Starts one command of a pipe that reads from `in` and writes into `out`, if these are not -1. */
static struct process start_part(
	struct shell *shell, const struct node *node, int in, int out, bool background)
{
	struct saved_file *files = NULL;
	struct process process = {.status = 1};
	if ((in < 0 || redirect_to(in, STDIN_FILENO, &files)) &&
		(out < 0 || redirect_to(out, STDOUT_FILENO, &files)))
		process = launch_node(shell, node, background);
	redirect_undo(&files);
	return process;
}

static bool pipe_open(int ends[2])
{
	if (pipe(ends) == 0) {
		/* Nobody but the two commands may hold them, or the reader never sees the end. */
		(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
		(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
		return true;
	}
	complain("no pipe can be made: %s", strerror(errno));
	return false;
}

enum { PIPE_PARTS_MAX = 64 };

/* Starts all commands of a pipe; returns how many, 0 if it can't. */
static size_t start_parts(struct shell *shell, const struct node *node, bool background,
	struct process processes[PIPE_PARTS_MAX])
{
	size_t count = 0;
	int in = -1;
	job_begin(shell);
	for (; node != NULL; node = node->kind == NODE_PIPE ? node->right : NULL) {
		bool more = node->kind == NODE_PIPE;
		int ends[2] = {-1, -1};
		if (count == PIPE_PARTS_MAX || (more && !pipe_open(ends))) {
			if (count == PIPE_PARTS_MAX)
				complain("more than %d commands in a pipe", PIPE_PARTS_MAX);
			if (in >= 0)
				(void)close(in);
			return count;
		}
		if (background && in < 0 &&
			!shell->job_control) /* nobody types into what runs in the background */
			in = open("/dev/null", O_RDONLY);
		shell->reader = ends[0];
		processes[count++] = start_part(shell, more ? node->left : node, in, ends[1], background);
		shell->reader = -1;
		in = ends[0];
	}
	return count;
}

static void execute_pipe(struct shell *shell, const struct node *node)
{
	struct process processes[PIPE_PARTS_MAX];
	size_t count = start_parts(shell, node, false, processes);
	shell->status = count > 0 ? processes_wait(shell, processes, count, node) : 1;
}

static void execute_background(struct shell *shell, const struct node *node)
{
	struct process processes[PIPE_PARTS_MAX];
	const struct node *what = node->left;
	size_t count = start_parts(shell, what, true, processes);
	bool done = count > 0 && processes[count - 1].pid != 0 && job_add(shell, processes, count, node);
	shell->status = done ? 0 : 1;
}

static void execute_subshell(struct shell *shell, const struct node *node)
{
	job_begin(shell);
	struct process process = launch_node(shell, node, false);
	shell->status = processes_wait(shell, &process, 1, node);
}

/* Reads what the process prints into a pipe. */
static bool output_collect(int fd, struct text *output)
{
	char buffer[4096];
	ssize_t count;
	while ((count = read(fd, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR))
		for (ssize_t i = 0; i < count; i++)
			if (buffer[i] != '\0') /* no word can hold it */
				text_add(output, &buffer[i], 1);
	while (output->length > 0 && output->bytes[output->length - 1] == '\n')
		output->bytes[--output->length] = '\0';
	if (output->failed)
		complain("the output of a command is longer than %d bytes", TEXT_MAX);
	return !output->failed;
}

enum { SUBSTITUTIONS_MAX = 200 };

bool execute_substitution(struct shell *shell, const char *text, struct text *output)
{
	struct source source = {.name = "", .at = text, .line = 1};
	struct program *program = NULL;
	int ends[2];
	shell->substituted = true;
	shell->status = 0;
	if (shell->substitutions >=
		SUBSTITUTIONS_MAX) /* an alias that stands for $(itself) would never end */
		complain("more than %d commands are substituted in each other", SUBSTITUTIONS_MAX);
	if (shell->substitutions >= SUBSTITUTIONS_MAX || parse_all(&source, &program) != PARSE_OK) {
		shell->status = STATUS_USAGE;
		return false;
	}
	bool done = true;
	if (program->root != NULL) {
		/* `$(program)` needs no list around it, and then perhaps no copy of the shell. */
		const struct node *node = program->root;
		if (node->kind == NODE_SEQUENCE && node->right == NULL)
			node = node->left;
		done = pipe_open(ends);
		if (done) {
			shell->reader = ends[0];
			shell->group = GROUP_NONE; /* Ctrl-C is for both, and nothing stops it */
			shell->substitutions++;
			struct process process = start_part(shell, node, -1, ends[1], false);
			shell->substitutions--;
			shell->reader = -1;
			done = output_collect(ends[0], output);
			(void)close(ends[0]);
			shell->status = processes_wait(shell, &process, 1, NULL);
		} else {
			shell->status = 1;
		}
	}
	program_drop(program);
	return done;
}

/* ---- the rest */

/* True when the loop ends; what does not belong to this loop goes on unwinding. */
static bool loop_ends(struct shell *shell)
{
	if (shell->unwind == UNWIND_NONE)
		return false;
	if (shell->unwind != UNWIND_BREAK && shell->unwind != UNWIND_CONTINUE)
		return true;
	if (--shell->levels > 0)
		return true;
	bool ends = shell->unwind == UNWIND_BREAK;
	shell->unwind = UNWIND_NONE;
	return ends;
}

static void execute_while(struct shell *shell, const struct node *node)
{
	int status = 0;
	shell->loops++;
	for (;;) {
		bool holds = execute_test(shell, node->left) == (node->kind == NODE_WHILE);
		if (loop_ends(shell))
			break;
		if (!holds) {
			shell->status = status;
			break;
		}
		status = execute(shell, node->right);
		if (loop_ends(shell))
			break;
	}
	shell->loops--;
}

static void execute_for(struct shell *shell, const struct node *node)
{
	struct words words = {0};
	bool done = true;
	if (!node->arguments)
		done = expand_words(shell, node->words, &words);
	for (int i = 0; node->arguments && i < shell->arguments.count && done; i++)
		done = words_add(&words, shell->arguments.list[i], strlen(shell->arguments.list[i]));
	shell->status = done ? 0 : 1;
	shell->loops++;
	for (size_t i = 0; i < words.count && done; i++) {
		done = variable_set(node->name, strlen(node->name), words.words[i]);
		if (!done)
			shell->status = 1;
		else
			execute(shell, node->right);
		if (loop_ends(shell))
			break;
	}
	shell->loops--;
	if (!done)
		script_fail(shell);
	words_free(&words);
}

static bool pattern_matches(struct shell *shell, const char *raw, const char *subject)
{
	struct text pattern = {0};
	bool matches =
		expand_pattern(shell, raw, &pattern) && fnmatch(text_string(&pattern), subject, 0) == 0;
	text_free(&pattern);
	return matches;
}

static void execute_case(struct shell *shell, const struct node *node)
{
	struct text subject = {0};
	bool found = false;
	bool done = expand_one(shell, node->words->text, &subject);
	shell->status = done ? 0 : 1;
	if (!done)
		script_fail(shell);
	for (const struct case_item *item = node->items; item != NULL && done && !found; item = item->next) {
		for (const struct word *word = item->patterns; word != NULL && !found; word = word->next)
			found = pattern_matches(shell, word->text, text_string(&subject));
		if (found && item->body != NULL)
			execute(shell, item->body);
	}
	text_free(&subject);
}

static void execute_if(struct shell *shell, const struct node *node)
{
	while (node->kind == NODE_IF) {
		bool holds = execute_test(shell, node->left);
		if (shell->unwind != UNWIND_NONE)
			return;
		if (holds) {
			execute(shell, node->right);
			return;
		}
		node = node->other;
		if (node == NULL) {
			shell->status = 0;
			return;
		}
	}
	execute(shell, node);
}

/* a && b || c, from left to right; only what fails last counts for -e. */
static void execute_chain(struct shell *shell, const struct node *node)
{
	bool runs = true;
	while (node->kind == NODE_AND || node->kind == NODE_OR) {
		if (runs)
			(void)execute_test(shell, node->left);
		if (shell->unwind != UNWIND_NONE)
			return;
		runs = (shell->status == 0) == (node->kind == NODE_AND);
		node = node->right;
	}
	if (runs)
		execute(shell, node);
}

static void execute_kind(struct shell *shell, const struct node *node)
{
	switch (node->kind) {
	case NODE_SIMPLE:
		execute_simple(shell, node);
		break;
	case NODE_PIPE:
		execute_pipe(shell, node);
		break;
	case NODE_AND:
	case NODE_OR:
		execute_chain(shell, node);
		return;
	case NODE_NOT:
		shell->status = execute_test(shell, node->left) ? 1 : 0;
		return;
	case NODE_SEQUENCE:
		execute(shell, node);
		return;
	case NODE_GROUP:
		execute(shell, node->left);
		return;
	case NODE_BACKGROUND:
		execute_background(shell, node);
		break;
	case NODE_SUBSHELL:
		execute_subshell(shell, node);
		break;
	case NODE_IF:
		execute_if(shell, node);
		return;
	case NODE_WHILE:
	case NODE_UNTIL:
		execute_while(shell, node);
		return;
	case NODE_FOR:
		execute_for(shell, node);
		return;
	case NODE_CASE:
		execute_case(shell, node);
		return;
	case NODE_FUNCTION:
		shell->status = function_define(node->program, node) ? 0 : 1;
		break;
	}
	check_status(shell);
}

static void execute_one(struct shell *shell, const struct node *node)
{
	struct saved_file *files = NULL;
	bool own = node->kind == NODE_SIMPLE || node->kind == NODE_SUBSHELL; /* they see to it themselves */
	if (own || redirect_all(shell, node->redirects, &files)) {
		execute_kind(shell, node);
	} else {
		shell->status = 1;
		check_status(shell);
	}
	redirect_undo(&files);
	trap_run(shell);
}

int execute(struct shell *shell, const struct node *node)
{
	if (shell->check_only && !shell->interactive)
		return shell->status;
	for (; node != NULL && shell->unwind == UNWIND_NONE; node = node->right) {
		if (node->kind != NODE_SEQUENCE) {
			execute_one(shell, node);
			break;
		}
		execute_one(shell, node->left);
	}
	return shell->status;
}

int execute_text(struct shell *shell, const char *name, const char *text)
{
	struct source source = {.name = name, .at = text, .line = 1};
	struct program *program = NULL;
	enum parse_result result = parse_all(&source, &program);
	if (result == PARSE_INCOMPLETE)
		complain(
			"syntax error: the end comes too early; is a quote, a parenthesis, an 'if' or a loop open?");
	if (result != PARSE_OK)
		return shell->status = STATUS_USAGE;
	execute(shell, program->root);
	program_drop(program);
	return shell->status;
}
