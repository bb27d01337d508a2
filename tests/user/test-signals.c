/* Signals of POSIX: handlers, masks, what interrupts which call, exceptions. Children are this program again. */
#include "suite.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { STORM_BYTES = 300000, STORM_CHILDREN = 30 };

static char myself[] = "/bin/test-signals";
static volatile sig_atomic_t count, last, nested;
static volatile int seen_errno;

static volatile unsigned long period_wanted;

static void timer_set_once(unsigned long time)
{
	struct itimerval value = {.it_value = {(time_t)(time / 1000000), (suseconds_t)(time % 1000000)}};

	setitimer(ITIMER_REAL, &value, NULL);
}

static void timer_go_on(void)
{
	if (period_wanted)
		timer_set_once(period_wanted);
}

static void note(int number)
{
	count++;
	last = number;
	timer_go_on();
	errno = ENOTSUP;
}

static void catch_with(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	count = last = 0;
	sigaction(number, &action, NULL);
}

static pid_t start(char *const argv[])
{
	pid_t pid = -1;
	int error = posix_spawn(&pid, myself, NULL, NULL, argv, environ);

	return error ? -error : pid;
}

static pid_t child(const char *what, const char *argument)
{
	char *argv[] = {myself, (char *)(uintptr_t)what, (char *)(uintptr_t)argument, NULL};

	return start(argv);
}

static int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/*
 * SIGALRM after `first` microseconds, and `period` after each handler has begun: not so that handlers are all that there is
 * time for, on a machine that is busy with others.
 */
static void timer_start(unsigned long first, unsigned long period)
{
	period_wanted = period;
	timer_set_once(first);
}

/* ---- actions and masks */

static void test_actions(void)
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

static void test_raise(void)
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

static void test_masks(void)
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

/* ---- from outside: the thread is somewhere */

static volatile bool came;

static void come(int number)
{
	(void)number;
	volatile double junk[8];

	for (int i = 0; i < 8; i++)
		junk[i] = 1.5 * i;
	came = junk[1] > 1;
}

/*
 * Fills all registers that a program can fill, spins until the signal has come, and counts those that differ. a0: address of
 * `came`; the result: how many differ.
 */
long spin(volatile bool *flag, void *save);
__asm__("	.text\n"
	"	.globl	spin\n"
	"spin:\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11\n"
	"	sd	s\\i, 8 * \\i(a1)\n"
	"	fsd	fs\\i, 96 + 8 * \\i(a1)\n"
	"	.endr\n"
	"	sd	ra, 192(a1)\n"
	"	li	ra, 1001\n"
	"	.irp	r, t0,t1,t2,t3,t4,t5,t6,a2,a3,a4,a5,a6,a7,s0,s1,s2,s3,s4,s5,s6,s7,s8,s9,s10,s11\n"
	"	addi	\\r, ra, 7\n"
	"	mv	ra, \\r\n"
	"	.endr\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fmv.d.x	f\\i, ra\n"
	"	addi	ra, ra, 3\n"
	"	.endr\n"
	"	fsrmi	2\n"
	"1:	lbu	ra, 0(a0)\n"
	"	beqz	ra, 1b\n"
	"	li	a0, 0\n"
	"	li	ra, 1001\n"
	"	.irp	r, t0,t1,t2,t3,t4,t5,t6,a2,a3,a4,a5,a6,a7,s0,s1,s2,s3,s4,s5,s6,s7,s8,s9,s10,s11\n"
	"	addi	ra, ra, 7\n"
	"	beq	\\r, ra, 2f\n"
	"	addi	a0, a0, 1\n"
	"2:\n"
	"	.endr\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fmv.x.d	t0, f\\i\n"
	"	beq	t0, ra, 2f\n"
	"	addi	a0, a0, 1\n"
	"2:	addi	ra, ra, 3\n"
	"	.endr\n"
	"	frrm	t0\n"
	"	addi	t0, t0, -2\n"
	"	beqz	t0, 2f\n"
	"	addi	a0, a0, 1\n"
	"2:	fsrmi	0\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11\n"
	"	ld	s\\i, 8 * \\i(a1)\n"
	"	fld	fs\\i, 96 + 8 * \\i(a1)\n"
	"	.endr\n"
	"	ld	ra, 192(a1)\n"
	"	ret\n");

