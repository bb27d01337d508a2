/*
 * Programs that are stopped and go on, what their parents hear of that, sessions, and who may have the terminal. Children are
 * this program, forked.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <tabula/protocol/program.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 150, THREADS = 4 };

static int ends[2]; /* a pipe that children write to as long as they run */

static endpoint_handle programs(void)
{
	return (endpoint_handle){startup_handle(STARTUP_PROGRAMS).value};
}

/* ---- children */

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		run();
		_exit(0);
	}
	return pid;
}

/*
 * One that has a group of its own, as the job of a shell has, both before it runs and before anything is sent to it: in
 * the group that the test began with nobody is stopped by a signal of the terminal.
 */
static pid_t start_job(void (*run)(void))
{
	pid_t pid = fork();

	(void)setpgid(pid, pid);
	if (pid == 0) {
		run();
		_exit(0);
	}
	return pid;
}

static void tick(void)
{
	for (;;) {
		(void)!write(ends[1], "x", 1);
		usleep(200);
	}
}

static void spin(void)
{
	for (;;)
		continue;
}

/* ---- looking at them */

static int wait_for(pid_t pid, int options)
{
	int status = -1;
	pid_t result;

	do
		result = waitpid(pid, &status, options);
	while (result < 0 && errno == EINTR);
	return result == pid ? status : -1;
}

static void drain(void)
{
	char bytes[512];

	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		continue;
}

/* Whether somebody has written to the pipe, which is looked at for a while unless it is so. */
static bool comes(unsigned for_ms)
{
	char byte;
	uint64_t until = now() + for_ms * MS;

	while (now() < until) {
		if (read(ends[0], &byte, 1) == 1)
			return true;
		usleep(500);
	}
	return false;
}

/* The same from now on. */
static bool ticks(unsigned for_ms)
{
	drain();
	return comes(for_ms);
}

static bool is_stop(int status, int number)
{
	return status != -1 && WIFSTOPPED(status) && WSTOPSIG(status) == number;
}

static bool stops_by(pid_t pid, int number)
{
	return is_stop(wait_for(pid, WUNTRACED), number);
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)wait_for(pid, 0);
}

/* ---- stopping and going on */

static void test_stop(void)
{
	struct checks c = {0};
	pid_t pid = start_job(tick);
	int status;

	check(&c, ticks(5000), "it runs");
	check(&c, !kill(pid, SIGSTOP), "kill");
	check(&c, wait_for(pid, WNOHANG) == -1, "who did not ask for it hears nothing");
	check(&c, stops_by(pid, SIGSTOP), "it has stopped");
	check(&c, wait_for(pid, WNOHANG | WUNTRACED) == -1, "which is told once");
	check(&c, !ticks(30), "and does nothing");
	check(&c, !kill(pid, SIGTSTP) && wait_for(pid, WNOHANG | WUNTRACED) == -1, "not twice");
	check(&c, !kill(pid, SIGCONT), "go on");
	status = wait_for(pid, WCONTINUED);
	check(&c, WIFCONTINUED(status) && !WIFSTOPPED(status) && !WIFSIGNALED(status) && !WIFEXITED(status),
		"it goes on: %#x", status);
	check(&c, wait_for(pid, WNOHANG | WCONTINUED) == -1, "told once");
	check(&c, ticks(5000), "it runs again");
	check(&c, !kill(pid, SIGCONT) && wait_for(pid, WNOHANG | WCONTINUED | WUNTRACED) == -1,
		"SIGCONT to one that runs");
	check(&c, !kill(pid, SIGSTOP) && stops_by(pid, SIGSTOP), "again");
	check(&c, !kill(pid, SIGTERM) && wait_for(pid, WNOHANG) == -1, "SIGTERM waits");
	check(&c, !kill(pid, SIGCONT), "until it goes on");
	status = wait_for(pid, 0);
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "by SIGTERM: %#x", status);
	pid = start_job(spin);
	check(&c, !kill(pid, SIGSTOP) && stops_by(pid, SIGSTOP), "one that waits for nothing");
	check(&c, !kill(pid, SIGKILL), "SIGKILL");
	status = wait_for(pid, 0);
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "at once: %#x", status);
	checks_report(&c, "a program stops, and goes on");
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled = handled + 1;
}

