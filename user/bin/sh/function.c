/*
 * Functions: a name for a part of a tree, which lives as long as somebody runs it.
 */
#include "sh.h"

#include <stdlib.h>
#include <string.h>

struct function {
	struct function *next;
	char *name;
	struct program *program;
	const struct node *body;
};

/* A call that has not returned yet. */
struct frame {
	struct frame *caller;
	struct saved_variable *variables; /* what `local` has hidden */
};

static struct function *functions;
static struct frame *frame;

enum { CALLS_MAX = 200 };

struct function *function_find(const char *name)
{
	struct function *function = functions;
	while (function != NULL && strcmp(function->name, name) != 0)
		function = function->next;
	return function;
}

void functions_match(const char *start, size_t length, struct words *names)
{
	for (const struct function *function = functions; function != NULL; function = function->next)
		if (strncmp(function->name, start, length) == 0)
			(void)words_add(names, function->name, strlen(function->name));
}

bool function_remove(const char *name)
{
	struct function **place = &functions;
	while (*place != NULL && strcmp((*place)->name, name) != 0)
		place = &(*place)->next;
	struct function *function = *place;
	if (function == NULL)
		return false;
	*place = function->next;
	program_drop(function->program);
	free(function->name);
	free(function);
	return true;
}

bool function_define(struct program *program, const struct node *node)
{
	struct function *function = malloc(sizeof *function);
	char *name = strdup(node->name);
	if (function == NULL || name == NULL) {
		free(function);
		free(name);
		complain("out of memory");
		return false;
	}
	program_take(program); /* first: it may be the one that the old function lies in */
	(void)function_remove(name);
	*function = (struct function){functions, name, program, node->left};
	functions = function;
	return true;
}

bool function_local(const char *name, size_t length)
{
	return frame != NULL && variable_save(&frame->variables, name, length);
}

int function_call(struct shell *shell, struct function *function, char **words)
{
	if (shell->depth >= CALLS_MAX) {
		complain("%s: more than %d functions are in each other", words[0], CALLS_MAX);
		shell->unwind = shell->interactive ? UNWIND_INTERRUPT : UNWIND_EXIT;
		return 1;
	}
	struct frame own = {.caller = frame};
	struct program *program = function->program; /* it may be defined anew while it runs */
	const struct node *body = function->body;
	struct arguments arguments = shell->arguments;
	int loops = shell->loops;
	program_take(program);
	frame = &own;
	arguments_set(shell, words + 1);
	shell->loops = 0;
	shell->depth++;
	execute(shell, body);
	shell->depth--;
	shell->loops = loops;
	words_free(&shell->arguments.own);
	shell->arguments = arguments;
	frame = own.caller;
	variables_restore(&own.variables);
	program_drop(program);
	if (shell->unwind == UNWIND_RETURN)
		shell->unwind = UNWIND_NONE;
	return shell->status;
}