static void test_registers(void)
{
	struct checks c = {0};
	static uint64_t save[25];

	catch_with(SIGALRM, come, 0);
	for (int i = 0; i < 200; i++) {
		came = false;
		timer_start(100 + (unsigned long)i, 0);
		long wrong = spin(&came, save);
		if (!check(&c, wrong == 0, "%ld registers changed in round %d", wrong, i))
			break;
	}
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "a handler in the middle of anything changes no register");
}

static void count_in(int number, siginfo_t *info, void *context)
{
	ucontext_t *where = context;

	(void)number;
	count++;
	timer_go_on();
	if (info->si_signo != SIGALRM || where->uc_mcontext.x[1] == 0)
		nested = 99;
}

static void test_many(void)
{
	struct checks c = {0};
	struct sigaction action = {.sa_sigaction = count_in, .sa_flags = SA_SIGINFO};
	volatile unsigned long sum = 0;
	uint64_t until = now() + PATIENCE;

	count = nested = 0;
	sigaction(SIGALRM, &action, NULL);
	timer_start(200, 200);
	while (count < 200 && now() < until) {
		char *block = malloc(100);
		char text[64];

		snprintf(text, sizeof(text), "%lu %f", sum, 1.5);
		sum += strlen(text);
		free(block);
	}
	timer_start(0, 0);
	check(&c, count >= 200, "%d came", count);
	check(&c, nested != 99, "what they interrupt is told");
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "a storm of signals while the library works");
}

/* ---- calls that wait */

static int pipe_ends[2];
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static long wait_sleep(void)
{
	struct timespec length = {20, 0}, left = {0};
	long result = nanosleep(&length, &left);

	return left.tv_sec >= 10 && left.tv_sec < 20 ? result : 7;
}

static long wait_read(void)
{
	char byte;

	return read(pipe_ends[0], &byte, 1);
}

static long wait_write(void)
{
	static char bytes[100000];
	long result;

	do
		result = write(pipe_ends[1], bytes, sizeof(bytes));
	while (result > 0); /* what fits has been written, and is told */
	return result;
}

static long wait_semaphore(void)
{
	return sem_wait(&semaphore);
}

static long wait_any_child(void)
{
	return waitpid(-1, NULL, 0);
}

static long wait_pause(void)
{
	return pause();
}

static long wait_suspend(void)
{
	sigset_t none = 0;

	return sigsuspend(&none);
}

static void test_interrupted(void)
{
	struct checks c = {0};
	static const struct {
		const char *name;
		long (*wait)(void);
	} calls[] = {{"nanosleep", wait_sleep}, {"read", wait_read}, {"write", wait_write},
		{"sem_wait", wait_semaphore}, {"waitpid", wait_any_child}, {"pause", wait_pause},
		{"sigsuspend", wait_suspend}};
	pid_t sleeper = child("sleep", NULL);

	check(&c, !pipe(pipe_ends) && !sem_init(&semaphore, 0, 0) && sleeper > 0, "things to wait for");
	for (unsigned i = 0; i < COUNT(calls); i++) {
		for (int round = 0; round < 5; round++) {
			catch_with(SIGALRM, note, 0);
			errno = 0;
			timer_start(round < 3 ? 3000 : 150,
				3000); /* again and again: the first may come before it waits */
			long result = calls[i].wait();
			timer_start(0, 0);
			check(&c, result == -1 && errno == EINTR && count >= 1, "%s: %ld, %s, %d signals",
				calls[i].name, result, strerror(errno), count);
		}
	}
	kill(sleeper, SIGKILL);
	status_of(sleeper);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "each call that waits returns EINTR");
}

static void feed(int number)
{
	count++;
	timer_go_on();
	if (count == 3)
		(void)!write(pipe_ends[1], "x", 1);
	(void)number;
}

static void post(int number)
{
	count++;
	timer_go_on();
	if (count == 3)
		sem_post(&semaphore);
	(void)number;
}

static pid_t sleeper;

static void end_sleeper(int number)
{
	count++;
	timer_go_on();
	if (count == 4)
		kill(sleeper, SIGKILL);
	(void)number;
}