static void stop_oneself(int number)
{
	struct sigaction action = {.sa_handler = handle};

	sigaction(number, &action, NULL);
	raise(number); /* caught */
	signal(number, SIG_IGN);
	raise(number); /* ignored */
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_BLOCK, &(sigset_t){1ul << number}, NULL);
	kill(getpid(), number);
	usleep(1000);
	handled = handled + 10;
	sigprocmask(SIG_UNBLOCK, &(sigset_t){1ul << number}, NULL);
	_exit(handled);
}

static void stop_by_terminal(void)
{
	stop_oneself(SIGTSTP);
}

static void stop_by_raise(void)
{
	raise(SIGSTOP);
	pthread_kill(pthread_self(), SIGSTOP);
	_exit(5);
}

static void stop_when_nobody_cares(void)
{
	setsid();
	raise(SIGTSTP);
	kill(getpid(), SIGTTIN);
	_exit(7);
}

static void test_by_itself(void)
{
	struct checks c = {0};
	pid_t pid = start_job(stop_by_terminal);
	int status;

	status = wait_for(pid, WUNTRACED);
	check(&c, is_stop(status, SIGTSTP), "raised: %#x", status);
	kill(pid, SIGCONT);
	status = wait_for(pid, WUNTRACED);
	check(&c, is_stop(status, SIGTSTP), "unblocked: %#x", status);
	kill(pid, SIGCONT);
	status = wait_for(pid, 0);
	check(&c, WIFEXITED(status) && WEXITSTATUS(status) == 11, "caught once: %#x", status);
	pid = start_job(stop_by_raise);
	check(&c, stops_by(pid, SIGSTOP), "SIGSTOP");
	kill(pid, SIGCONT);
	check(&c, stops_by(pid, SIGSTOP), "to a thread");
	kill(pid, SIGCONT);
	status = wait_for(pid, 0);
	check(&c, WIFEXITED(status) && WEXITSTATUS(status) == 5, "and on: %#x", status);
	pid = start(stop_when_nobody_cares);
	status = wait_for(pid, WUNTRACED);
	check(&c, WIFEXITED(status) && WEXITSTATUS(status) == 7, "an orphaned group is not stopped: %#x",
		status);
	checks_report(&c, "a program stops itself");
}

/* ---- together with handlers: what stops a program meets what the program does with its own threads */

_Noreturn static void *count_threads(void *argument)
{
	(void)argument;
	for (;;)
		usleep(100);
}

static void be_busy(void)
{
	pthread_t thread;
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, count_threads, NULL))
			_exit(1);
	(void)!write(ends[1], "x", 1); /* from now on SIGUSR1 does not end it */
	for (int seen = 0;;) {
		if (handled != seen) {
			seen = handled;
			(void)!write(ends[1], "x", 1);
		}
		usleep(50);
	}
}

static void test_handlers(void)
{
	struct checks c = {0};
	pid_t pid;

	drain();
	pid = start_job(be_busy);
	check(&c, comes(20000), "it runs");
	for (int round = 0; round < ROUNDS && !c.failed; round++) {
		kill(pid, SIGUSR1);
		if (random_below(2))
			usleep((useconds_t)random_below(300));
		kill(pid, SIGSTOP);
		check(&c, stops_by(pid, SIGSTOP), "round %d: it stops", round);
		if (random_below(2))
			kill(pid, SIGUSR1);
		kill(pid, SIGCONT);
		check(&c, WIFCONTINUED(wait_for(pid, WCONTINUED)), "round %d: it goes on", round);
	}
	drain();
	kill(pid, SIGUSR1);
	check(&c, comes(20000), "its handlers are called as before");
	end(pid);
	checks_report(&c, "again and again, while handlers run in a program of several threads");
}

/* ---- what the parent hears */

static siginfo_t heard;
static volatile sig_atomic_t times_heard;

static void hear(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	heard = *info;
	times_heard = times_heard + 1;
}

static bool hears(int times)
{
	uint64_t until = now() + PATIENCE;

	while (times_heard < times && now() < until)
		usleep(1000);
	return times_heard == times;
}

static void send_to_parent(void)
{
	kill(getppid(), SIGUSR2);
	usleep(20000000);
}

