/* Processes of POSIX: spawn, exec, wait, groups, what is inherited. Children are this program again. */
#include "children.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MANY = 25 };

static char myself[] = "/bin/test-processes";
static volatile sig_atomic_t count;

static void note(int number)
{
	(void)number;
	count++;
}

static pid_t child_with(const posix_spawnattr_t *attributes, const char *what, const char *argument)
{
	char *argv[] = {myself, (char *)(uintptr_t)what, (char *)(uintptr_t)argument, NULL};
	pid_t pid = -1;
	int error = posix_spawn(&pid, myself, NULL, attributes, argv, environ);

	return error ? -error : pid;
}

static pid_t child(const char *what, const char *argument)
{
	return child_with(NULL, what, argument);
}

static bool write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static const char *read_file(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

	close(fd);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* ---- numbers and waiting */

static void test_numbers(void)
{
	struct checks c = {0};
	char text[12];
	pid_t pid;

	check(&c, getpid() > 1 && getppid() > 0 && getppid() != getpid(), "numbers %d, %d", getpid(),
		getppid());
	check(&c, getpgrp() > 0 && getpgid(0) == getpgrp() && getpgid(getpid()) == getpgrp(), "a group");
	snprintf(text, sizeof(text), "%d", getpid());
	pid = child("parent", text);
	exits_with(&c, pid, 0, "the child's parent");
	snprintf(text, sizeof(text), "%d", getpgrp());
	exits_with(&c, child("group", text), 0, "the child's group");
	check(&c, getpgid(77777) == -1 && errno == ESRCH, "nobody's group");
	checks_report(&c, "numbers");
}

static void test_wait(void)
{
	struct checks c = {0};
	pid_t pids[MANY], pid, first, second;
	int status, seen = 0;
	bool was[MANY] = {0};
	char text[12];

	check(&c, wait(NULL) == -1 && errno == ECHILD, "no child");
	check(&c, waitpid(77777, NULL, 0) == -1 && errno == ECHILD, "not a child");
	check(&c, waitpid(getppid(), NULL, 0) == -1 && errno == ECHILD, "a parent is none");
	check(&c, waitpid(-1, NULL, 77) == -1 && errno == EINVAL, "how?");
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		pids[i] = child("end", text);
		check(&c, pids[i] > 0, "start %d", i);
	}
	exits_with(&c, pids[7], 7, "a certain one");
	check(&c, waitpid(pids[7], NULL, 0) == -1 && errno == ECHILD, "once only");
	while ((pid = wait(&status)) > 0) {
		int i = WEXITSTATUS(status);

		check(&c, WIFEXITED(status) && i < MANY && pids[i] == pid && !was[i], "%d: %#x", (int)pid,
			status);
		was[i] = true;
		seen++;
	}
	check(&c, seen == MANY - 1 && errno == ECHILD, "%d seen", seen);

	pid = child("sleep", NULL);
	check(&c, waitpid(pid, &status, WNOHANG) == 0 && waitpid(-1, NULL, WNOHANG) == 0, "not yet");
	kill(pid, SIGKILL);
	check(&c, waitpid(0, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		"killed: %#x", status);

	first = child("sleep", NULL);
	second = child("sleep", NULL);
	check(&c, !setpgid(first, 0) && getpgid(first) == first, "a group of its own");
	check(&c, !setpgid(second, first), "and another one in it");
	check(&c, setpgid(second, 77777) == -1 && errno == EPERM, "no such group");
	check(&c, setpgid(1, 0) == -1 && errno == ESRCH && setpgid(-1, 0) == -1 && errno == EINVAL,
		"not its child");
	check(&c, waitpid(0, NULL, WNOHANG) == -1 && errno == ECHILD, "none in this group");
	check(&c, waitpid(-first, NULL, WNOHANG) == 0, "some in that");
	check(&c, !killpg(first, SIGTERM), "both");
	for (int i = 0; i < 2; i++)
		check(&c, waitpid(-first, &status, 0) > 0 && WTERMSIG(status) == SIGTERM, "one: %#x", status);
	check(&c, killpg(first, 0) == -1 && errno == ESRCH, "an empty group");
	check(&c, killpg(-3, 0) == -1 && errno == EINVAL, "no group");
	exits_with(&c, child("orphan", NULL), 0, "one that leaves a child behind");
	checks_report(&c, "every form of waiting");
}

/* ---- what a child is given */

static void test_attributes(void)
{
	struct checks c = {0};
	posix_spawnattr_t attributes;
	sigset_t set = 0, got;
	short flags;
	pid_t group, pid;
	int status;

	check(&c, !posix_spawnattr_init(&attributes), "init");
	check(&c, posix_spawnattr_setflags(&attributes, 0x4000) == EINVAL, "unknown flags");
	check(&c,
		!posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) &&
			!posix_spawnattr_getflags(&attributes, &flags) && flags == POSIX_SPAWN_SETPGROUP,
		"flags");
	check(&c,
		!posix_spawnattr_setpgroup(&attributes, 0) &&
			!posix_spawnattr_getpgroup(&attributes, &group) && !group,
		"group");
	exits_with(&c, child_with(&attributes, "leader", NULL), 0, "a new group");
	posix_spawnattr_setpgroup(&attributes, 77777);
	check(&c, child_with(&attributes, "leader", NULL) == -EPERM, "no such group");
	check(&c, waitpid(-1, NULL, 0) == -1 && errno == ECHILD, "no child came of that");

	signal(SIGUSR1, SIG_IGN);
	exits_with(&c, child("ignores", "30"), 0, "what is ignored stays ignored");
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	check(&c,
		!posix_spawnattr_setsigdefault(&attributes, &set) &&
			!posix_spawnattr_getsigdefault(&attributes, &got) && got == set,
		"defaults");
	exits_with(&c, child_with(&attributes, "ignores", "30"), 1, "unless it is to be the default");
	pid = child_with(&attributes, "sleep", NULL);
	kill(pid, SIGUSR1);
	status = status_of(pid);
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1, "so that it ends it: %#x", status);
	pid = child("sleep", NULL);
	kill(pid, SIGUSR1);
	kill(pid, SIGTERM);
	status = status_of(pid);
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "and not the other: %#x", status);
	signal(SIGUSR1, note);
	exits_with(&c, child("ignores", "30"), 1, "what is caught is not inherited");
	signal(SIGUSR1, SIG_DFL);

	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	check(&c,
		!posix_spawnattr_setsigmask(&attributes, &set) &&
			!posix_spawnattr_getsigmask(&attributes, &got) && got == set,
		"mask");
	for (int i = 0; i < 20; i++) {
		pid = child_with(&attributes, "takes", "30");
		kill(pid, SIGUSR1); /* wherever it is: it waits */
		if (!exits_with(&c, pid, 30, "what is blocked from the start"))
			break;
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = child("takes", "30");
	kill(pid, SIGUSR1);
	exits_with(&c, pid, 30, "the parent's mask");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSCHEDULER);
	check(&c, child_with(&attributes, "end", "0") == -ENOSYS, "what there is not");
	check(&c, !posix_spawnattr_destroy(&attributes), "destroy");
	checks_report(&c, "attributes of posix_spawn");
}