static void test_restarted(void)
{
	struct checks c = {0};
	char byte = 0;
	int status = -1;

	pipe(pipe_ends);
	catch_with(SIGALRM, feed, SA_RESTART);
	timer_start(1000, 1000);
	check(&c, read(pipe_ends[0], &byte, 1) == 1 && byte == 'x' && count >= 3, "read after %d signals",
		count);
	timer_start(0, 0); /* another one could come between the count and the next handler */
	sleeper = child("sleep", NULL);
	catch_with(SIGALRM, end_sleeper, SA_RESTART);
	timer_start(1000, 1000);
	check(&c, waitpid(sleeper, &status, 0) == sleeper && count > 3, "waitpid after %d signals", count);
	timer_start(0, 0);
	catch_with(SIGALRM, post, SA_RESTART);
	timer_start(1000, 1000);
	check(&c, !sem_wait(&semaphore) && count >= 3, "sem_wait after %d signals", count);
	timer_start(0, 0);
	check(&c, !siginterrupt(SIGALRM, 1), "siginterrupt");
	timer_start(2000, 2000);
	check(&c, read(pipe_ends[0], &byte, 1) == -1 && errno == EINTR, "interrupts now");
	timer_start(0, 0);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "with SA_RESTART they go on");
}

/* What a pipe carries is whole, however often those at both ends are interrupted. */
static void test_pipe_storm(int flags, const char *what)
{
	struct checks c = {0};
	posix_spawn_file_actions_t actions;
	char *argv[] = {myself, (char[]){"bytes"}, flags ? (char[]){"restart"} : NULL, NULL};
	pid_t writer;
	long next = 0, got;
	static unsigned char bytes[5000];

	check(&c, !pipe(pipe_ends) && !posix_spawn_file_actions_init(&actions), "a pipe");
	posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
	check(&c, !posix_spawn(&writer, myself, &actions, NULL, argv, environ), "a writer");
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_ends[1]);
	catch_with(SIGALRM, note, flags);
	timer_start(300, 300);
	while ((got = read(pipe_ends[0], bytes, 1 + (size_t)next % sizeof(bytes))) != 0) {
		if (got < 0 && check(&c, errno == EINTR && !flags, "%s", strerror(errno)))
			continue;
		if (got < 0)
			break;
		for (long i = 0; i < got; i++, next++)
			if (bytes[i] != next % 251) {
				check(&c, false, "byte %ld is %d", next, bytes[i]);
				got = 0;
				break;
			}
		if (got == 0)
			break;
	}
	timer_start(0, 0);
	check(&c, next == STORM_BYTES, "%ld bytes", next);
	close(pipe_ends[0]);
	check(&c, status_of(writer) == 0, "the writer");
	check(&c, count > 0, "no signal came");
	ktap_diagnose("%d signals", count);
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, what);
}

/* The other end of that. */
static int write_bytes(bool restart)
{
	static unsigned char bytes[7000];
	long next = 0;

	catch_with(SIGALRM, note, restart ? SA_RESTART : 0);
	timer_start(270, 270);
	while (next < STORM_BYTES) {
		size_t size = 1 + (size_t)next % sizeof(bytes);

		if (size > (size_t)(STORM_BYTES - next))
			size = (size_t)(STORM_BYTES - next);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)((next + (long)i) % 251);

		long done = write(1, bytes, size);

		if (done > 0)
			next += done;
		else if (restart || errno != EINTR)
			return 1;
	}
	return 0;
}

static int reaped;

static void reap(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		reaped++;
}

static void test_children(void)
{
	struct checks c = {0};
	sigset_t set, none = 0;
	int started = 0;

	catch_with(SIGCHLD, reap, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (int i = 0; i < STORM_CHILDREN; i++)
		started += child("end", "0") > 0;
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (reaped < started)
		sigsuspend(&none);
	check(&c, started == STORM_CHILDREN && reaped == started, "%d started, %d waited for", started,
		reaped);
	check(&c, waitpid(-1, NULL, 0) == -1 && errno == ECHILD, "none is left");

	/* Nobody waits for children of one that ignores the signal. */
	signal(SIGCHLD, SIG_IGN);
	pid_t pid = child("end", "0");
	check(&c, pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == ECHILD, "not waited for");
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_NOCLDWAIT};
	count = 0;
	sigaction(SIGCHLD, &action, NULL);
	pid = child("end", "0");
	check(&c, pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == ECHILD, "nor with SA_NOCLDWAIT");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (int i = 0; i < 1000 && count == 0; i++)
		usleep(1000);
	check(&c, count > 0, "but it is told");
	signal(SIGCHLD, SIG_DFL);
	checks_report(&c, "a storm of SIGCHLD, every child waited for once");
}

/* Makes a pipe that nobody reads. The server hears of the end of a handle a moment later. */
static void break_pipe(void)
{
	signal(SIGPIPE, SIG_IGN);
	pipe(pipe_ends);
	close(pipe_ends[0]);
	while (write(pipe_ends[1], "x", 1) == 1)
		sched_yield();
	signal(SIGPIPE, SIG_DFL);
}

