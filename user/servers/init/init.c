/*
 * init: the first program. Starts the servers, and a shell at the console again and again; or, when the kernel command
 * line holds " -- COMMAND", runs that one command between marks that scripts/run looks for, and ends the machine.
 * With the option `console=kernel` there is no console server, and programs print through the kernel.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <tabula/handles.h>
#include <tabula/spawn.h>

#include "registry.h"
#include "rtc.h"
#include "say.h"
#include "services.h"
#include "watch.h"

#define SHELL "/bin/sh"

enum { NONCE_MAX = 64, QUICK_ENDS_MAX = 3 };

#define SHELL_BIT (1ul << 62)

#define QUICK 1000000000ul /* nanoseconds: a shell that ends within this did not work */

static char *const environment[] = {(char[]){"PATH=/bin"}, (char[]){"HOME=/"}, NULL};

static const char first_screen[] = "\n"
				   "Welcome to Tabula. Try:\n"
				   "  help                what the shell can do\n"
				   "  ls -l /bin          the programs there are; NAME --help explains one\n"
				   "  ps; ps -t; top      what runs, and who waits for whom (q leaves top)\n"
				   "  free; uptime; dmesg the machine, and what its kernel says\n"
				   "  for i in 1 2 3; do echo $((i * i)); done\n"
				   "  hello; crash null   a program in C, and one that faults\n"
				   "  shutdown            leave (or Ctrl-A X)\n"
				   "\n";

static notification_handle changes;
static struct watch shell_watch;

/* Says what is wrong and ends the machine. */
_Noreturn static void give_up(const char *what, int error)
{
	say("%s: %s", what, strerror(error));
	say("nothing can be run; rebuild build/initrd.cpio with 'make'");
	(void)system_shutdown(own_system(), 1);
	exit(1);
}

/* Runs the shell, tends the servers until it has ended, and returns the status that $? would show. */
static int run_shell(char *const argv[], uint32_t system_rights)
{
	bool reads = (system_rights & RIGHT_SYSTEM_CONSOLE_READ) != 0;
	endpoint_handle console = services_console(reads);
	const struct spawn_handle handles[] = {{STARTUP_CONSOLE, ANY(console), RIGHTS_SAME},
		{STARTUP_PROGRAMS, ANY(services_shell()), RIGHT_ENDPOINT_SEND},
		{STARTUP_ROOT, ANY(services_root()), RIGHTS_SAME},
		{STARTUP_DIRECTORY, ANY(services_root()), RIGHTS_SAME}};
	registry_settle();
	process_handle shell = spawn_with(SHELL, argv, environment, system_rights, handles, 4);
	if (shell.value < 0)
		give_up(SHELL, -shell.value);
	registry_add(REGISTRY_SHELL, "sh", shell);
	watch_process(&shell_watch, shell);
	for (;;) {
		long bits = notification_wait(changes, services_bits() | SHELL_BIT, DEADLINE_NEVER);
		if (bits < 0)
			give_up("waiting", (int)-bits);
		services_tend((uint64_t)bits & services_bits());
		if ((uint64_t)bits & SHELL_BIT)
			return shell_watch.result.status & 0xff;
	}
}

/* Whether an option stands on the command line before the command. */
static bool has_option(const char *options, const char *command, const char *option)
{
	size_t length = strlen(option);
	for (const char *at = options; (at = strstr(at, option)) != NULL; at += length)
		if ((at == options || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0') &&
			(command == NULL || at < command))
			return true;
	return false;
}

static void start_servers(const char *options, const char *command)
{
	changes = notification_create();
	int error = changes.value < 0 ? changes.value : watch_init(&shell_watch, changes, SHELL_BIT);
	shell_watch.next = registry_shell;
	if (error != 0)
		give_up("no memory", -error);
	services_start(changes, !has_option(options, command, "console=kernel"));
}

/* The command after " -- ", or null. */
static char *find_command(char *options)
{
	if (strncmp(options, "-- ", 3) == 0)
		return options + 3;
	char *dashes = strstr(options, " -- ");
	return dashes != NULL ? dashes + 4 : NULL;
}

/* The value of the kernel option mark=, if it stands before the command and makes sense. */
static void find_nonce(const char *options, const char *command, char nonce[NONCE_MAX])
{
	nonce[0] = '\0';
	for (const char *word = options; word < command;
		word += strcspn(word, " "), word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");
		if (strncmp(word, "mark=", 5) != 0 || length - 5 >= NONCE_MAX)
			continue;
		memcpy(nonce, word + 5, length - 5);
		nonce[length - 5] = '\0';
		return;
	}
}

/* Marks begin with a byte that no program prints by chance. None are written if nobody looks for them. */
static void print_mark(const char *nonce, char bracket)
{
	char mark[NONCE_MAX + 3];
	if (nonce[0] == '\0')
		return;
	snprintf(mark, sizeof(mark), "\x01%s%c", nonce, bracket);
	services_print(mark);
}

static void print_end(const char *nonce, int status)
{
	char number[16];
	print_mark(nonce, '}');
	snprintf(number, sizeof(number), "%d\n", status);
	if (nonce[0] != '\0')
		services_print(number);
}

_Noreturn static void run_command(char *options, char *command)
{
	char nonce[NONCE_MAX];
	find_nonce(options, command, nonce);
	print_mark(nonce, '{');
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
	uint32_t no_input = services_console(false).value != 0 ? RIGHT_SYSTEM_CONSOLE_READ : 0;
	int status = run_shell(argv, RIGHTS_SYSTEM_ALL & ~no_input);
	print_end(nonce, status);
	services_settle();
	(void)system_shutdown(own_system(), (uint8_t)status);
	exit(status);
}

_Noreturn static void run_console(void)
{
	char *argv[] = {(char[]){"sh"}, NULL};
	services_print(first_screen);
	for (int quick = 0; quick < QUICK_ENDS_MAX;) {
		uint64_t start = clock_now();
		int status = run_shell(argv, RIGHTS_SAME);
		services_settle();
		say("the shell has ended with status %d; here is a new one", status);
		quick = clock_now() - start < QUICK ? quick + 1 : 0;
	}
	say("the shell ends at once, again and again; try 'make run CMD=...' to see why");
	(void)system_shutdown(own_system(), 1);
	exit(1);
}

int main(int argc, char **argv)
{
	char nothing[] = "";
	char *options = argc > 1 ? argv[1] : nothing;
	char *command = find_command(options);
	clock_epoch_is(rtc_epoch(own_system()));
	start_servers(options, command);
	if (command != NULL)
		run_command(options, command);
	run_console();
}
