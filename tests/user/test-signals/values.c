/* Signals with a value, as sigqueue sends them: all come, in order, to whoever takes them; how many can wait; exec keeps them. */
#include "signals.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>

enum { VALUES = 10 };

static siginfo_t infos[VALUES];

static void note_value(int number, siginfo_t *info, void *context)
{
	(void)context;
	last = number;
	if (count < VALUES)
		infos[count] = *info;
	count++;
}

static void catch_values(int number, int flags)
{
	struct sigaction action = {.sa_sigaction = note_value, .sa_flags = SA_SIGINFO | flags};

	count = last = 0;
	sigaction(number, &action, NULL);
}

static int queue_to(pid_t pid, int number, long value)
{
	return sigqueue(pid, number, (union sigval){.sival_ptr = (void *)value});
}

static void check_info(struct checks *c, const siginfo_t *info, int number, pid_t from, long value)
{
	check(c, info->si_signo == number && info->si_code == SI_QUEUE, "signal %d, code %d", info->si_signo,
		info->si_code);
	check(c, info->si_pid == from, "from %d, not %d", (int)info->si_pid, (int)from);
	check(c, (long)info->si_value.sival_ptr == value, "value %ld, not %ld",
		(long)info->si_value.sival_ptr, value);
}

/* To this program, and from a child of it. */
static void queue_all(struct checks *c, pid_t to, int number)
{
	for (long i = 0; i < VALUES; i++)
		check(c, queue_to(to, number, -i) == 0, "send %ld: %d", i, errno);
}

void test_values(void)
{
	struct checks c = {0};
	sigset_t set = 1u << SIGUSR1, old;
	pid_t pid, self = getpid();
	int status = 0;

	catch_values(SIGUSR1, 0);
	check(&c, queue_to(self, SIGUSR1, INT64_MAX) == 0 && count == 1, "%d at once", count);
	check_info(&c, &infos[0], SIGUSR1, self, INT64_MAX);
	sigprocmask(SIG_BLOCK, &set, &old);
	count = 0;
	queue_all(&c, self, SIGUSR1);
	check(&c, kill(self, SIGUSR1) == 0 && count == 0, "%d while it is blocked", count);
	sigprocmask(SIG_SETMASK, &old, NULL);
	check(&c, count == VALUES, "%d in the end", count);
	for (int i = 0; i < VALUES; i++)
		check_info(&c, &infos[i], SIGUSR1, self, -i);
	count = 0;
	pid = fork();
	if (pid == 0) {
		queue_all(&c, self, SIGUSR1);
		_exit(c.failed != 0);
	}
	for (uint64_t until = now() + PATIENCE; (count < VALUES || !last) && now() < until;)
		usleep(1000);
	for (int i = 0; i < VALUES; i++)
		check_info(&c, &infos[i], SIGUSR1, pid, -i);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	check(&c, status == 0 && count == VALUES, "a child has sent all: %#x, %d", status, count);
	kill(self, SIGUSR1);
	check(&c, count == VALUES + 1, "one without a value");
	signal(SIGUSR1, SIG_DFL);
	checks_report(&c, "signals with values come one by one, in their order");
}

/* By who waits for them, and by handlers that want no value. */
void test_values_taken(void)
{
	struct checks c = {0};
	sigset_t set = 1u << SIGUSR2, old;
	siginfo_t info = {0};
	const struct timespec none = {0};
	int number = 0;

	sigprocmask(SIG_BLOCK, &set, &old);
	queue_all(&c, getpid(), SIGUSR2);
	check(&c, sigwaitinfo(&set, &info) == SIGUSR2, "the first");
	check_info(&c, &info, SIGUSR2, getpid(), 0);
	check(&c, sigwait(&set, &number) == 0 && number == SIGUSR2, "another");
	check(&c, sigtimedwait(&set, NULL, &none) == SIGUSR2, "another");
	for (long i = 3; i < VALUES; i++) {
		check(&c, sigtimedwait(&set, &info, &none) == SIGUSR2, "signal %ld", i);
		check_info(&c, &info, SIGUSR2, getpid(), -i);
	}
	check(&c, sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN, "no more");
	queue_all(&c, getpid(), SIGUSR2);
	catch_with(SIGUSR2, note, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	check(&c, count == VALUES, "%d calls of a handler", count);
	signal(SIGUSR2, SIG_IGN);
	for (long i = 0; i < 2 * sysconf(_SC_SIGQUEUE_MAX); i++)
		check(&c, queue_to(getpid(), SIGUSR2, i) == 0, "ignored %ld", i);
	signal(SIGUSR2, SIG_DFL);
	checks_report(&c, "whoever takes them");
}

void test_values_refused(void)
{
	struct checks c = {0};
	sigset_t set = 1u << SIGUSR1, old;
	long most = sysconf(_SC_SIGQUEUE_MAX), sent = 0;
	pid_t pid;

	check(&c, most >= 32, "%ld", most);
	sigprocmask(SIG_BLOCK, &set, &old);
	catch_values(SIGUSR1, 0);
	while (sent <= most && queue_to(getpid(), SIGUSR1, sent) == 0)
		sent++;
	check(&c, sent == most && errno == EAGAIN, "%ld sent: %d", sent, errno);
	sigprocmask(SIG_SETMASK, &old, NULL);
	check(&c, count == most, "%d came", count);
	check(&c, queue_to(getpid(), SIGUSR1, 0) == 0 && count == most + 1, "and another");
	signal(SIGUSR1, SIG_DFL);
	check(&c, queue_to(99998, SIGUSR1, 0) == -1 && errno == ESRCH, "nobody");
	check(&c, queue_to(-1, SIGUSR1, 0) == -1 && errno == ESRCH, "no group");
	check(&c, queue_to(getpid(), NSIG, 0) == -1 && errno == EINVAL, "no signal");
	check(&c, queue_to(1, SIGKILL, 0) == -1 && errno == EPERM, "init");
	check(&c, queue_to(getpid(), 0, 0) == 0, "only asked");
	pid = child("sleep", NULL);
	check(&c, queue_to(pid, SIGTERM, 1) == 0 && status_of(pid) == SIGTERM, "not caught");
	check(&c, status_of(child("values", NULL)) == 0, "kept through exec");
	checks_report(&c, "values that can't be queued, and other programs");
}

int be_queued(bool again)
{
	sigset_t set = 1u << SIGUSR1;
	siginfo_t info;
	char *words[] = {myself, (char[]){"values"}, (char[]){"1"}, NULL};
	struct checks c = {0};

	if (!again) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		queue_all(&c, getpid(), SIGUSR1);
		execv(myself, words);
		return 99;
	}
	for (int i = 0; i < VALUES; i++)
		if (sigwaitinfo(&set, &info) == SIGUSR1)
			check_info(&c, &info, SIGUSR1, getpid(), -i);
	return c.failed ? 1 : 0;
}