static void exit_with_three(void)
{
	_exit(3);
}

static void test_siginfo(void)
{
	struct checks c = {0};
	struct sigaction action = {.sa_sigaction = hear, .sa_flags = SA_SIGINFO | SA_RESTART};
	pid_t pid;

	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	times_heard = 0;
	pid = start_job(exit_with_three);
	check(&c, hears(1) && heard.si_pid == pid && heard.si_code == CLD_EXITED && heard.si_status == 3,
		"exited: %d %d %d", heard.si_pid, heard.si_code, heard.si_status);
	(void)wait_for(pid, 0);
	pid = start_job(spin);
	kill(pid, SIGSTOP);
	check(&c,
		hears(2) && heard.si_pid == pid && heard.si_code == CLD_STOPPED && heard.si_status == SIGSTOP,
		"stopped: %d %d %d", heard.si_pid, heard.si_code, heard.si_status);
	kill(pid, SIGCONT);
	check(&c, hears(3) && heard.si_code == CLD_CONTINUED && heard.si_status == SIGCONT, "continued: %d",
		heard.si_code);
	action.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &action, NULL);
	kill(pid, SIGSTOP);
	check(&c, stops_by(pid, SIGSTOP), "stopped again");
	kill(pid, SIGCONT);
	kill(pid, SIGKILL);
	check(&c, hears(4) && heard.si_code == CLD_KILLED && heard.si_status == SIGKILL,
		"only of its end: %d %d", heard.si_code, heard.si_status);
	(void)wait_for(pid, 0);
	pid = start_job(send_to_parent);
	check(&c,
		hears(5) && heard.si_signo == SIGUSR2 && heard.si_pid == pid && heard.si_uid == 0 &&
			heard.si_code == SI_USER,
		"sent: %d %d", heard.si_pid, heard.si_code);
	raise(SIGUSR2);
	check(&c, hears(6) && heard.si_pid == getpid() && heard.si_code == SI_USER, "raised: %d",
		heard.si_pid);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	end(pid);
	checks_report(&c, "who sent a signal, and what became of a child");
}

static void test_sigwait(void)
{
	struct checks c = {0};
	sigset_t set = 1ul << SIGUSR2;
	siginfo_t info = {0};
	pid_t pid;

	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = start_job(send_to_parent);
	check(&c, sigwaitinfo(&set, &info) == SIGUSR2 && info.si_pid == pid, "sigwaitinfo: %d", info.si_pid);
	end(pid);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	checks_report(&c, "sigwaitinfo tells it, too");
}

/* ---- sessions, and the terminal: the console stands aside, so it is the process server that is asked */

static long set_foreground(uint32_t group)
{
	long result;

	do
		result = program_set_foreground(programs(), group);
	while (result == -EINTR);
	return result;
}

static void leave_and_take(void)
{
	bool right = getsid(0) != getpid() && setsid() == getpid() && getsid(0) == getpid() &&
		     getpgrp() == getpid() && setsid() == -1 && errno == EPERM && setpgid(0, 0) == -1 &&
		     errno == EPERM;

	right = right && program_foreground(programs()) == -EPERM &&
		program_set_foreground(programs(), (uint32_t)getpid()) == -EPERM &&
		program_set_foreground(programs(), (uint32_t)getsid(getppid())) == -EPERM &&
		setpgid(0, getpgid(getppid())) == -1 && errno == EPERM;
	_exit(right ? 0 : 1);
}

static void take_from_background(void)
{
	setpgid(0, 0);
	_exit(set_foreground((uint32_t)getpid()) ? 1 : 0);
}

static void take_though_it_was_told(void)
{
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	_exit(set_foreground((uint32_t)getpid()) ? 1 : 0);
}

static void read_from_background(void)
{
	setpgid(0, 0);
	_exit(program_may_read(programs()) == -EINTR && program_may_read(programs()) == -EINTR ? 0 : 1);
}

static void read_though_it_was_told(void)
{
	setpgid(0, 0);
	signal(SIGTTIN, SIG_IGN);
	_exit(program_may_read(programs()) == -EIO ? 0 : 1);
}