static void test_pipe_signal(void)
{
	struct checks c = {0};
	int status;

	break_pipe();
	catch_with(SIGPIPE, note, 0);
	check(&c, write(pipe_ends[1], "x", 1) == -1 && errno == EPIPE && count == 1, "caught: %d", count);
	signal(SIGPIPE, SIG_IGN);
	check(&c, write(pipe_ends[1], "x", 1) == -1 && errno == EPIPE, "ignored");
	signal(SIGPIPE, SIG_DFL);
	close(pipe_ends[1]);
	status = status_of(child("pipe", NULL));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "it ends the program: %#x", status);
	checks_report(&c, "a pipe that nobody reads");
}

/* ---- exceptions */

static sigjmp_buf out;
static volatile uintptr_t fault_address;
static volatile int fault_code;

static void leave(int number, siginfo_t *info, void *context)
{
	(void)context;
	last = number;
	fault_address = (uintptr_t)info->si_addr;
	fault_code = info->si_code;
	siglongjmp(out, 1);
}

static void skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *where = context;

	last = number;
	fault_address = (uintptr_t)info->si_addr;
	where->uc_mcontext.pc += 4;
	where->uc_mcontext.x[9] = 4711; /* a0 */
}

static void again(int number, siginfo_t *info, void *context);

static void catch_fault(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	last = 0;
	sigaction(number, &action, NULL);
}

static __attribute__((noinline)) long load(uintptr_t address)
{
	register long a0 __asm__("a0") = (long)address;

	__asm__ volatile(".option push\n\t.option norvc\n\tld a0, 0(a0)\n\t.option pop" : "+r"(a0));
	return a0;
}

/* Its signal is blocked meanwhile. */
static void again(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	load(8);
}

static __attribute__((noinline)) int deepen(int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return depth > 1000000 ? 0 : deepen(depth + 1) + room[0];
}

static void *fault_in_thread(void *argument)
{
	(void)argument;
	return (void *)load(0x30);
}

static void test_faults(void)
{
	struct checks c = {0};
	static _Alignas(16) char other[SIGSTKSZ];
	stack_t stack = {.ss_sp = other, .ss_size = sizeof(other)}, old;
	sigset_t mask;
	pthread_t thread;
	void *value;

	catch_fault(SIGSEGV, leave, 0);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(out, 1) == 0) {
			load(0x1000 + 8 * (uintptr_t)i);
			check(&c, false, "it went on");
		}
		check(&c,
			last == SIGSEGV && fault_address == 0x1000 + 8 * (uintptr_t)i &&
				fault_code == SEGV_MAPERR,
			"signal %d at %#lx", (int)last, fault_address);
	}
	sigprocmask(SIG_BLOCK, NULL, &mask);
	check(&c, mask == 0, "nothing blocked after siglongjmp");
	catch_fault(SIGSEGV, skip, 0);
	check(&c, load(0x20) == 4711 && last == SIGSEGV && fault_address == 0x20,
		"a handler that goes on elsewhere");
	check(&c,
		!pthread_create(&thread, NULL, fault_in_thread, NULL) && !pthread_join(thread, &value) &&
			value == (void *)4711 && fault_address == 0x30,
		"in another thread");
	catch_fault(SIGILL, leave, 0);
	if (sigsetjmp(out, 1) == 0)
		__asm__ volatile("unimp");
	check(&c, last == SIGILL && fault_code == ILL_ILLOPC, "an illegal instruction");
	catch_fault(SIGTRAP, leave, 0);
	if (sigsetjmp(out, 1) == 0)
		__asm__ volatile("ebreak");
	check(&c, last == SIGTRAP, "a breakpoint");
	catch_fault(SIGBUS, leave, 0);
	if (sigsetjmp(out, 1) == 0) {
		volatile uint32_t word[2] = {0};

		__asm__ volatile("lr.w t0, (%0)" : : "r"((uintptr_t)word + 1) : "t0");
	}
	check(&c, last == SIGBUS && fault_code == BUS_ADRALN, "a misaligned address: %d", (int)last);

	check(&c, !sigaltstack(NULL, &old) && old.ss_flags == SS_DISABLE, "no other stack");
	stack.ss_size = 100;
	check(&c, sigaltstack(&stack, NULL) == -1 && errno == ENOMEM, "too small");
	stack.ss_size = sizeof(other);
	check(&c,
		!sigaltstack(&stack, NULL) && !sigaltstack(NULL, &old) && old.ss_sp == other && !old.ss_flags,
		"one");
	catch_fault(SIGSEGV, leave, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++) {
		last = 0;
		if (sigsetjmp(out, 1) == 0)
			deepen(0);
		check(&c, last == SIGSEGV, "a stack that is full");
	}
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	checks_report(&c, "exceptions come to handlers");
}