/* ---- exec */

static void test_exec(void)
{
	struct checks c = {0};
	static const char *const ways[] = {
		"execv", "execve", "execl", "execle", "execlp", "execvp", "fexecve"};

	for (unsigned i = 0; i < COUNT(ways); i++)
		exits_with(&c, child("exec", ways[i]), 42, ways[i]);
	exits_with(&c, child("chain", "10"), 0, "ten times, with the same number and parent");
	exits_with(&c, child("exec", "descriptors"), 42, "descriptors, directory, mask of modes");
	exits_with(&c, child("exec", "handlers"), 42, "what is caught is not any more");
	exits_with(&c, child("exec", "pending"), 42, "what is pending stays so");
	exits_with(&c, child("exec", "fails"), 42, "what can't be run leaves the caller as it was");
	exits_with(&c, child("exec", "threads"), 42, "other threads end");
	checks_report(&c, "exec");
}

static void test_exec_signals(void)
{
	struct checks c = {0};
	int ended[2] = {0};

	/* Signals that come in the middle of it find either the one or the other. */
	for (int i = 0; i < 40; i++) {
		pid_t pid = child("chain", "1000000");
		int status;

		usleep((useconds_t)(1000 + i * 700));
		check(&c, !kill(pid, i % 2 ? SIGTERM : SIGKILL), "send");
		status = status_of(pid);
		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == (i % 2 ? SIGTERM : SIGKILL),
			"round %d: %#x", i, status);
		ended[i % 2]++;
	}
	checks_report(&c, "programs that exec again and again can be ended");
}

