/*
 * What the shell does itself: the list, and what concerns its directory and its variables.
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIRECTORY_SIZE = 1024 };

static const char help_text[] =
	"Type a program and its arguments; 'ls /bin' shows the programs, and NAME --help\n"
	"explains one.\n"
	"  a; b   a && b   a || b   ! a       one after the other; if a succeeded; failed\n"
	"  a | b                              what a prints is what b reads\n"
	"  a < FILE   a > FILE   a >> FILE    reads from a file; writes it; adds to it\n"
	"  a 2> FILE   a > FILE 2>&1          what it complains; both\n"
	"  a &   jobs   wait   fg   kill %1   in the background; Ctrl-Z stops what runs\n"
	"  'x' \"x\" \\x   *  ?  [a-z]   ~       quotes; names of files; your directory\n"
	"  NAME=value  $NAME  ${NAME:-x}  $?  variables; the status of the last command\n"
	"  $(a)  $((1 + 2))                   what a prints; a number\n"
	"  if a; then b; else c; fi           also while, until, for NAME in WORDS, case\n"
	"  f() { a; }   ( a )   { a; }        functions and groups\n"
	"  a << END                           the lines up to END are what a reads\n"
	"Known to the shell itself:\n";

static int builtin_help(struct shell *shell, char **words);

static int builtin_true(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	return 0;
}

static int builtin_false(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	return 1;
}

static int builtin_pwd(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	char directory[DIRECTORY_SIZE];
	if (getcwd(directory, sizeof directory) == NULL) {
		complain("pwd: %s", strerror(errno));
		return 1;
	}
	puts(directory);
	return 0;
}

static int builtin_cd(struct shell *shell, char **words)
{
	(void)shell;
	char old[DIRECTORY_SIZE], new[DIRECTORY_SIZE];
	words += words[1] != NULL && (strcmp(words[1], "-P") == 0 || strcmp(words[1], "-L") == 0);
	const char *to = words[1];
	if (to != NULL && words[2] != NULL) {
		complain("cd: one directory, please");
		return STATUS_USAGE;
	}
	if (to == NULL)
		to = variable_get("HOME", 4);
	else if (strcmp(to, "-") == 0)
		to = variable_get("OLDPWD", 6);
	if (to == NULL) {
		complain("cd: %s is not set", words[1] != NULL ? "OLDPWD" : "HOME");
		return 1;
	}
	if (getcwd(old, sizeof old) == NULL || chdir(to) != 0 || getcwd(new, sizeof new) == NULL) {
		complain("cd: %s: %s", to, strerror(errno));
		return 1;
	}
	bool done = variable_set("OLDPWD", 6, old) && variable_set("PWD", 3, new);
	if (words[1] != NULL && strcmp(words[1], "-") == 0)
		puts(new);
	return done ? 0 : 1;
}

/* Does something with each NAME or NAME=value, which is assigned first. */
static int each_name(struct shell *shell, char **words, bool (*work)(const char *name, size_t length))
{
	const char *command = *words;
	int status = 0;
	for (words++; *words != NULL; words++) {
		size_t length = variable_name_length(*words);
		char after = (*words)[length];
		if (length == 0 || (after != '\0' && after != '=')) {
			complain("%s: '%s' is not a name", command, *words);
			status = 1;
		} else if ((after == '=' && !variable_set(*words, length, *words + length + 1)) ||
			   !work(*words, length)) {
			status = 1;
		}
	}
	if (status != 0)
		script_fail(shell);
	return status;
}

static int builtin_export(struct shell *shell, char **words)
{
	if (words[1] != NULL && strcmp(words[1], "-p") != 0)
		return each_name(shell, words, variable_export);
	variables_print("export ", true);
	return 0;
}

static int builtin_readonly(struct shell *shell, char **words)
{
	if (words[1] != NULL && strcmp(words[1], "-p") != 0)
		return each_name(shell, words, variable_protect);
	variables_print("readonly ", false);
	return 0;
}

static int builtin_local(struct shell *shell, char **words)
{
	(void)shell;
	for (char **word = words + 1; *word != NULL; word++) {
		size_t length = variable_name_length(*word);
		if (length > 0 && !function_local(*word, length)) {
			complain("local: only a function has variables of its own");
			return 1;
		}
	}
	for (char **word = words + 1; *word != NULL; word++) {
		size_t length = variable_name_length(*word);
		if (length == 0 || ((*word)[length] != '=' && (*word)[length] != '\0')) {
			complain("local: '%s' is not a name", *word);
			return 1;
		}
		if ((*word)[length] == '=' && !variable_set(*word, length, *word + length + 1))
			return 1;
	}
	return 0;
}

