/* fork: what the child has, what it shares, chains and many of them, threads, signals. */
#include "alarms.h"
#include "children.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOPS = 60, WIDE = 20, DEEP = 12, ROUNDS = 30 };

static volatile sig_atomic_t count;

static void note(int number)
{
	(void)number;
	count++;
}

static void note_alarm(int number)
{
	note(number);
	timer_go_on();
}

/* Runs a function in a child, whose exit status is its result. */
static pid_t in_child(int (*function)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(function());
	return pid;
}

/* ---- memory and registers */

static int global = 1;
static _Thread_local int local = 2;
static pid_t my_pid;

static int look_and_change(void)
{
	if (global != 10 || local != 20 || errno != 77)
		return 1;
	global = 11;
	local = 21;
	errno = 78;
	if (getpid() == my_pid || getppid() != my_pid)
		return 2;
	return 33;
}

static void test_memory(void)
{
	struct checks c = {0};
	char *heap = malloc(100000);
	volatile char stack[3000];
	static char page[20000];
	pid_t pid;
	volatile double d0 = 1.5, d1 = 2.5;

	my_pid = getpid();
	global = 10;
	local = 20;
	errno = 77;
	exits_with(&c, in_child(look_and_change), 33, "data of the child");
	check(&c, global == 10 && local == 20, "are its own");

	memset(heap, 1, 100000);
	memset((char *)(uintptr_t)stack, 2, sizeof(stack));
	memset(page, 3, sizeof(page));
	pid = fork();
	if (pid == 0) {
		bool same = true;

		for (int i = 0; i < 100000; i += 997)
			same &= heap[i] == 1;
		for (int i = 0; i < 3000; i += 97)
			same &= stack[i] == 2;
		for (int i = 0; i < 20000; i += 97)
			same &= page[i] == 3;
		memset(heap, 4, 100000);
		memset((char *)(uintptr_t)stack, 5, sizeof(stack));
		memset(page, 6, sizeof(page));
		char *more = malloc(300000); /* the allocator works, and is the child's */
		memset(more, 7, 300000);
		free(heap);
		free(more);
		_exit(same ? 44 : 1);
	}
	memset(page + 8000, 8, 8000); /* while the child reads, perhaps: it has copies */
	memset(heap + 50000, 8, 8000);
	exits_with(&c, pid, 44, "memory is a copy of that at the call");
	check(&c, heap[0] == 1 && heap[99999] == 1 && stack[0] == 2 && page[0] == 3 && page[19999] == 3,
		"the parent's");
	free(heap);

	fesetround(FE_UPWARD);
	pid = fork();
	if (pid == 0)
		_exit(d0 * d1 == 3.75 && fegetround() == FE_UPWARD ? 55 : 1);
	fesetround(FE_TONEAREST);
	exits_with(&c, pid, 55, "floating point, and how it rounds");
	checks_report(&c, "memory and registers");
}

/* ---- descriptors */

static void test_descriptors(void)
{
	struct checks c = {0};
	int fd = open("/tmp/fork", O_RDWR | O_CREAT | O_TRUNC, 0644), ends[2], status;
	char bytes[16] = "";
	pid_t pid;

	write(fd, "abcdefgh", 8);
	lseek(fd, 0, SEEK_SET);
	check(&c, read(fd, bytes, 1) == 1 && bytes[0] == 'a', "a byte");
	pid = fork();
	if (pid == 0) {
		read(fd, bytes, 2);
		_exit(bytes[1]);
	}
	exits_with(&c, pid, 'c', "the child reads on");
	check(&c, read(fd, bytes, 1) == 1 && bytes[0] == 'd', "and the parent behind it");
	pid = fork();
	if (pid == 0)
		_exit(lseek(fd, 6, SEEK_SET) != 6 || close(fd));
	exits_with(&c, pid, 0, "moves, and closes its own");
	check(&c, read(fd, bytes, 9) == 2 && !memcmp(bytes, "gh", 2), "the parent's is open, and moved");
	close(fd);

	check(&c, !pipe(ends), "a pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		for (int i = 0; i < 3000; i++)
			write(ends[1], "0123456789", 10);
		_exit(0);
	}
	close(ends[1]);
	long total = 0, got;
	static char many[5000];
	while ((got = read(ends[0], many, sizeof(many))) > 0)
		total += got;
	check(&c, total == 30000, "%ld bytes from the child, and the end", total);
	status = status_of(pid);
	check(&c, status == 0, "child %#x", status);
	close(ends[0]);

	/* FD_CLOEXEC is about exec. */
	fd = open("/tmp/fork", O_RDONLY | O_CLOEXEC);
	pid = fork();
	if (pid == 0)
		_exit(read(fd, bytes, 1) == 1 ? 0 : 1);
	exits_with(&c, pid, 0, "one to close on exec");
	close(fd);
	checks_report(&c, "descriptors and their offsets");
}