static void test_faults_not_caught(void)
{
	struct checks c = {0};
	static const struct {
		const char *how;
		int number;
	} ways[] = {{"plain", SIGSEGV}, {"blocked", SIGSEGV}, {"ignored", SIGSEGV}, {"other", SIGILL},
		{"overflow", SIGSEGV}, {"again", SIGSEGV}};

	for (unsigned i = 0; i < COUNT(ways); i++) {
		int status = status_of(child("fault", ways[i].how));

		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ways[i].number, "%s: %#x", ways[i].how,
			status);
	}
	checks_report(&c, "exceptions that are not caught end the program");
}

static int fault(const char *how)
{
	sigset_t set;

	sigfillset(&set);
	if (!strcmp(how, "other"))
		catch_fault(SIGSEGV, skip, 0);
	else if (strcmp(how, "plain"))
		catch_fault(SIGSEGV, !strcmp(how, "again") ? again : leave, 0);
	if (!strcmp(how, "blocked"))
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (!strcmp(how, "ignored")) {
		signal(SIGSEGV, SIG_IGN);
	}
	if (!strcmp(how, "overflow"))
		return deepen(0);
	if (!strcmp(how, "other"))
		__asm__ volatile("unimp");
	load(0);
	return 0;
}

static void test_ends(void)
{
	struct checks c = {0};
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2};

	for (unsigned i = 0; i < COUNT(ends); i++) {
		pid_t pid = child("sleep", NULL);
		char text[12];
		int status;

		check(&c, pid > 0 && !kill(pid, ends[i]), "send %d", ends[i]);
		status = status_of(pid);
		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "%d: %#x", ends[i], status);
		snprintf(text, sizeof(text), "%d", ends[i]);
		status = status_of(child("raise", text));
		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "raise %d: %#x", ends[i],
			status);
		status = status_of(child("blocked", text));
		if (ends[i] != SIGKILL)
			check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "later %d: %#x",
				ends[i], status);
	}
	int status = status_of(child("abort", NULL));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "abort: %#x", status);
	status = status_of(child("abort", "caught"));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
		"abort with a handler that returns: %#x", status);
	status = status_of(child("alarm", NULL));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM, "alarm: %#x", status);
	checks_report(&c, "what is not caught ends the program");
}

/* ---- threads */

static bool blocks_all = true;
static volatile bool stop;
static pthread_t got;

static void who(int number)
{
	(void)number;
	got = pthread_self();
	count++;
}

static void *spin_until(void *argument)
{
	sigset_t set = 0;

	if (argument) {
		sigfillset(&set);
		pthread_sigmask(SIG_SETMASK, &set, NULL);
	}
	while (!stop)
		continue;
	return NULL;
}

