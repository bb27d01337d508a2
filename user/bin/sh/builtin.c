/*
 * What the shell does itself, because it concerns the shell.
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help_text[] =
	"Type a program and its arguments; 'ls /bin' shows the programs, NAME --help explains one.\n"
	"  a; b   a && b   a || b       one after the other; if a succeeded; if it failed\n"
	"  'x' \"x\" \\x                  quotes\n"
	"  NAME=value  $NAME  $?        variables; the status of the last command\n"
	"  *  ?  [a-z]                  file names\n"
	"Known to the shell itself:\n"
	"  cd [DIRECTORY]    pwd        go elsewhere; where am I\n"
	"  export NAME[=value]  unset NAME    what programs find in their environment\n"
	"  type NAME                    what NAME would run\n"
	"  exit [STATUS]                leave this shell\n"
	"Keys: arrows, Home, End, Ctrl-A E B F P N, Ctrl-K U W, Ctrl-L, Ctrl-C, Ctrl-D.\n";

static int builtin_help(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	fputs(help_text, stdout);
	return 0;
}

static int builtin_nothing(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	return 0;
}

static int builtin_pwd(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	char directory[4096];
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
	char old[4096], new[4096];
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

static int builtin_exit(struct shell *shell, char **words)
{
	int status = shell->status;
	if (words[1] != NULL) {
		char *end;
		errno = 0;
		long number = strtol(words[1], &end, 10);
		if (end == words[1] || *end != '\0' || errno != 0 || words[2] != NULL) {
			complain("exit: '%s' is not a status; use a number from 0 to 255",
				words[words[2] ? 2 : 1]);
			number = STATUS_USAGE;
		}
		status = (int)(number & 0xff);
	}
	shell->leaving = true;
	return status;
}

static int print_exported(void)
{
	char **list = variables_environment(NULL, 0);
	if (list == NULL) {
		complain("out of memory");
		return 1;
	}
	for (char **text = list; *text != NULL; text++)
		puts(*text);
	free(list);
	return 0;
}

static int builtin_export(struct shell *shell, char **words)
{
	(void)shell;
	if (words[1] == NULL)
		return print_exported();
	for (words++; *words != NULL; words++) {
		size_t length = variable_name_length(*words);
		char after = (*words)[length];
		if (length == 0 || (after != '\0' && after != '=')) {
			complain("export: '%s' is not a name", *words);
			return 1;
		}
		if (after == '=' && !variable_set(*words, length, *words + length + 1))
			return 1;
		if (!variable_export(*words, length))
			return 1;
	}
	return 0;
}

static int builtin_unset(struct shell *shell, char **words)
{
	(void)shell;
	for (words++; *words != NULL; words++)
		variable_unset(*words);
	return 0;
}

static int builtin_type(struct shell *shell, char **words)
{
	(void)shell;
	int status = 0;
	for (words++; *words != NULL; words++) {
		char path[4096];
		if (builtin_find(*words) != NULL) {
			printf("%s is known to the shell itself\n", *words);
		} else if (program_find(*words, path, sizeof path)) {
			printf("%s is %s\n", *words, path);
		} else {
			complain("%s: not found", *words);
			status = 1;
		}
	}
	return status;
}

static const struct {
	const char *name;
	builtin_function *function;
} builtins[] = {
	{":", builtin_nothing},
	{"cd", builtin_cd},
	{"exit", builtin_exit},
	{"export", builtin_export},
	{"help", builtin_help},
	{"pwd", builtin_pwd},
	{"type", builtin_type},
	{"unset", builtin_unset},
};

builtin_function *builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (strcmp(builtins[i].name, name) == 0)
			return builtins[i].function;
	return NULL;
}