/* What was not written yet goes out twice, as everywhere. */
static void test_streams(void)
{
	struct checks c = {0};
	FILE *file = fopen("/tmp/streams", "w");
	char text[100] = "";
	pid_t pid;

	fputs("one ", file);
	fflush(file);
	fputs("two ", file);
	pid = fork();
	if (pid == 0) {
		fputs("child ", file);
		exit(fclose(file) != 0);
	}
	exits_with(&c, pid, 0, "writes");
	fclose(file);
	file = fopen("/tmp/streams", "r");
	fgets(text, sizeof(text), file);
	fclose(file);
	check(&c, !strcmp(text, "one two child two "), "%s", text);
	checks_report(&c, "streams");
}

/* ---- many */

static int deeper(int depth)
{
	int status;
	pid_t pid;

	if (depth == 0)
		return 1;
	pid = fork();
	if (pid == 0)
		_exit(deeper(depth - 1) + 1);
	status = status_of(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void test_many(void)
{
	struct checks c = {0};
	pid_t pids[WIDE];
	struct system_info before, after;

	for (int i = 0; i < 3; i++)
		exits_with(&c, in_child(look_and_change), 33, "to begin with");
	system_info(own_system(), &before);
	for (int i = 0; i < LOOPS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(i);
		if (!exits_with(&c, pid, i, "in a loop"))
			break;
	}
	/* The last ones end when every hart has left the kernel. */
	for (uint64_t until = now() + PATIENCE; now() < until; thread_sleep(now() + MS)) {
		system_info(own_system(), &after);
		if (after.memory_free + 40 * PAGE_SIZE >= before.memory_free)
			break;
	}
	check(&c, after.memory_free + 40 * PAGE_SIZE >= before.memory_free, "%ld pages are gone",
		(long)(before.memory_free - after.memory_free) / PAGE_SIZE);
	for (int i = 0; i < WIDE; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			usleep((useconds_t)(1000 * (WIDE - i)));
			_exit(i);
		}
	}
	for (int i = 0; i < WIDE; i++)
		exits_with(&c, pids[i], i, "side by side");
	check(&c, deeper(DEEP) == DEEP + 1, "in each other: %d", deeper(DEEP));
	checks_report(&c, "in a loop, side by side, in each other");
}

static void test_exec(void)
{
	struct checks c = {0};
	int ends[2];
	char text[64] = "";

	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
			_exit(1);
		}
		exits_with(&c, pid, 7, "fork, exec, wait");
	}
	pipe(ends);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execlp("echo", "echo", "from a child", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	read(ends[0], text, sizeof(text));
	check(&c, !strcmp(text, "from a child\n"), "%s", text);
	exits_with(&c, pid, 0, "echo");
	close(ends[0]);
	pid = fork();
	if (pid == 0) {
		execl("/nothing", "nothing", (char *)NULL);
		_exit(errno == ENOENT ? 12 : 1);
	}
	exits_with(&c, pid, 12, "what is not there");
	checks_report(&c, "and exec");
}

/* ---- signals */

static int has_handler(void)
{
	sigset_t set, pending;

	sigprocmask(SIG_BLOCK, NULL, &set);
	sigpending(&pending);
	if (!sigismember(&set, SIGUSR2) || sigismember(&pending, SIGUSR2))
		return 1; /* what is blocked is inherited, what is pending not */
	count = 0;
	kill(getpid(), SIGUSR1);
	if (count != 1)
		return 2;
	kill(getppid(), SIGUSR1);
	alarm(0);
	return 66;
}