static void *wait_in_cond(void *argument)
{
	(void)argument;
	pthread_mutex_lock(&mutex);
	while (!stop)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void *wait_for_signal(void *argument)
{
	sigset_t set = 0;
	int number = 0;

	(void)argument;
	sigaddset(&set, SIGUSR2);
	sigwait(&set, &number);
	return (void *)(long)number;
}

static void await(volatile sig_atomic_t *what)
{
	for (int i = 0; i < 5000 && !*what; i++)
		usleep(1000);
}

static void test_threads(void)
{
	struct checks c = {0};
	pthread_t open, closed, waits, awaits;
	sigset_t set, old;
	void *value;

	catch_with(SIGUSR1, who, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	stop = false;
	pthread_create(&open, NULL, spin_until, NULL);
	pthread_create(&closed, NULL, spin_until, &blocks_all);
	pthread_create(&waits, NULL, wait_in_cond, NULL);
	pthread_create(&awaits, NULL, wait_for_signal, NULL);
	check(&c, pthread_kill(open, NSIG) == EINVAL && !pthread_kill(open, 0), "errors");
	for (int i = 0; i < 50; i++) {
		pthread_t to = i % 2 ? open : waits;

		count = 0;
		check(&c, !pthread_kill(to, SIGUSR1), "to one");
		await(&count);
		check(&c, count == 1 && got == to, "round %d: %d", i, count);
	}
	count = 0;
	pthread_kill(closed, SIGUSR1);
	usleep(3000);
	check(&c, count == 0, "one that blocks it");
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	count = 0;
	kill(getpid(), SIGUSR1);
	await(&count);
	check(&c, count == 1 && got != pthread_self() && got != closed, "to whoever does not block it");
	kill(getpid(), SIGUSR2);
	check(&c, !pthread_join(awaits, &value) && value == (void *)SIGUSR2, "sigwait");
	struct timespec little = {0, 2000000};
	check(&c, sigtimedwait(&set, NULL, &little) == -1 && errno == EAGAIN, "none in time");
	stop = true;
	pthread_mutex_lock(&mutex);
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	pthread_join(open, NULL);
	pthread_join(closed, NULL);
	pthread_join(waits, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR1, SIG_DFL);
	checks_report(&c, "threads, and which of them gets a signal");
}

static void test_alarm(void)
{
	struct checks c = {0};
	struct itimerval value;

	catch_with(SIGALRM, note, 0);
	check(&c, alarm(100) == 0 && alarm(0) == 100 && alarm(0) == 0, "set, and taken back");
	value = (struct itimerval){{0, 500000}, {100, 0}};
	check(&c, !setitimer(ITIMER_REAL, &value, NULL), "set");
	check(&c,
		!getitimer(ITIMER_REAL, &value) && value.it_value.tv_sec > 80 &&
			value.it_value.tv_sec < 100 && value.it_interval.tv_usec == 500000,
		"asked");
	check(&c, getitimer(ITIMER_PROF, &value) == -1 && errno == EINVAL, "no other clocks");
	value.it_value.tv_usec = 1000000;
	check(&c, setitimer(ITIMER_REAL, &value, NULL) == -1 && errno == EINVAL, "no time");
	value = (struct itimerval){{0, 20000}, {0, 1000}};
	check(&c, !setitimer(ITIMER_REAL, &value, NULL), "set again");
	for (int i = 0; i < 5; i++)
		pause();
	timer_start(0, 0);
	check(&c, count >= 5 && last == SIGALRM, "%d times", count);
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "alarm and setitimer");
}

/* ---- signals with a value */

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

static void test_values(void)
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
static void test_values_taken(void)
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

static void test_values_refused(void)
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

/* Queues some for itself, and becomes a program that takes them. */
static int be_queued(bool again)
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

/* ---- children: this program with words */

static int be_child(char **words)
{
	const char *what = words[1], *argument = words[2];
	sigset_t set = 0;
	int number = argument ? atoi(argument) : 0;

	if (!strcmp(what, "end"))
		return number;
	if (!strcmp(what, "sleep")) {
		usleep(argument ? (useconds_t)number : 20000000);
		return 0;
	}
	if (!strcmp(what, "raise"))
		return raise(number);
	if (!strcmp(what, "blocked")) {
		sigfillset(&set);
		sigprocmask(SIG_SETMASK, &set, NULL);
		kill(getpid(), number);
		usleep(1000);
		sigemptyset(&set);
		sigprocmask(SIG_SETMASK, &set, NULL);
		usleep(20000000);
		return 3;
	}
	if (!strcmp(what, "values"))
		return be_queued(argument != NULL);
	if (!strcmp(what, "bytes"))
		return write_bytes(argument);
	if (!strcmp(what, "fault"))
		return fault(argument);
	if (!strcmp(what, "abort")) {
		if (argument)
			signal(SIGABRT, note);
		abort();
	}
	if (!strcmp(what, "alarm")) {
		alarm(1);
		for (;;)
			continue;
	}
	if (!strcmp(what, "pipe")) {
		break_pipe();
		(void)!write(pipe_ends[1], "x", 1);
		return 0;
	}
	return 99;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return be_child(argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(19);
	test_actions();
	test_raise();
	test_masks();
	test_registers();
	test_many();
	test_interrupted();
	test_restarted();
	test_pipe_storm(0, "a pipe loses nothing between two who are interrupted");
	test_pipe_storm(SA_RESTART, "nor when their calls go on");
	test_children();
	test_pipe_signal();
	test_faults();
	test_faults_not_caught();
	test_ends();
	test_threads();
	test_alarm();
	test_values();
	test_values_taken();
	test_values_refused();
	return ktap_end();
}