static void test_scripts(void)
{
	struct checks c = {0};
	char *argv[] = {(char[]){"name"}, (char[]){"one"}, (char[]){"two words"}, NULL};
	pid_t pid;

	check(&c, write_file("/tmp/script", "#!/bin/test-processes arguments of-the script\n", 0755),
		"a script");
	check(&c, !posix_spawn(&pid, "/tmp/script", NULL, NULL, argv, environ), "runs");
	exits_with(&c, pid, 0, "it");
	check(&c,
		!strcmp(read_file("/tmp/arguments"),
			"/bin/test-processes\narguments of-the script\n/tmp/script\none\ntwo words\n"),
		"arguments: %s", read_file("/tmp/arguments"));
	write_file("/tmp/outer", "#! /tmp/script\n", 0755);
	check(&c, !posix_spawn(&pid, "/tmp/outer", NULL, NULL, argv, environ),
		"a script that is read by one");
	exits_with(&c, pid, 0, "it");
	write_file("/tmp/loop", "#!/tmp/loop\n", 0755);
	check(&c, posix_spawn(&pid, "/tmp/loop", NULL, NULL, argv, environ) == ELOOP, "by itself");
	write_file("/tmp/none", "#!/nothing\n", 0755);
	check(&c, posix_spawn(&pid, "/tmp/none", NULL, NULL, argv, environ) == ENOENT, "by nobody");
	write_file("/tmp/empty", "#!\n", 0755);
	check(&c, posix_spawn(&pid, "/tmp/empty", NULL, NULL, argv, environ) == ENOEXEC, "by whom?");
	write_file("/tmp/text", "just a text, and long enough to be looked at", 0755);
	check(&c, posix_spawn(&pid, "/tmp/text", NULL, NULL, argv, environ) == ENOEXEC, "no script");
	chmod("/tmp/script", 0644);
	check(&c, posix_spawn(&pid, "/tmp/script", NULL, NULL, argv, environ) == EACCES, "one that may not");
	check(&c, posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, environ) == ENOENT, "none in PATH");
	check(&c, posix_spawnp(&pid, "", NULL, NULL, argv, environ) == ENOENT, "no name");
	check(&c, write_file("/tmp/commands", "exit 9\n", 0755), "commands without a first line");
	exits_with(&c, child("execvp", "/tmp/commands"), 9, "are for the shell");
	checks_report(&c, "scripts");
}

/* ---- commands */