static volatile bool stop;

static void test_signals(void)
{
	struct checks c = {0};
	sigset_t set = 0;
	int status;

	struct sigaction action = {.sa_handler = note};

	sigaction(SIGUSR1, &action, NULL);
	signal(SIGUSR2, note);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	count = 0;
	exits_with(&c, in_child(has_handler), 66, "handlers and mask");
	for (uint64_t until = now() + PATIENCE; !count && now() < until;)
		usleep(1000);
	check(&c, count == 1, "and the parent's are its own: %d", count);
	signal(SIGUSR2, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR2, SIG_DFL);

	/* A signal to a child that has only just begun finds its handler. */
	for (int i = 0; i < ROUNDS; i++) {
		count = 0;
		pid_t pid = fork();

		if (pid == 0) {
			while (!count)
				usleep(1000000);
			_exit(77);
		}
		kill(pid, SIGUSR1);
		if (!exits_with(&c, pid, 77, "at once"))
			break;
	}
	signal(SIGUSR1, SIG_DFL);
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				continue;
		kill(pid, SIGUSR1);
		status = status_of(pid);
		if (!check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1, "round %d: %#x", i,
			    status))
			break;
	}

	/* Signals that come all the time; how soon the first does is the machine's to say. */
	uint64_t until = now() + PATIENCE;

	signal(SIGALRM, note_alarm);
	timer_start(700, 700);
	for (int i = 0; i < ROUNDS || (count == 0 && now() < until); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct itimerval left;

			getitimer(ITIMER_REAL, &left);
			_exit(left.it_value.tv_usec ? 1 : 88); /* alarms are the parent's */
		}
		if (!exits_with(&c, pid, 88, "in a storm"))
			break;
	}
	timer_start(0, 0);
	check(&c, count > 0, "a storm");
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "signals");
}

/* ---- threads */

static void *work(void *argument)
{
	(void)argument;
	while (!stop) {
		char *block = malloc(200);

		snprintf(block, 200, "%p", (void *)block);
		fprintf(stderr, "%s", ""); /* has the lock of a stream now and then */
		free(block);
	}
	return NULL;
}

static int in_thread_of_child(void);

static void *fork_here(void *argument)
{
	(void)argument;
	return (void *)(long)in_child(in_thread_of_child);
}

static void *nothing(void *argument)
{
	return argument;
}

static int in_thread_of_child(void)
{
	pthread_t thread;
	void *value = NULL;
	char *block = malloc(5000);

	if (!block || pthread_create(&thread, NULL, nothing, &value) || pthread_join(thread, &value) ||
		!value)
		return 1;
	fprintf(stderr, "%s", "");
	free(block);
	return 99;
}

/* ---- what threads leave behind */

static uintptr_t stack_of_another; /* atomic */

static void *show_stack(void *argument)
{
	char here = 0;

	__atomic_store_n(&stack_of_another, (uintptr_t)&here, __ATOMIC_RELEASE);
	while (!__atomic_load_n((bool *)argument, __ATOMIC_ACQUIRE))
		(void)thread_sleep((uint64_t)clock_now() + 1000000);
	return NULL;
}

/* The stack is gone, and a thread of the child's own may have its place, and end. */
static int has_no_other_stack(void)
{
	uint8_t byte;
	pthread_t thread;

	if (process_read(own_process(), stack_of_another, &byte, 1) != -EBADMSG)
		return 1;
	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 2;
	return 23;
}

