/*
 * env: shows the environment, or runs a program in a changed one.
 */
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: env [-i] [-u NAME]... [NAME=VALUE]... [PROGRAM [ARGUMENT]...]\n"
			    "Runs a program with these variables, too; without one, prints all variables.\n"
			    "  -i       only these variables\n"
			    "  -u NAME  not this one\n";

enum { STATUS_TROUBLE = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

extern char **environ;

static int print_all(void)
{
	for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
		puts(*variable);
	return tool_end("env", 0);
}

static int run(char **words)
{
	pid_t pid;
	int status;
	int error = posix_spawnp(&pid, words[0], NULL, NULL, words, environ);
	if (error == 0 && waitpid(pid, &status, 0) == pid)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (error != 0)
		errno = error;
	tool_complain("env", words[0]);
	return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	char *none[] = {NULL};
	while ((option = getopt(argc, argv, "+iu:")) != -1) {
		if (option == 'i')
			environ = none;
		else if (option != 'u' || unsetenv(optarg) != 0)
			return tool_usage(usage, STATUS_TROUBLE);
	}
	for (; optind < argc && strchr(argv[optind], '=') != NULL; optind++) {
		if (argv[optind][0] == '=' || putenv(argv[optind]) != 0) {
			tool_complain("env", argv[optind]);
			return STATUS_TROUBLE;
		}
	}
	return optind < argc ? run(argv + optind) : print_all();
}
