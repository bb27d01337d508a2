/*
 * Real-time signals: each is queued, also one of kill and raise; the lowest number comes first, those of one number in the
 * order in which they were sent. How many fit, and what becomes of them over fork and exec, and in threads.
 */
#include "signals.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

enum { EACH = 4, MOST = 256, FLOOD = 400 };

static siginfo_t infos[MOST];
static sigset_t realtime, before;

static void note_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	last = number;
	if (count < MOST)
		infos[count] = *info;
	count++;
}

static void catch_realtime(int number, const sigset_t *mask)
{
	struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO, .sa_mask = *mask};

	count = last = 0;
	sigaction(number, &action, NULL);
}

static int queue_to(pid_t pid, int number, long value)
{
	return sigqueue(pid, number, (union sigval){.sival_ptr = (void *)value});
}

static long value_of(const siginfo_t *info)
{
	return (long)info->si_value.sival_ptr;
}

/* Blocks all of them, and has none caught. */
static void begin(void)
{
	sigemptyset(&realtime);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(&realtime, number);
	sigprocmask(SIG_BLOCK, &realtime, &before);
}

/* Nothing is left of what was sent. */
static void end(struct checks *c)
{
	const struct timespec none = {0};

	check(c, sigtimedwait(&realtime, NULL, &none) == -1 && errno == EAGAIN, "something is left");
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		signal(number, SIG_DFL);
}