static void test_commands(void)
{
	struct checks c = {0};
	FILE *stream;
	char line[64] = "";
	int status;

	check(&c, system(NULL), "there is a shell");
	status = system("exit 5");
	check(&c, WIFEXITED(status) && WEXITSTATUS(status) == 5, "status %#x", status);
	status = system("kill -TERM $$");
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "signal %#x", status);
	count = 0;
	signal(SIGCHLD, note);
	status = system("exit 6");
	check(&c, WEXITSTATUS(status) == 6 && count <= 1, "with a handler for SIGCHLD");
	signal(SIGCHLD, SIG_DFL);

	stream = popen("echo one; echo two; exit 3", "r");
	check(&c, stream && fgets(line, sizeof(line), stream) && !strcmp(line, "one\n"), "popen: %s", line);
	while (fgets(line, sizeof(line), stream)) /* it must not find nobody to read it */
		continue;
	status = pclose(stream);
	check(&c, WIFEXITED(status) && WEXITSTATUS(status) == 3, "pclose: %#x", status);
	stream = popen("cat > /tmp/popen", "w");
	check(&c, stream && fputs("to a command\n", stream) >= 0, "to write");
	check(&c, pclose(stream) == 0 && !strcmp(read_file("/tmp/popen"), "to a command\n"), "it got it");
	check(&c, popen("true", "x") == NULL && errno == EINVAL, "how?");
	check(&c, pclose(stdout) == -1 && errno == ECHILD, "no command");
	checks_report(&c, "system and popen");
}

/* Offsets are those of what was opened, however many names it has. */
static void test_offsets(void)
{
	struct checks c = {0};
	int fd, copy;
	char byte = 0;

	write_file("/tmp/offsets", "abcdefgh", 0644);
	fd = open("/tmp/offsets", O_RDONLY);
	copy = dup(fd);
	check(&c, read(fd, &byte, 1) == 1 && byte == 'a', "one");
	check(&c, read(copy, &byte, 1) == 1 && byte == 'b', "the other goes on");
	char text[12];
	snprintf(text, sizeof(text), "%d", fd);
	exits_with(&c, child("read", text), 'c', "a child, too");
	check(&c, read(fd, &byte, 1) == 1 && byte == 'd', "and the parent behind it");
	check(&c, lseek(copy, 0, SEEK_CUR) == 4, "offset");
	close(fd);
	close(copy);
	checks_report(&c, "offsets are shared");
}

/* ---- children: this program with words */

static int exec_way(const char *how)
{
	char *argv[] = {myself, (char[]){"end"}, (char[]){"42"}, NULL};
	char *envp[] = {(char[]){"PATH=/nowhere:/bin"}, NULL};

	if (!strcmp(how, "execv"))
		execv(myself, argv);
	if (!strcmp(how, "execve"))
		execve(myself, argv, envp);
	if (!strcmp(how, "execl"))
		execl(myself, myself, "end", "42", (char *)NULL);
	if (!strcmp(how, "execle"))
		execle(myself, myself, "variable", "WORD=value of it", (char *)NULL,
			(char *[]){(char[]){"WORD=value of it"}, NULL});
	if (!strcmp(how, "execlp"))
		execlp("test-processes", myself, "end", "42", (char *)NULL);
	if (!strcmp(how, "execvp"))
		execvp("test-processes", argv);
	if (!strcmp(how, "fexecve"))
		fexecve(open(myself, O_RDONLY), argv, envp);
	return errno;
}

static int exec_descriptors(void)
{
	char text[12];
	int kept = open(myself, O_RDONLY), closed = open(myself, O_RDONLY | O_CLOEXEC);

	lseek(kept, 100, SEEK_SET);
	snprintf(text, sizeof(text), "%d", kept * 1000 + closed);
	umask(031);
	chdir("/tmp");
	execl(myself, myself, "has", text, (char *)NULL);
	return 1;
}

static int has(int both)
{
	char path[100];

	if (lseek(both / 1000, 0, SEEK_CUR) != 100 || lseek(both % 1000, 0, SEEK_CUR) != -1 || errno != EBADF)
		return 2;
	if (umask(0) != 031 || !getcwd(path, sizeof(path)) || strcmp(path, "/tmp"))
		return 3;
	return 42;
}

static int exec_handlers(void)
{
	signal(SIGUSR1, note);
	signal(SIGUSR2, SIG_IGN);
	execl(myself, myself, "handlers", (char *)NULL);
	return 1;
}

static int handlers(void)
{
	struct sigaction one, two;

	sigaction(SIGUSR1, NULL, &one);
	sigaction(SIGUSR2, NULL, &two);
	if (one.sa_handler != SIG_DFL || two.sa_handler != SIG_IGN)
		return 2;
	kill(getpid(), SIGUSR2);
	return 42;
}

