/*
 * kill: sends signals to programs.
 */
#include <ctype.h>
#include <signal.h>
#include <stdint.h>
#include <strings.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "tool.h"

static const char usage[] =
	"usage: kill [-s SIGNAL | -SIGNAL] [--] PID...\n"
	"       kill -l [NUMBER | NAME]...\n"
	"Sends a signal (none given: TERM), by name or number, to programs: 0 is this\n"
	"one's group, -1 all others but the first, minus a number that group. Signal 0\n"
	"only asks whether there is one. Those for real time are RTMIN, RTMIN+1 and so on\n"
	"to RTMAX.\n"
	"  -l  lists the names; or tells the name of a number or of an exit status, and\n"
	"      the number of a name\n";

/* The number of a signal, by name with or without SIG, or by number; -1 if there is none. */
static int signal_number(const char *word)
{
	char name[SIG2STR_MAX];
	long long number;
	size_t length = 0;
	int found;
	if (isdigit((unsigned char)*word))
		return tool_number(word, &number) && number < NSIG ? (int)number : -1;
	if (strncasecmp(word, "SIG", 3) == 0)
		word += 3;
	for (; word[length] != '\0' && length < sizeof name - 1; length++)
		name[length] = (char)toupper((unsigned char)word[length]);
	name[length] = '\0';
	return !isdigit((unsigned char)*name) && str2sig(name, &found) == 0 ? found : -1;
}

static int no_such_signal(const char *word)
{
	fflush(stdout);
	fprintf(stderr, "kill: %s: there is no such signal; kill -l lists them\n", word);
	return 1;
}

static int list_all(void)
{
	char name[SIG2STR_MAX];
	for (int i = 1; i < NSIG; i++)
		if (sig2str(i, name) == 0)
			printf("%s%s", i > 1 ? " " : "", name);
	putchar('\n');
	return 0;
}

/* A number may be an exit status: 128 and the signal that has ended a program. */
static int list_one(const char *word)
{
	char name[SIG2STR_MAX] = "0";
	long long number;
	if (!tool_number(word, &number)) {
		int found = signal_number(word);
		return found >= 0 ? (printf("%d\n", found), 0) : no_such_signal(word);
	}
	if (number > 128)
		number -= 128;
	if (number < 0 || number >= NSIG || (number > 0 && sig2str((int)number, name) != 0))
		return no_such_signal(word);
	puts(name);
	return 0;
}

static int list(char **words)
{
	int status = 0;
	if (*words == NULL)
		return list_all();
	for (; *words != NULL; words++)
		status |= list_one(*words);
	return status;
}

static int send(const char *word, int number)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	long long pid;
	if (!tool_number(word, &pid) || pid < INT32_MIN || pid > INT32_MAX) {
		fprintf(stderr,
			*word == '%' ? "kill: %s: jobs are known to the shell, whose own kill is 'kill'\n"
				     : "kill: %s: a program is named by its number; ps shows them\n",
			word);
		return 1;
	}
	long error = program_signal(programs, (int32_t)pid, (uint32_t)number, DEADLINE_NEVER);
	if (error == 0)
		return 0;
	errno = (int)-error;
	if (error == -ESRCH)
		fprintf(stderr, "kill: %s: no such %s\n", word, pid < -1 ? "group" : "program");
	else
		tool_complain("kill", word);
	return 1;
}

/* The words of a command: the signal, if one is named, and where the numbers begin. False: it makes no sense. */
static bool parse(char ***words, const char **name)
{
	char **at = *words;
	if (*at != NULL && strcmp(*at, "-s") == 0) {
		*name = at[1];
		if (at[1] == NULL)
			return false;
		at += 2;
	} else if (*at != NULL && strncmp(*at, "-s", 2) == 0 && signal_number(*at + 1) < 0) {
		*name = *at++ + 2;
	} else if (*at != NULL && **at == '-' && strcmp(*at, "--") != 0) {
		*name = *at++ + 1;
	}
	if (*at != NULL && strcmp(*at, "--") == 0)
		at++;
	*words = at;
	return *at != NULL;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	char **words = argv + 1;
	const char *name = "TERM";
	int status = 0;
	if (*words != NULL && strcmp(*words, "-l") == 0)
		return tool_end("kill", list(words + 1));
	if (!parse(&words, &name))
		return tool_usage(usage, 2);
	int number = signal_number(name);
	if (number < 0)
		return no_such_signal(name);
	for (; *words != NULL; words++)
		status |= send(*words, number);
	return status;
}
