/*
 * Signals: what `trap` has set for them, and Ctrl-C at the prompt. A handler only notes that the signal came;
 * what is to be done is done between two commands.
 */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char *actions[NSIG]; /* null: what it does by default; 0 stands for the end of the shell */
static volatile sig_atomic_t came[NSIG], some_came; /* one of those, since it was last looked */
static bool interactive;

const char *signal_name(int number)
{
	static char name[SIG2STR_MAX];
	return sig2str(number, name) == 0 ? name : NULL;
}

int signal_number(const char *word)
{
	char name[SIG2STR_MAX];
	size_t length = 0;
	int found;
	if (strncasecmp(word, "SIG", 3) == 0)
		word += 3;
	if (isdigit((unsigned char)*word)) {
		char *end;
		long number = strtol(word, &end, 10);
		return *end == '\0' && number < NSIG ? (int)number : -1;
	}
	for (; word[length] != '\0' && length < sizeof name - 1; length++)
		name[length] = (char)toupper((unsigned char)word[length]);
	name[length] = '\0';
	return str2sig(name, &found) == 0 ? found : -1;
}

static sigjmp_buf before_input;
static volatile sig_atomic_t reads_input; /* a prompting shell, that Ctrl-C takes out of it */

static void note(int number)
{
	came[number] = 1;
	some_came = 1;
	if (number != SIGINT)
		return;
	job_interrupted();
	if (reads_input)
		siglongjmp(before_input, 1);
}

/* What waits when the signal comes returns: what is to be done does not wait until it would anyway. */
static void catch (int number)
{
	struct sigaction action = {.sa_handler = note};
	(void)sigaction(number, &action, NULL);
}

/* Sets a signal to what the shell does with it now. */
static void apply(int number)
{
	if (number == 0)
		return;
	bool ignored = actions[number] != NULL && *actions[number] == '\0';
	if (actions[number] != NULL ? !ignored : number == SIGINT && interactive)
		catch (number);
	else
		(void)signal(number, ignored ? SIG_IGN : SIG_DFL);
}

/* Ignored, not caught: a shell that takes the terminal back is in the background until it has it. */
void trap_stops(bool ignored)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
		if (actions[stops[i]] == NULL)
			(void)signal(stops[i], ignored ? SIG_IGN : SIG_DFL);
}

void trap_interactive(void)
{
	interactive = true;
	apply(SIGINT);
	/* Caught, not ignored: programs would inherit that. Nothing is done about them. */
	catch (SIGQUIT);
	catch (SIGTERM);
	trap_stops(true);
}

void trap_reset(void)
{
	if (interactive) {
		(void)signal(SIGQUIT, SIG_DFL);
		(void)signal(SIGTERM, SIG_DFL);
		trap_stops(false);
	}
	bool was = interactive, interrupted = false;
	interactive = false;
	for (int number = 0; number < NSIG; number++) {
		bool caught = actions[number] != NULL && *actions[number] != '\0';
		if (caught) {
			free(actions[number]);
			actions[number] = NULL;
		}
		if (caught || (was && number == SIGINT))
			apply(number);
		interrupted |= was && number == SIGINT && came[number] != 0;
		came[number] = 0;
	}
	if (interrupted) /* between the fork and now, when the handler was still there */
		(void)raise(SIGINT);
}

/* Runs the commands of a trap; what they leave in $? is forgotten. */
static void action_run(struct shell *shell, const char *action)
{
	int status = shell->status;
	char *copy = strdup(action); /* the trap may set itself anew */
	if (copy != NULL)
		(void)execute_text(shell, "trap", copy);
	free(copy);
	if (shell->unwind != UNWIND_EXIT)
		shell->status = status;
}

void trap_children(bool wanted)
{
	if (actions[SIGCHLD] != NULL)
		return;
	if (wanted)
		catch (SIGCHLD);
	else
		(void)signal(SIGCHLD, SIG_DFL);
}

int trap_came(void)
{
	if (!some_came)
		return 0;
	for (int number = 1; number < NSIG; number++) {
		bool has_action = actions[number] != NULL && *actions[number] != '\0';
		if (came[number] && (has_action || (number == SIGINT && interactive)))
			return number;
	}
	return 0;
}

ssize_t input_read(int fd, void *buffer, size_t size)
{
	ssize_t count;
	/* From the handler itself: a Ctrl-C between the look whether it has come and the read would be missed. */
	if (interactive && sigsetjmp(before_input, 1) == 0)
		reads_input = 1;
	if (reads_input && came[SIGINT]) {
		reads_input = 0;
		errno = EINTR;
		return -1;
	}
	do
		count = read(fd, buffer, size);
	while (count < 0 && errno == EINTR);
	reads_input = 0;
	return count;
}

void trap_run(struct shell *shell)
{
	if (!some_came)
		return;
	some_came = 0;
	for (int number = 1; number < NSIG; number++) {
		if (!came[number])
			continue;
		came[number] = 0;
		if (actions[number] != NULL && *actions[number] != '\0') {
			action_run(shell, actions[number]);
		} else if (number == SIGINT && interactive && shell->unwind == UNWIND_NONE) {
			shell->status = STATUS_INTERRUPTED;
			shell->unwind = UNWIND_INTERRUPT;
		}
	}
}

void trap_exit(struct shell *shell)
{
	char *action = actions[0];
	actions[0] = NULL;
	if (action == NULL)
		return;
	int status = shell->status;
	shell->unwind = UNWIND_NONE;
	(void)execute_text(shell, "trap", action);
	if (shell->unwind != UNWIND_EXIT)
		shell->status = status;
	free(action);
}

static void print_all(void)
{
	for (int number = 0; number < NSIG; number++)
		if (actions[number] != NULL)
			printf("trap -- '%s' %s\n", actions[number],
				number == 0 ? "EXIT" : signal_name(number));
}

static bool set(const char *name, const char *action)
{
	int number = strcasecmp(name, "EXIT") == 0 ? 0 : signal_number(name);
	if (number < 0 || (number > 0 && signal_name(number) == NULL)) {
		complain("trap: %s: there is no such signal", name);
		return false;
	}
	if (number == SIGKILL || number == SIGSTOP) {
		complain("trap: %s: can't be caught", name);
		return false;
	}
	char *copy = strcmp(action, "-") != 0 ? strdup(action) : NULL;
	free(actions[number]);
	actions[number] = copy;
	apply(number);
	return true;
}

int builtin_trap(struct shell *shell, char **words)
{
	int status = 0;
	(void)shell;
	words++;
	if (*words != NULL && strcmp(*words, "--") == 0)
		words++;
	if (*words == NULL) {
		print_all();
		return 0;
	}
	const char *action = words[1] != NULL ? *words++ : "-"; /* a signal alone: as before */
	for (; *words != NULL; words++)
		if (!set(*words, action))
			status = 1;
	return status;
}