static int builtin_unset(struct shell *shell, char **words)
{
	bool functions = words[1] != NULL && strcmp(words[1], "-f") == 0;
	bool variables = words[1] != NULL && strcmp(words[1], "-v") == 0;
	int status = 0;
	for (words += 1 + (functions || variables); *words != NULL; words++) {
		if (functions)
			(void)function_remove(*words);
		else if (!variable_unset(*words))
			status = 1;
	}
	if (status != 0)
		script_fail(shell);
	return status;
}

static const struct {
	struct builtin builtin;
	const char *help; /* null: known by another name, or to everybody */
} builtins[] = {
	{{".", builtin_source, true}, ". FILE [ARGUMENT]...        runs the commands of a file here"},
	{{":", builtin_true, true}, NULL},
	{{"[", builtin_test, false}, NULL},
	{{"alias", builtin_alias, false},
		"alias [NAME[=value]]...     what NAME stands for where a command begins"},
	{{"bg", builtin_bg, false}, "bg [%JOB]                   lets a job go on that Ctrl-Z has stopped"},
	{{"break", builtin_break, true}, "break [N], continue [N]     leave a loop, or begin it anew"},
	{{"cd", builtin_cd, false}, "cd [DIRECTORY], pwd         go elsewhere; where am I"},
	{{"command", builtin_command, false}, NULL},
	{{"continue", builtin_continue, true}, NULL},
	{{"echo", builtin_echo, false}, NULL},
	{{"eval", builtin_eval, true}, "eval WORD...                runs words as a command"},
	{{"exec", builtin_exec, true}, "exec [PROGRAM]              becomes a program; keeps redirections"},
	{{"exit", builtin_exit, true}, "exit [STATUS]               leaves this shell"},
	{{"export", builtin_export, true},
		"export NAME[=value]...      programs find it in their environment"},
	{{"false", builtin_false, false}, NULL},
	{{"fg", builtin_fg, false}, NULL},
	{{"getopts", builtin_getopts, false}, "getopts LETTERS NAME        the next option of a script"},
	{{"hash", builtin_hash, false}, NULL},
	{{"help", builtin_help, false}, NULL},
	{{"jobs", builtin_jobs, false}, NULL},
	{{"kill", builtin_kill, false}, "kill [-SIGNAL] %JOB|PID...  sends a signal"},
	{{"local", builtin_local, false}, "local NAME[=value]...       a variable of the function"},
	{{"printf", builtin_printf, false}, NULL},
	{{"pwd", builtin_pwd, false}, NULL},
	{{"read", builtin_read, false}, "read [-r] [-p ASK] NAME...  a line of input, into variables"},
	{{"readonly", builtin_readonly, true}, NULL},
	{{"return", builtin_return, true}, "return [STATUS]             leaves a function"},
	{{"set", builtin_set, true},
		"set [-aCefnuvxo] [WORD]...  options, as 'set -o' shows them; $1, $2 and so on"},
	{{"shift", builtin_shift, true}, "shift [N]                   $2 becomes $1, and so on"},
	{{"source", builtin_source, false}, NULL},
	{{"test", builtin_test, false}, "test EXPRESSION, [ ... ]    whether it holds: see /bin/test --help"},
	{{"times", builtin_times, true},
		"times                       how long the shell and its programs ran"},
	{{"trap", builtin_trap, true},
		"trap COMMANDS SIGNAL...     what to do then; EXIT is the end of the shell"},
	{{"true", builtin_true, false}, NULL},
	{{"type", builtin_type, false}, "type NAME...                what NAME would run"},
	{{"ulimit", builtin_ulimit, false}, "ulimit [-a|-cdfnstv]        the limits of programs"},
	{{"umask", builtin_umask, false}, "umask [MASK]                what new files do not allow"},
	{{"unalias", builtin_unalias, false}, "unalias -a|NAME...          forgets it, or all"},
	{{"unset", builtin_unset, true}, "unset NAME...               forgets it"},
	{{"wait", builtin_wait, false}, NULL},
};

static int builtin_help(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	fputs(help_text, stdout);
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (builtins[i].help != NULL)
			printf("  %s\n", builtins[i].help);
	puts("Keys: arrows, Home, End, Tab, Ctrl-A B C D E F K L N P R U W Z.");
	return 0;
}

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (strcmp(builtins[i].builtin.name, name) == 0)
			return &builtins[i].builtin;
	return NULL;
}

void builtins_match(const char *start, size_t length, struct words *names)
{
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (strncmp(builtins[i].builtin.name, start, length) == 0)
			(void)words_add(names, builtins[i].builtin.name, strlen(builtins[i].builtin.name));
}
