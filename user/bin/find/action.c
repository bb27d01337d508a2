/*
 * What find does with files.
 */
#include "find.h"

/* ---- paths */

/* Nothing is printed but what the expression says. */
static char **take_acts(struct find *find, struct expression *expression, char **words)
{
	(void)expression;
	find->acts = true;
	return words;
}

static bool print(struct expression *expression, struct found *found)
{
	(void)expression;
	puts(found->path);
	return true;
}

static bool print_with_zero(struct expression *expression, struct found *found)
{
	(void)expression;
	(void)fwrite(found->path, 1, strlen(found->path) + 1, stdout);
	return true;
}

/* ---- the walk */

static char **take_prune(struct find *find, struct expression *expression, char **words)
{
	(void)expression;
	find->prunes = true;
	return words;
}

static bool prune(struct expression *expression, struct found *found)
{
	(void)expression;
	return found->pruned = true;
}

static char **take_delete(struct find *find, struct expression *expression, char **words)
{
	find->deletes = true;
	return take_acts(find, expression, words);
}

/* The directory that it was started in stays. */
static bool delete (struct expression *expression, struct found *found)
{
	(void)expression;
	if (strcmp(found->path, ".") == 0)
		return true;
	if ((S_ISDIR(found->status.st_mode) ? rmdir : unlink)(found->path) == 0)
		return true;
	tool_complain("find", found->path);
	found->find->trouble = true;
	return false;
}

/* ---- programs */

/* -ok: shows the command, and takes only a y for yes. */
static bool is_wanted(const struct arguments *words)
{
	size_t size = words->size + words->count + 1;
	char *shown = tool_need("find", calloc(1, size));
	for (size_t i = 0; i < words->count; i++) {
		strcat(shown, i > 0 ? " " : "");
		strcat(shown, words->words[i]);
	}
	bool wanted = tool_asks("find", "run", shown);
	free(shown);
	return wanted;
}

/* The program with the path in each place of {}. */
static bool run_for_one(struct expression *expression, struct found *found)
{
	struct arguments words = {0};
	int status;
	for (size_t i = 0; i < expression->command.count; i++) {
		char *word = arguments_replace("find", expression->command.words[i], "{}", found->path);
		arguments_add("find", &words, word);
		free(word);
	}
	bool wanted = !expression->asks || is_wanted(&words);
	bool started = wanted && arguments_run("find", words.words, NULL, &status);
	arguments_free(&words);
	found->find->trouble |= wanted && !started;
	return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void batch_run(struct find *find, struct expression *expression)
{
	int status;
	if (expression->command.count == expression->fixed)
		return;
	if (!arguments_run("find", expression->command.words, NULL, &status) || status != 0)
		find->trouble = true;
	arguments_cut(&expression->command, expression->fixed);
}

static bool run_for_many(struct expression *expression, struct found *found)
{
	struct arguments *command = &expression->command;
	if (command->size + arguments_size(found->path) > (size_t)expression->number)
		batch_run(found->find, expression);
	arguments_add("find", command, found->path);
	return true;
}

void batches_run(struct find *find)
{
	for (struct expression *batch = find->batches; batch != NULL; batch = batch->batch)
		batch_run(find, batch);
}

/* Up to the ; or to a + that stands behind {}. */
static char **take_command(struct find *find, struct expression *expression, char **words)
{
	char **word = words;
	bool many = false;
	for (; *word != NULL && strcmp(*word, ";") != 0 && !many; word++) {
		many = word > words && strcmp(*word, "+") == 0 && strcmp(word[-1], "{}") == 0;
		if (!many)
			arguments_add("find", &expression->command, *word);
	}
	if (!many && *word == NULL)
		refuse("-exec", "the ; at its end is missing; the shell has to be told \\;");
	if (expression->command.count == (size_t)many)
		refuse("-exec", "the program is missing");
	find->acts = true;
	expression->holds = many ? run_for_many : run_for_one;
	if (!many)
		return word + 1;
	expression->fixed = expression->command.count - 1;
	arguments_cut(&expression->command, expression->fixed);
	expression->number = (long long)arguments_most();
	expression->batch = find->batches;
	find->batches = expression;
	return word;
}

static char **take_question(struct find *find, struct expression *expression, char **words)
{
	words = take_command(find, expression, words);
	if (expression->holds == run_for_many)
		refuse("-ok", "asks for each file, so a ; ends it");
	expression->asks = true;
	return words;
}

const struct primary actions[] = {
	{"-delete", delete, take_delete, false},
	{"-exec", run_for_one, take_command, true},
	{"-ok", run_for_one, take_question, true},
	{"-print", print, take_acts, false},
	{"-print0", print_with_zero, take_acts, false},
	{"-prune", prune, take_prune, false},
	{NULL, NULL, NULL, false},
};