static int status_of_fork(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

/* ---- order */

static const int numbers[] = {SIGRTMAX, SIGRTMIN + 3, SIGRTMIN, SIGRTMAX - 1, SIGRTMIN + 17, SIGRTMIN + 1};

static void send_all(struct checks *c)
{
	for (long i = 0; i < EACH; i++)
		for (unsigned at = 0; at < COUNT(numbers); at++)
			check(c, !queue_to(getpid(), numbers[at], i), "%d: send %ld", numbers[at], i);
}

static void check_order(struct checks *c)
{
	for (int i = 0; i < (int)COUNT(numbers) * EACH; i++) {
		const siginfo_t *one = &infos[i];

		check(c, one->si_code == SI_QUEUE && one->si_pid == getpid() && value_of(one) == i % EACH,
			"%d: signal %d, code %d, value %ld", i, one->si_signo, one->si_code, value_of(one));
		if (i > 0)
			check(c, one->si_signo - one[-1].si_signo >= (i % EACH ? 0 : 1), "%d: %d after %d", i,
				one->si_signo, one[-1].si_signo);
	}
}

void test_realtime_order(void)
{
	struct checks c = {0};
	sigset_t pending;

	begin();
	send_all(&c);
	check(&c, !sigpending(&pending), "what is pending");
	for (unsigned at = 0; at < COUNT(numbers); at++)
		check(&c, sigismember(&pending, numbers[at]) == 1, "%d is", numbers[at]);
	check(&c, sigismember(&pending, SIGRTMIN + 2) == 0 && !sigismember(&pending, SIGUSR1),
		"nothing else");
	for (unsigned at = 0; at < COUNT(numbers); at++)
		catch_realtime(numbers[at], &realtime);
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	check(&c, count == EACH * COUNT(numbers), "%d handlers have run", count);
	check_order(&c);
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	send_all(&c);
	memset(infos, 0, sizeof(infos));
	for (unsigned i = 0; i < EACH * COUNT(numbers); i++)
		check(&c, sigwaitinfo(&realtime, &infos[i]) == infos[i].si_signo, "%u: waited for", i);
	check_order(&c);
	sigpending(&pending);
	check(&c, !(pending & realtime), "none is pending");
	end(&c);
	checks_report(&c, "real-time signals come by their numbers, and in order");
}

/* ---- those without a value */

static void check_codes(struct checks *c, int number, int code, pid_t from, const char *how)
{
	check(c, count == EACH, "%s: %d came", how, count);
	for (int i = 0; i < count && i < EACH; i++)
		check(c,
			infos[i].si_signo == number && infos[i].si_code == code && infos[i].si_pid == from &&
				!value_of(&infos[i]),
			"%s: code %d, from %d", how, infos[i].si_code, (int)infos[i].si_pid);
	count = 0;
}

void test_realtime_kill(void)
{
	struct checks c = {0};
	const int number = SIGRTMIN + 5;
	pid_t self = getpid(), pid;

	begin();
	catch_realtime(number, &realtime);
	for (int i = 0; i < EACH; i++)
		check(&c, !kill(self, number), "kill");
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	check_codes(&c, number, SI_USER, self, "kill");
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	for (int i = 0; i < EACH; i++)
		check(&c, !raise(number), "raise");
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	check_codes(&c, number, SI_USER, self, "raise");
	for (int i = 0; i < EACH; i++)
		check(&c, !raise(number) && count == i + 1, "raise at once: %d", count);
	check_codes(&c, number, SI_USER, self, "raise at once");
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	pid = fork();
	if (pid == 0) {
		sigset_t pending, mask;

		sigpending(&pending);
		sigprocmask(SIG_BLOCK, NULL, &mask);
		for (int i = 0; i < EACH; i++)
			kill(self, number);
		_exit((pending & realtime) || !sigismember(&mask, number));
	}
	check(&c, status_of_fork(pid) == 0, "a child, with the mask and nothing pending");
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	check_codes(&c, number, SI_USER, pid, "a child that has ended");
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	end(&c);
	checks_report(&c, "kill, raise, and a sender that has ended");
}

/* ---- actions */

void test_realtime_actions(void)
{
	struct checks c = {0};
	char number[4];
	struct sigaction action;

	for (int at = SIGRTMIN; at <= SIGRTMAX; at += SIGRTMAX - SIGRTMIN) {
		snprintf(number, sizeof(number), "%d", at);
		check(&c, status_of(child("raise", number)) == at, "%d ends a program", at);
		check(&c, status_of(child("blocked", number)) == at, "%d does when it is unblocked", at);
	}
	pid_t pid = child("sleep", NULL);
	check(&c, !kill(pid, SIGRTMAX) && status_of(pid) == SIGRTMAX, "another");
	pid = child("sleep", NULL);
	check(&c, !queue_to(pid, SIGRTMIN + 9, 1) && status_of(pid) == SIGRTMIN + 9, "with a value");
	begin();
	for (int i = 0; i < EACH; i++)
		check(&c, !kill(getpid(), SIGRTMIN) && !raise(SIGRTMIN), "send");
	signal(SIGRTMIN, SIG_IGN); /* what is pending is forgotten */
	for (long i = 0; i < 3 * SIGQUEUE_MAX; i++)
		check(&c, !queue_to(getpid(), SIGRTMIN, i) && !kill(getpid(), SIGRTMIN), "ignored %ld", i);
	catch_realtime(SIGRTMIN, &realtime);
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	check(&c, count == 0, "%d were not ignored", count);
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	action = (struct sigaction){.sa_handler = note, .sa_flags = SA_RESETHAND};
	sigaction(SIGRTMIN, &action, NULL);
	count = 0;
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	kill(getpid(), SIGRTMIN);
	check(&c, count == 1 && !sigaction(SIGRTMIN, NULL, &action) && action.sa_handler == SIG_DFL, "once");
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	check(&c, kill(getpid(), SIGRTMAX + 1) == -1 && errno == EINVAL, "no signal to kill");
	check(&c, queue_to(getpid(), SIGRTMAX + 1, 0) == -1 && errno == EINVAL, "none to sigqueue");
	check(&c, pthread_kill(pthread_self(), SIGRTMAX + 1) == EINVAL, "none to pthread_kill");
	check(&c, sigaction(SIGRTMAX + 1, NULL, &action) == -1 && errno == EINVAL, "none to sigaction");
	check(&c, sigaddset(&realtime, SIGRTMAX + 1) == -1 && sigismember(&realtime, NSIG) == -1,
		"in no set");
	end(&c);
	checks_report(&c, "what they do by default, ignored, once");
}

/* ---- how many there can be */

/* Sends until no more fits, and tells how many did. */
static int fill(pid_t to)
{
	int sent = 0;

	while (sent <= 2 * SIGQUEUE_MAX &&
		!(sent % 2 ? kill(to, SIGRTMIN + 1) : queue_to(to, SIGRTMIN + 1, 7)))
		sent++;
	return errno == EAGAIN ? sent : 255;
}

void test_realtime_full(void)
{
	struct checks c = {0};
	pid_t self = getpid();
	int all = 0, last_one = -1;
	siginfo_t info;
	const struct timespec none = {0};

	check(&c, sysconf(_SC_SIGQUEUE_MAX) == SIGQUEUE_MAX && SIGQUEUE_MAX >= _POSIX_SIGQUEUE_MAX, "limits");
	check(&c, sysconf(_SC_RTSIG_MAX) == RTSIG_MAX && RTSIG_MAX == SIGRTMAX - SIGRTMIN + 1, "of numbers");
	check(&c, sysconf(_SC_REALTIME_SIGNALS) >= 200809, "there are some");
	begin();
	for (int sender = 0; sender < 10 && last_one; sender++) {
		pid_t pid = sender ? fork() : self;

		if (!pid)
			_exit(fill(self));
		last_one = sender ? WEXITSTATUS(status_of_fork(pid)) : fill(self);
		check(&c, sender || last_one == SIGQUEUE_MAX, "%d of one", last_one);
		check(&c, last_one <= SIGQUEUE_MAX, "%d of another", last_one);
		all += last_one;
	}
	check(&c, all > SIGQUEUE_MAX && !last_one, "%d fit, of several", all);
	check(&c, kill(self, SIGRTMIN) == -1 && errno == EAGAIN, "not another");
	check(&c, !kill(self, 0) && !raise(SIGRTMIN), "what is not queued there");
	pid_t pid = fork();
	if (pid == 0)
		_exit(fill(getpid()) != SIGQUEUE_MAX);
	check(&c, status_of_fork(pid) == 0, "others have their own");
	check(&c, sigwaitinfo(&realtime, &info) == SIGRTMIN, "the lowest");
	for (int i = 0; i < all; i++)
		check(&c, sigtimedwait(&realtime, &info, &none) == SIGRTMIN + 1, "%d of %d", i, all);
	check(&c, !kill(self, SIGRTMIN) && sigwaitinfo(&realtime, &info) == SIGRTMIN, "there is room again");
	end(&c);
	checks_report(&c, "how many are queued");
}

/* ---- exec */

/* Queues some, for itself and its thread, and becomes a program that finds them. */
int be_realtime(bool again)
{
	char *words[] = {myself, (char[]){"realtime"}, (char[]){"1"}, NULL};
	const struct timespec none = {0};
	siginfo_t info;

	sigemptyset(&realtime);
	sigaddset(&realtime, SIGRTMIN);
	sigaddset(&realtime, SIGRTMAX);
	if (!again) {
		sigprocmask(SIG_SETMASK, &realtime, NULL);
		for (long i = 0; i < EACH; i++)
			if (queue_to(getpid(), SIGRTMAX, i) || kill(getpid(), SIGRTMIN) || raise(SIGRTMIN))
				return 98;
		execv(myself, words);
		return 97;
	}
	sigprocmask(SIG_BLOCK, NULL, &before);
	if (before != realtime)
		return 96;
	for (int i = 0; i < 2 * EACH; i++)
		if (sigwaitinfo(&realtime, &info) != SIGRTMIN || info.si_code != SI_USER)
			return 1 + i;
	for (int i = 0; i < EACH; i++)
		if (sigwaitinfo(&realtime, &info) != SIGRTMAX || value_of(&info) != i)
			return 21 + i;
	return sigtimedwait(&realtime, &info, &none) == -1 ? 0 : 95;
}

void test_realtime_exec(void)
{
	struct checks c = {0};
	int status = status_of(child("realtime", NULL));

	check(&c, status == 0, "%#x", status);
	checks_report(&c, "exec keeps them");
}

/* ---- a flood from another program, whatever is done meanwhile */

static long expected, wrong;

static void note_flood(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (value_of(info) != expected)
		wrong++;
	expected++;
	count++;
}

static void note_nothing(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
}

static _Noreturn void flood(pid_t to)
{
	for (long i = 0; i < FLOOD;) {
		if (!queue_to(to, SIGRTMIN + 2, i))
			i++;
		else if (errno == EAGAIN)
			usleep(100);
		else
			_exit(1);
	}
	_exit(0);
}

/* Another signal, again and again, so that all threads are looked at while one is about to call a handler itself. */
static _Noreturn void disturb(pid_t whom)
{
	while (!kill(whom, SIGUSR2))
		usleep(200); /* or one hart would do nothing else */
	_exit(1);
}

void test_realtime_flood(void)
{
	struct checks c = {0};
	pid_t disturber;
	struct sigaction action = {.sa_sigaction = note_flood, .sa_flags = SA_SIGINFO | SA_RESTART};
	pid_t self = getpid(), pid;

	begin();
	count = 0;
	expected = wrong = 0;
	sigaction(SIGRTMIN + 2, &action, NULL);
	action.sa_sigaction = note_nothing;
	sigaction(SIGUSR2, &action, NULL);
	pid = fork();
	if (pid == 0)
		flood(self);
	disturber = fork();
	if (disturber == 0)
		disturb(self);
	for (uint64_t until = now() + PATIENCE; count < FLOOD && now() < until;) {
		sigprocmask(SIG_UNBLOCK, &realtime, NULL);
		(void)getppid(); /* a call to the server that sends them */
		sigprocmask(SIG_BLOCK, &realtime, NULL);
	}
	check(&c, status_of_fork(pid) == 0, "all were sent");
	kill(disturber, SIGKILL);
	check(&c, status_of_fork(disturber) == SIGKILL, "it disturbs until it is ended");
	signal(SIGUSR2, SIG_DFL);
	check(&c, count == FLOOD && wrong == 0, "%d came, %ld out of turn", count, wrong);
	end(&c);
	checks_report(&c, "a flood comes in order, blocked and unblocked");
}

/* ---- threads */

enum { THREADS = 4 };

static uint32_t taken[FLOOD];

static void *take(void *argument)
{
	siginfo_t info;
	long mine = 0;

	(void)argument;
	while (sigwaitinfo(&realtime, &info) == SIGRTMIN + 2) {
		__atomic_fetch_add(&taken[value_of(&info)], 1, __ATOMIC_SEQ_CST);
		mine++;
	}
	return (void *)mine;
}

void test_realtime_threads(void)
{
	struct checks c = {0};
	pthread_t threads[THREADS];
	void *some;
	long all = 0;
	pid_t self = getpid(), pid;

	begin();
	memset(taken, 0, sizeof(taken));
	for (int i = 0; i < THREADS; i++)
		check(&c, !pthread_create(&threads[i], NULL, take, NULL), "a thread");
	pid = fork();
	if (pid == 0)
		flood(self);
	check(&c, status_of_fork(pid) == 0, "all were sent");
	for (int i = 0; i < THREADS; i++)
		while (kill(
			self, SIGRTMAX)) /* one of the threads ends; of a higher number, so it comes last */
			usleep(100);
	for (int i = 0; i < THREADS; i++) {
		check(&c, !pthread_join(threads[i], &some), "it ends");
		all += (long)some;
	}
	check(&c, all == FLOOD, "%ld were taken", all);
	for (int i = 0; i < FLOOD; i++)
		check(&c, taken[i] == 1, "%d: taken %u times", i, taken[i]);
	for (int i = 0; i < EACH; i++)
		check(&c,
			!pthread_create(&threads[i], NULL, take, NULL) &&
				!pthread_kill(threads[i], SIGRTMAX - i) && !pthread_join(threads[i], &some) &&
				!some,
			"to one thread alone");
	end(&c);
	checks_report(&c, "threads that wait for them take each once");
}

/* ---- handlers on top of others */

static int begun[2]; /* a pipe by which the handler tells that it runs */

static void wait_in_handler(int number)
{
	(void)!write(begun[1], "b", 1);
	for (uint64_t until = now() + PATIENCE; nested == 0 && now() < until;)
		continue;
	last = number;
	count++;
}

static void interrupt_it(int number)
{
	nested = number;
}

/* A child that sends another signal when the handler runs. */
static pid_t begin_interrupter(pid_t to, int first)
{
	char byte;
	pid_t pid = fork();

	if (pid)
		return pid;
	_exit((first && kill(to, first)) || read(begun[0], &byte, 1) != 1 || kill(to, SIGRTMIN + 7));
}

void test_realtime_nested(void)
{
	struct checks c = {0};
	pid_t self = getpid(), pid;

	check(&c, !pipe(begun), "a pipe");
	begin();
	nested = 0;
	catch_with(SIGRTMIN + 7, interrupt_it, 0);
	catch_with(SIGRTMIN + 6, wait_in_handler, 0);
	sigprocmask(SIG_UNBLOCK, &realtime, NULL);
	pid = begin_interrupter(self, SIGRTMIN + 6);
	for (uint64_t until = now() + PATIENCE; count == 0 && now() < until;)
		usleep(1000);
	check(&c, count == 1 && nested == SIGRTMIN + 7, "a handler on top of another: %d", nested);
	check(&c, status_of_fork(pid) == 0, "both are sent");
	nested = 0;
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	kill(self, SIGRTMIN + 6);
	pid = begin_interrupter(self, 0);
	sigprocmask(SIG_UNBLOCK, &realtime, NULL); /* the thread calls the first itself */
	check(&c, count == 2 && nested == SIGRTMIN + 7, "on top of one that was pending: %d", nested);
	check(&c, status_of_fork(pid) == 0, "another is sent");
	sigprocmask(SIG_BLOCK, &realtime, NULL);
	end(&c);
	close(begun[0]);
	close(begun[1]);
	checks_report(&c, "a handler that is interrupted by another");
}

/* ---- names */

void test_realtime_names(void)
{
	struct checks c = {0};
	char name[SIG2STR_MAX];
	int number;

	for (int i = 1; i < NSIG; i++)
		check(&c, !sig2str(i, name) && !str2sig(name, &number) && number == i, "%d: %s", i, name);
	check(&c, !sig2str(SIGRTMIN + 3, name) && !strcmp(name, "RTMIN+3"), "%s", name);
	check(&c, !sig2str(SIGRTMAX - 1, name) && !strcmp(name, "RTMAX-1"), "%s", name);
	check(&c, !str2sig("RTMIN+31", &number) && number == SIGRTMAX, "RTMIN+31");
	check(&c, !str2sig("RTMAX-31", &number) && number == SIGRTMIN, "RTMAX-31");
	check(&c, !str2sig("63", &number) && number == SIGRTMAX, "a number");
	static const char *const none[] = {"RTMIN+32", "RTMAX-32", "RTMAX+1", "RTMIN-1", "RTMIN+", "RTMIN+x",
		"RTMI", "64", "0", "", "TERMX", "-1", "SIGTERM"};
	for (unsigned i = 0; i < COUNT(none); i++)
		check(&c, str2sig(none[i], &number) == -1, "'%s'", none[i]);
	check(&c, sig2str(0, name) == -1 && sig2str(NSIG, name) == -1, "no names");
	check(&c, !strcmp(strsignal(SIGRTMIN + 2), "Real-time signal 2"), "%s", strsignal(SIGRTMIN + 2));
	check(&c, !strcmp(strsignal(SIGTERM), "Terminated"), "%s", strsignal(SIGTERM));
	check(&c, !strcmp(strsignal(99), "Unknown signal 99"), "%s", strsignal(99));
	checks_report(&c, "names");
}