static void be_hostile(void)
{
	setpgid(0, 0);
	_exit(program_signal_foreground(programs(), SIGKILL, DEADLINE_NEVER) == -EPERM &&
				program_set_foreground(programs(), 0) == -EPERM &&
				program_set_foreground(programs(), 1) == -EPERM &&
				program_set_foreground(programs(), 99999) == -EPERM &&
				program_stop(programs(), SIGTERM) == -EINVAL &&
				program_stop(programs(), 1000) == -EINVAL
			? 0
			: 1);
}

static int run(void (*what)(void))
{
	return wait_for(start(what), 0);
}

static void test_terminal(void)
{
	struct checks c = {0};
	long before = program_foreground(programs());
	pid_t pid;

	check(&c, before > 0 && getpgrp() == before, "this runs in the foreground: %ld", before);
	check(&c, program_may_read(programs()) == 0, "and may read");
	check(&c, run(leave_and_take) == 0, "another session has nothing to say about the terminal");
	check(&c, run(be_hostile) == 0, "nor do others");
	check(&c, program_foreground(programs()) == before, "so it is as it was");
	pid = start(read_from_background);
	check(&c, stops_by(pid, SIGTTIN), "a read in the background");
	kill(pid, SIGCONT);
	check(&c, stops_by(pid, SIGTTIN), "and again");
	kill(pid, SIGCONT);
	check(&c, wait_for(pid, 0) == 0, "with -EINTR");
	check(&c, run(read_though_it_was_told) == 0, "who ignores that gets -EIO");
	pid = start(take_from_background);
	check(&c, stops_by(pid, SIGTTOU), "taking it in the background");
	check(&c, !set_foreground((uint32_t)pid) && program_foreground(programs()) == pid, "is for others");
	kill(pid, SIGCONT);
	check(&c, wait_for(pid, 0) == 0, "it is in the foreground now");
	signal(SIGTTOU, SIG_IGN);
	check(&c, !set_foreground((uint32_t)before), "back");
	signal(SIGTTOU, SIG_DFL);
	check(&c, run(take_though_it_was_told) == 0, "who ignores SIGTTOU may");
	signal(SIGTTOU, SIG_IGN);
	check(&c, !set_foreground((uint32_t)before), "and back");
	signal(SIGTTOU, SIG_DFL);
	checks_report(&c, "sessions, and who may have the terminal");
}

static void leave_a_stopped_child(void)
{
	pid_t pid = start_job(tick);

	kill(pid, SIGSTOP);
	_exit(stops_by(pid, SIGSTOP) ? 0 : 1);
}

static void test_orphans(void)
{
	struct checks c = {0};
	struct program_info info = {0};
	uint64_t until = now() + PATIENCE;
	bool there = true;

	check(&c, run(leave_a_stopped_child) == 0, "a parent that ends");
	while (there && now() < until) {
		there = false;
		for (info.pid = 0; program_next(programs(), info.pid, &info) == 0;)
			there |= info.state == PROGRAM_STATE_STOPPED;
		usleep(1000);
	}
	check(&c, !there, "its stopped child has got SIGHUP, and gone on to meet it");
	checks_report(&c, "a stopped group that nobody could let go on");
}

static void test_servers(void)
{
	struct checks c = {0};
	struct program_info info = {0};
	uint32_t last = 0;

	while (program_next(programs(), last, &info) == 0 && info.pid != (uint32_t)getsid(0)) {
		last = info.pid;
		check(&c, kill((pid_t)last, SIGSTOP) == (last == 1 ? -1 : 0), "%s", info.name);
	}
	check(&c, !kill(getsid(0), SIGSTOP), "the shell");
	for (info.pid = 0; program_next(programs(), info.pid, &info) == 0;)
		check(&c, info.state == PROGRAM_STATE_RUNNING, "%s still runs", info.name);
	checks_report(&c, "servers and the first shell are not stopped");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(8);
	random_start(argc > 1 ? argv[1] : NULL);
	if (pipe(ends) || fcntl(ends[0], F_SETFL, O_NONBLOCK) || fcntl(ends[1], F_SETFL, O_NONBLOCK))
		return 1;
	test_stop();
	test_by_itself();
	test_handlers();
	test_siginfo();
	test_sigwait();
	test_terminal();
	test_orphans();
	test_servers();
	return ktap_end();
}
