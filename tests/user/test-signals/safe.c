/* Calls that a handler may make too, whatever it interrupts: each is interrupted by handlers that make all of them. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { HANDLERS = 60, HANDLERS_LEAST = 5 };

/* In a handler this may be the end of one that was just forked. */
static bool wait_for_any(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno == ECHILD;
}

/* A handler may have waited for it first. */
static bool fork_and_wait(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && (waitpid(pid, NULL, 0) == pid || errno == ECHILD);
}

static bool kill_nobody(void)
{
	return kill(getpid(), 0) == 0 && kill(9999999, 0) == -1 && errno == ESRCH;
}

static bool change_action(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN}, old;

	return sigaction(SIGUSR1, &action, &old) == 0 && sigaction(SIGUSR1, NULL, &old) == 0 &&
	       old.sa_handler == SIG_IGN;
}

static bool change_mask(void)
{
	sigset_t set, old, pending;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigprocmask(SIG_BLOCK, &set, &old) == 0 && sigpending(&pending) == 0 &&
	       sigprocmask(SIG_SETMASK, &old, NULL) == 0;
}

static bool send_ignored(void)
{
	return raise(SIGCHLD) == 0 && kill(getpid(), SIGCHLD) == 0;
}

static bool open_and_close(void)
{
	int fd = open("/dev/null", O_RDWR), other = dup(fd);
	struct stat stat;
	bool good = fstat(fd, &stat) == 0 && write(other, "x", 1) == 1 && lseek(fd, 0, SEEK_CUR) >= 0 &&
		    fcntl(other, F_SETFD, FD_CLOEXEC) == 0;

	return close(fd) == 0 && close(other) == 0 && good;
}

static bool use_pipe(void)
{
	int ends[2];
	char byte = 0;
	bool good =
		pipe(ends) == 0 && write(ends[1], "y", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'y';

	return close(ends[0]) == 0 && close(ends[1]) == 0 && good;
}

static bool use_names(void)
{
	struct stat stat_of;

	return mkdir("/tmp/safe/d", 0700) + rmdir("/tmp/safe/d") >= -2 && access("/tmp/safe", W_OK) == 0 &&
	       chdir("/tmp/safe") == 0 && stat(".", &stat_of) == 0 && unlink("none") == -1 && errno == ENOENT;
}

static bool look_at_clocks(void)
{
	struct timespec time, none = {0};
	struct pollfd input = {.fd = -1};

	return clock_gettime(CLOCK_MONOTONIC, &time) == 0 &&
	       (nanosleep(&none, NULL) == 0 || errno == EINTR) && poll(&input, 1, 0) == 0;
}

static const struct {
	const char *name;
	bool (*call)(void);
} calls[] = {{"waitpid", wait_for_any}, {"fork", fork_and_wait}, {"kill", kill_nobody},
	{"sigaction", change_action}, {"sigprocmask", change_mask}, {"raise", send_ignored},
	{"open", open_and_close}, {"pipe", use_pipe}, {"mkdir", use_names}, {"nanosleep", look_at_clocks}};

static unsigned interrupted, in_handler = COUNT(calls); /* what is being called */
static volatile bool over, wrong_in_handler;
static volatile unsigned long progress; /* handlers, and what they have interrupted */

static void call_all(int number)
{
	unsigned long rest = timer_rest();

	(void)number;
	for (in_handler = 0; in_handler < COUNT(calls); in_handler++)
		if (calls[in_handler].call != fork_and_wait && !calls[in_handler].call())
			wrong_in_handler = true;
	count++;
	progress++;
	timer_go_on_after(rest);
}

/* If somebody waits for what he has himself, nobody else can tell. */
static void *watch(void *unused)
{
	unsigned long before = progress;

	for (uint64_t until = now() + PATIENCE; !over && now() < until; usleep(10000))
		if (progress != before)
			before = progress, until = now() + PATIENCE;
	if (!over) {
		printf("# %s never ends, with %s in a handler\n", calls[interrupted].name,
			in_handler < COUNT(calls) ? calls[in_handler].name : "nothing");
		fflush(stdout);
		_exit(1);
	}
	return unused;
}

/* A machine that takes long to begin a handler, which then rests as long, gets fewer of them. */
static void interrupt(struct checks *c)
{
	uint64_t until = now() + SECOND;

	catch_with(SIGALRM, call_all, SA_RESTART);
	timer_start(100, 100 + random_below(100));
	while (count < HANDLERS_LEAST || (count < HANDLERS && now() < until)) {
		if (!check(c, calls[interrupted].call(), "%s: %s", calls[interrupted].name, strerror(errno)))
			break;
		progress++;
	}
	timer_start(0, 0);
}

void test_safe(void)
{
	struct checks c = {0};
	sigset_t all, before;
	pthread_t watcher;

	mkdir("/tmp/safe", 0700);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	check(&c, !pthread_create(&watcher, NULL, watch, NULL), "a watcher");
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (interrupted = 0; interrupted < COUNT(calls); interrupted++)
		interrupt(&c);
	check(&c, !wrong_in_handler, "what handlers call succeeds");
	over = true;
	pthread_join(watcher, NULL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	chdir("/");
	rmdir("/tmp/safe");
	checks_report(&c, "calls that handlers make in the middle of any of them");
}
