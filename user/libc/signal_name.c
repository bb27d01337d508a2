/*
 * What signals are called. Of those for real time picolibc knows nothing.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REALTIME_MIDDLE = (SIGRTMIN + SIGRTMAX) / 2, TEXT_SIZE = 32 };

static const struct {
	const char *name, *text;
} signals[SIGRTMIN] = {
	[SIGHUP] = {"HUP", "Hangup"},
	[SIGINT] = {"INT", "Interrupt"},
	[SIGQUIT] = {"QUIT", "Quit"},
	[SIGILL] = {"ILL", "Illegal instruction"},
	[SIGTRAP] = {"TRAP", "Trace/breakpoint trap"},
	[SIGABRT] = {"ABRT", "IOT trap"},
	[SIGEMT] = {"EMT", "EMT trap"},
	[SIGFPE] = {"FPE", "Floating point exception"},
	[SIGKILL] = {"KILL", "Killed"},
	[SIGBUS] = {"BUS", "Bus error"},
	[SIGSEGV] = {"SEGV", "Segmentation fault"},
	[SIGSYS] = {"SYS", "Bad system call"},
	[SIGPIPE] = {"PIPE", "Broken pipe"},
	[SIGALRM] = {"ALRM", "Alarm clock"},
	[SIGTERM] = {"TERM", "Terminated"},
	[SIGURG] = {"URG", "Urgent I/O condition"},
	[SIGSTOP] = {"STOP", "Stopped (signal)"},
	[SIGTSTP] = {"TSTP", "Stopped"},
	[SIGCONT] = {"CONT", "Continued"},
	[SIGCHLD] = {"CHLD", "Child exited"},
	[SIGTTIN] = {"TTIN", "Stopped (tty input)"},
	[SIGTTOU] = {"TTOU", "Stopped (tty output)"},
	[SIGIO] = {"IO", "I/O possible"},
	[SIGXCPU] = {"XCPU", "CPU time limit exceeded"},
	[SIGXFSZ] = {"XFSZ", "File size limit exceeded"},
	[SIGVTALRM] = {"VTALRM", "Virtual timer expired"},
	[SIGPROF] = {"PROF", "Profiling timer expired"},
	[SIGWINCH] = {"WINCH", "Window changed"},
	[SIGLOST] = {"LOST", "Resource lost"},
	[SIGUSR1] = {"USR1", "User defined signal 1"},
	[SIGUSR2] = {"USR2", "User defined signal 2"},
};

static bool is_realtime(int number)
{
	return number >= SIGRTMIN && number <= SIGRTMAX;
}

/* RTMIN, RTMIN+1 and so on, and from the middle RTMAX-1 and so on to RTMAX. */
static void realtime_name(int number, char *name)
{
	bool is_low = number <= REALTIME_MIDDLE;
	int distance = number - (is_low ? SIGRTMIN : SIGRTMAX);
	if (distance == 0)
		strcpy(name, is_low ? "RTMIN" : "RTMAX");
	else
		(void)sprintf(name, "%s%+d", is_low ? "RTMIN" : "RTMAX", distance);
}

int sig2str(int number, char *name)
{
	if (is_realtime(number))
		realtime_name(number, name);
	else if (number > 0 && number < SIGRTMIN)
		strcpy(name, signals[number].name);
	else
		return -1;
	return 0;
}

/* Digits alone. -1: there is something else, or too much. */
static int number_of(const char *digits)
{
	size_t length = strspn(digits, "0123456789");
	return length > 0 && length <= 3 && digits[length] == '\0' ? atoi(digits) : -1;
}

/* RTMIN and RTMAX, and what is so far away from them. 0: it is neither. */
static int realtime_number(const char *name)
{
	bool is_low = strncmp(name, "RTMIN", 5) == 0;
	if (!is_low && strncmp(name, "RTMAX", 5) != 0)
		return 0;
	int end = is_low ? SIGRTMIN : SIGRTMAX, distance = 0;
	if (name[5] != '\0')
		distance = name[5] == (is_low ? '+' : '-') ? number_of(name + 6) : -1;
	int number = is_low ? end + distance : end - distance;
	return distance >= 0 && is_realtime(number) ? number : 0;
}

int str2sig(const char *restrict name, int *restrict number)
{
	int found = number_of(name);
	if (found < 0)
		found = realtime_number(name);
	for (int i = 1; found == 0 && i < SIGRTMIN; i++)
		if (strcmp(name, signals[i].name) == 0)
			found = i;
	if (found <= 0 || found >= NSIG)
		return -1;
	*number = found;
	return 0;
}

char *strsignal(int number)
{
	static _Thread_local char text[TEXT_SIZE];
	if (number > 0 && number < SIGRTMIN)
		return (char *)(uintptr_t)signals[number].text;
	(void)snprintf(text, sizeof text, is_realtime(number) ? "Real-time signal %d" : "Unknown signal %d",
		is_realtime(number) ? number - SIGRTMIN : number);
	return text;
}