static void test_stacks(void)
{
	struct checks c = {0};
	pthread_t thread;
	bool end = false;
	uint8_t byte;

	if (!check(&c, !pthread_create(&thread, NULL, show_stack, &end), "a thread"))
		return;
	while (!__atomic_load_n(&stack_of_another, __ATOMIC_ACQUIRE))
		(void)thread_yield();
	for (int i = 0; i < ROUNDS; i++)
		if (!exits_with(&c, in_child(has_no_other_stack), 23, "without the stack of another thread"))
			break;
	check(&c, process_read(own_process(), stack_of_another, &byte, 1) == 1, "the parent's is there");
	__atomic_store_n(&end, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	checks_report(&c, "stacks of other threads");
}

/* ---- time */

enum { BUSY_MS = 60 };

static clock_t used(const struct tms *times)
{
	return times->tms_utime + times->tms_stime;
}

/* Runs until it has used so much. */
static int be_busy(void)
{
	struct tms now;

	do
		if (times(&now) == (clock_t)-1)
			return 1;
	while (used(&now) < BUSY_MS * (CLOCKS_PER_SEC / 1000));
	return 24;
}

static int be_busy_in_a_child(void)
{
	return exits_with(&(struct checks){0}, in_child(be_busy), 24, "a child of a child") ? 24 : 1;
}

static void test_times(void)
{
	const clock_t busy = BUSY_MS * (CLOCKS_PER_SEC / 1000);
	struct checks c = {0};
	struct tms before, middle, after;
	int tries = 0;

	times(&before);
	exits_with(&c, in_child(be_busy_in_a_child), 24, "a busy child");
	times(&middle);
	check(&c, middle.tms_cutime - before.tms_cutime >= busy, "what a child's child has used counts");
	/* Time that the machine below takes from a hart is: then it has another try. */
	do {
		times(&middle);
		(void)thread_sleep((uint64_t)clock_now() + BUSY_MS * 1000000ul);
		times(&after);
	} while (used(&after) - used(&middle) >= busy / 2 && ++tries < 10);
	check(&c, used(&after) - used(&middle) < busy / 2, "sleeping is not counted");
	check(&c, used(&after) >= used(&before), "it grows");
	checks_report(&c, "time that was used");
}

static char order[16];

static void add(char letter)
{
	order[strlen(order)] = letter;
}

static void prepare_1(void)
{
	add('a');
}
static void prepare_2(void)
{
	add('b');
}
static void parent_1(void)
{
	add('p');
}
static void parent_2(void)
{
	add('q');
}
static void child_1(void)
{
	add('c');
}
static void child_2(void)
{
	add('d');
}

static int is_in_order(void)
{
	return strcmp(order, "bacd") ? 1 : 22;
}

/* What gives its handle at the process server up could not be killed by its number: so it is, and nobody waits for it. */
static void test_leaver(void)
{
	struct checks c = {0};
	int ends[2], status;
	char byte;
	pid_t pid;

	check(&c, !pipe(ends), "a pipe");
	pid = fork();
	if (pid == 0) {
		handle_close((any_handle){startup_handle(STARTUP_PROGRAMS).value});
		for (;;)
			pause();
	}
	close(ends[1]);
	status = status_of(pid);
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a status of %#x", status);
	check(&c, read(ends[0], &byte, 1) == 0, "it runs on");
	close(ends[0]);
	checks_report(&c, "a child that is no program any more");
}

static void test_threads(void)
{
	struct checks c = {0};
	pthread_t threads[3], forks;
	void *value;

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < ROUNDS; i++)
		if (!exits_with(&c, in_child(in_thread_of_child), 99, "the library works in the child"))
			break;
	for (int i = 0; i < ROUNDS / 2; i++) {
		pthread_create(&forks, NULL, fork_here, NULL);
		pthread_join(forks, &value);
		if (!exits_with(&c, (pid_t)(long)value, 99, "from another thread"))
			break;
	}
	signal(SIGUSR1, note);
	for (int i = 0; i < ROUNDS / 2; i++) {
		pthread_create(&forks, NULL, fork_here, NULL);
		pthread_join(forks, &value);
		if (!exits_with(&c, (pid_t)(long)value, 99, "from another thread, with a handler"))
			break;
	}
	signal(SIGUSR1, SIG_DFL);
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);

	check(&c,
		!pthread_atfork(prepare_1, parent_1, child_1) && !pthread_atfork(NULL, NULL, NULL) &&
			!pthread_atfork(prepare_2, parent_2, child_2),
		"pthread_atfork");
	exits_with(&c, in_child(is_in_order), 22, "before, and in the child");
	check(&c, !strcmp(order, "bapq"), "and in the parent: %s", order);
	checks_report(&c, "threads");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(10);
	test_memory();
	test_descriptors();
	test_streams();
	test_many();
	test_exec();
	test_signals();
	test_stacks();
	test_times();
	test_leaver();
	test_threads(); /* the last: what it has called around fork writes down each one */
	return ktap_end();
}