static int exec_pending(void)
{
	sigset_t set = 0;

	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR2);
	execl(myself, myself, "pending", (char *)NULL);
	return 1;
}

static int pending(void)
{
	sigset_t set = 0, now;

	sigpending(&set);
	sigprocmask(SIG_BLOCK, NULL, &now);
	if (!sigismember(&set, SIGUSR1) || !sigismember(&set, SIGUSR2))
		return 2;
	if (!sigismember(&now, SIGUSR1) || sigismember(&now, SIGTERM))
		return 3;
	signal(SIGUSR1, note);
	signal(SIGUSR2, note);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return count == 2 ? 42 : 4;
}

static int exec_fails(void)
{
	pid_t pid = getpid(), parent = getppid();
	char *argv[] = {myself, NULL}, *too_many[2000];
	static char long_word[200];
	struct sigaction action;

	signal(SIGUSR1, note);
	memset(long_word, 'x', sizeof(long_word) - 1);
	for (int i = 0; i < 1999; i++)
		too_many[i] = long_word;
	too_many[1999] = NULL;
	for (int i = 0; i < 5; i++) {
		if (execv("/nothing", argv) != -1 || errno != ENOENT)
			return 1;
		if (execv("/etc/motd", argv) != -1 || errno != EACCES)
			return 2;
		if (execv("/bin", argv) != -1 || (errno != EISDIR && errno != EACCES))
			return 3;
		if (execv(myself, too_many) != -1 || errno != E2BIG)
			return 4;
		if (execvp("nothing", argv) != -1 || errno != ENOENT)
			return 5;
		if (fexecve(99, argv, environ) != -1 || errno != EBADF)
			return 6;
		kill(pid, SIGUSR1);
		if (count != i + 1)
			return 7;
	}
	sigaction(SIGUSR1, NULL, &action);
	if (action.sa_handler != note || getpid() != pid || getppid() != parent)
		return 8;
	pid_t of_mine = child("end", "9");
	int status = status_of(of_mine);
	return WIFEXITED(status) && WEXITSTATUS(status) == 9 ? 42 : 9;
}

static void *spin(void *argument)
{
	(void)argument;
	for (;;)
		continue;
	return NULL;
}

static int exec_threads(void)
{
	pthread_t thread;

	signal(SIGUSR1, note);
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, spin, NULL);
	execl(myself, myself, "end", "42", (char *)NULL);
	return 1;
}

static int chain(const char *left, const char *first)
{
	char less[12], number[12];
	static char pid[40];

	snprintf(number, sizeof(number), "%d", getpid());
	if (first && strcmp(first, number))
		return 1;
	if (atoi(left) == 0)
		return 0;
	snprintf(less, sizeof(less), "%d", atoi(left) - 1);
	strcpy(pid, number);
	execl(myself, myself, "chain", less, pid, (char *)NULL);
	return 2;
}

static int arguments(char **words)
{
	FILE *file = fopen("/tmp/arguments", "w");

	for (; file && *words; words++)
		fprintf(file, "%s\n", *words);
	return !file || fclose(file);
}

/* A child of one that has ended belongs to the first program. */
static int orphan(void)
{
	pid_t pid = child("sleep", "100000"), inner;

	inner = child("leaves", NULL);
	return pid > 0 && inner > 0 && !WEXITSTATUS(status_of(inner)) ? 0 : 1;
}

static int take_signal(int number)
{
	sigset_t set = 0, now = 0;
	int got = 0;

	sigprocmask(SIG_BLOCK, NULL, &now);
	if (!sigismember(&now, number))
		return 1;
	sigaddset(&set, number);
	sigwait(&set, &got);
	return got;
}

/* ---- the first thread's stack */

enum { WORDS = 500, WORD = 200, GUARD = 16 * PAGE_SIZE };

