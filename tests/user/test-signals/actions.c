/*
 * What a signal does when it comes: nothing, a handler, the end. Errors of those who ask, handlers in each other, and signals
 * that wait because they are blocked.
 */
#include "signals.h"

#include <errno.h>

static volatile int seen_errno;

void test_actions(void)
{
	struct checks c = {0};
	struct sigaction action, ignore = {.sa_handler = SIG_IGN};

	check(&c, sigaction(0, NULL, &action) == -1 && errno == EINVAL, "signal 0");
	check(&c, sigaction(NSIG, NULL, &action) == -1 && errno == EINVAL, "signal 32");
	check(&c, sigaction(SIGKILL, &ignore, NULL) == -1 && errno == EINVAL, "SIGKILL");
	check(&c, sigaction(SIGSTOP, &ignore, NULL) == -1 && errno == EINVAL, "SIGSTOP");
	check(&c, !sigaction(SIGKILL, NULL, &action) && action.sa_handler == SIG_DFL, "may be asked");
	check(&c, signal(SIGUSR1, note) == SIG_DFL && signal(SIGUSR1, SIG_IGN) == note,
		"signal tells the old one");
	check(&c, !raise(SIGUSR1) && count == 0, "ignored");
	check(&c, signal(SIGUSR1, SIG_DFL) == SIG_IGN, "and again");
	check(&c, signal(SIGUSR1, SIG_ERR) == SIG_ERR && errno == EINVAL, "no handler");
	check(&c, raise(NSIG) == -1 && errno == EINVAL && raise(-1) == -1, "no signal to raise");
	check(&c, kill(getpid(), NSIG) == -1 && errno == EINVAL, "nor to send");
	check(&c, !raise(SIGCHLD) && !raise(SIGWINCH) && !kill(getpid(), SIGURG) && !kill(getpid(), 0),
		"harmless ones");
	check(&c, kill(77777, SIGTERM) == -1 && errno == ESRCH, "nobody");
	checks_report(&c, "what signals do, and errors");
}

static void nest(int number)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	nested = sigismember(&now, number) | sigismember(&now, SIGUSR2) << 1;
	count++;
	if (count == 1) {
		raise(SIGUSR1); /* stays pending */
		seen_errno = count;
		raise(SIGTERM); /* comes at once */
	}
}

void test_raise(void)
{
	struct checks c = {0};
	struct sigaction action = {.sa_handler = nest}, old;
	sigset_t mask;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	catch_with(SIGTERM, note, 0);
	errno = 77;
	check(&c, !raise(SIGUSR1), "raise");
	check(&c, errno == 77, "errno is the program's: %d", errno);
	check(&c, nested == 3, "blocked in the handler: %d", nested);
	check(&c, seen_errno == 1 && count == 3, "handlers in each other: %d, %d", seen_errno, count);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	check(&c, mask == 0, "nothing is blocked behind it: %#lx", mask);

	action.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &action, NULL);
	count = 5;
	raise(SIGUSR1);
	check(&c, nested == 2, "not deferred: %d", nested);
	catch_with(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	check(&c, count == 1 && old.sa_handler == SIG_DFL, "once only");
	signal(SIGTERM, SIG_DFL);
	checks_report(&c, "handlers of what a thread raises");
}

void test_masks(void)
{
	struct checks c = {0};
	sigset_t set, old, pending;

	catch_with(SIGUSR1, note, 0);
	sigemptyset(&set);
	check(&c, !sigaddset(&set, SIGUSR1) && sigismember(&set, SIGUSR1) == 1 && !sigismember(&set, SIGINT),
		"a set");
	check(&c, sigaddset(&set, NSIG) == -1 && sigdelset(&set, 0) == -1 && sigismember(&set, -1) == -1,
		"no signals");
	check(&c, !sigprocmask(SIG_BLOCK, &set, &old) && old == 0, "block");
	check(&c, sigprocmask(9, &set, NULL) == -1 && errno == EINVAL, "how?");
	for (int i = 0; i < 3; i++)
		kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	check(&c, count == 0 && !sigpending(&pending) && sigismember(&pending, SIGUSR1), "pending");
	check(&c, !sigprocmask(SIG_UNBLOCK, &set, NULL) && count >= 1 && count <= 2, "delivered at once: %d",
		count);
	check(&c, !sigpending(&pending) && !pending, "no more");

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigprocmask(SIG_BLOCK, NULL, &old);
	check(&c, !sigismember(&old, SIGKILL) && !sigismember(&old, SIGSTOP) && sigismember(&old, SIGINT),
		"what can't be blocked: %#lx", old);
	kill(getpid(), SIGTERM);
	check(&c, !sigpending(&pending) && sigismember(&pending, SIGTERM),
		"one that would end the program waits");
	signal(SIGTERM, SIG_IGN);
	check(&c, !sigpending(&pending) && !pending, "and goes when it is ignored");
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	count = 0;
	for (int i = 1; i <= 100; i++) {
		kill(getpid(), SIGUSR1);
		if (!check(&c, count == i, "kill returns after %d of %d handlers", count, i))
			break;
	}
	signal(SIGUSR1, SIG_DFL);
	checks_report(&c, "what is blocked waits");
}