static bool can_read(uintptr_t at)
{
	uint8_t byte;

	return process_read(own_process(), at, &byte, 1) == 1;
}

/* It lies below the data, with nothing between; it is as large as it is said to be, and nothing is below it. */
static int stack(char **words)
{
	static int data = 1;
	struct rlimit limit;
	uintptr_t top = (uintptr_t)&data & -PAGE_SIZE, bottom = (uintptr_t)&limit & -PAGE_SIZE, at;

	for (int i = 2; i < 2 + WORDS; i++)
		if (!words[i] || strlen(words[i]) != WORD - 1)
			return 1;
	for (at = bottom; at < top; at += PAGE_SIZE)
		if (!can_read(at))
			return 2;
	while (can_read(bottom - PAGE_SIZE))
		bottom -= PAGE_SIZE;
	if (getrlimit(RLIMIT_STACK, &limit) || top - bottom < limit.rlim_cur)
		return 3;
	*(volatile char *)bottom = 1;
	for (at = bottom - GUARD; at < bottom; at += PAGE_SIZE)
		if (can_read(at))
			return 4;
	return 42;
}

static void test_stack(void)
{
	char word[WORD] = "", *argv[2 + WORDS + 1] = {myself, (char[]){"stack"}};
	pid_t pid = -1;

	memset(word, 'x', sizeof(word) - 1);
	for (int i = 0; i < WORDS; i++)
		argv[2 + i] = word;
	ktap_equal(posix_spawn(&pid, myself, NULL, NULL, argv, environ), 0, "a program with many arguments");
	int status = status_of(pid);
	ktap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 42, "its stack, with the data: %#x",
		(unsigned)status);
}

static int be_child(char **words)
{
	const char *what = words[1], *argument = words[2];
	int number = argument ? atoi(argument) : 0;
	struct sigaction action;

	if (!strcmp(what, "end"))
		return number;
	if (!strcmp(what, "sleep")) {
		usleep(argument ? (useconds_t)number : 20000000);
		return 0;
	}
	if (!strcmp(what, "parent"))
		return getppid() != number;
	if (!strcmp(what, "group"))
		return getpgrp() != number;
	if (!strcmp(what, "leader"))
		return getpgrp() != getpid();
	if (!strcmp(what, "ignores"))
		return sigaction(number, NULL, &action) || action.sa_handler != SIG_IGN;
	if (!strcmp(what, "takes"))
		return take_signal(number);
	if (!strcmp(what, "leaves"))
		return child("sleep", "1000") < 0;
	if (!strcmp(what, "orphan"))
		return orphan();
	if (!strcmp(what, "chain"))
		return chain(argument, words[3]);
	if (!strcmp(what, "has"))
		return has(number);
	if (!strcmp(what, "handlers"))
		return handlers();
	if (!strcmp(what, "pending"))
		return pending();
	if (!strcmp(what, "variable"))
		return getenv("WORD") && !strcmp(getenv("WORD"), "value of it") ? 42 : 1;
	if (!strcmp(what, "stack"))
		return stack(words);
	if (!strncmp(what, "arguments", 9))
		return arguments(words);
	if (!strcmp(what, "read")) {
		char byte = 0;

		return read(number, &byte, 1) == 1 ? byte : 1;
	}
	if (!strcmp(what, "execvp")) {
		execlp(argument, argument, (char *)NULL);
		return errno;
	}
	if (strcmp(what, "exec"))
		return 99;
	if (!strcmp(argument, "descriptors"))
		return exec_descriptors();
	if (!strcmp(argument, "handlers"))
		return exec_handlers();
	if (!strcmp(argument, "pending"))
		return exec_pending();
	if (!strcmp(argument, "fails"))
		return exec_fails();
	if (!strcmp(argument, "threads"))
		return exec_threads();
	return exec_way(argument);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return be_child(argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(10);
	test_numbers();
	test_wait();
	test_attributes();
	test_exec();
	test_exec_signals();
	test_scripts();
	test_commands();
	test_offsets();
	test_stack();
	return ktap_end();
}
