/* poll and select: what is ready, what becomes so, and that nothing is done meanwhile. */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_BYTES = 16384, MANY = 20, ROUNDS = 300, WATCHES_MOST = 256, IDLE_ROUNDS = 50, AT_ONCE = 16 };

static int make_pipe(int ends[2])
{
	return pipe(ends);
}

static short poll_one(int fd, short events, int milliseconds)
{
	struct pollfd one = {.fd = fd, .events = events, .revents = 0x7fff};
	int found = poll(&one, 1, milliseconds);

	if (found < 0)
		return -1;
	return found == (one.revents != 0) ? one.revents : -2;
}

static void fill(int fd)
{
	char bytes[4096] = {0};
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		continue;
	fcntl(fd, F_SETFL, flags);
}

static void test_what_is_ready(void)
{
	struct checks c = {0};
	int ends[2], file = open("/tmp/poll", O_RDWR | O_CREAT, 0600), null = open("/dev/null", O_RDWR);
	char bytes[PIPE_BYTES];

	check(&c, !make_pipe(ends), "a pipe");
	check(&c, poll_one(ends[0], POLLIN, 0) == 0, "nothing to read");
	check(&c, poll_one(ends[1], POLLIN | POLLOUT, 0) == POLLOUT, "room to write");
	check(&c, poll_one(ends[0], 0, 0) == 0, "nothing asked");
	check(&c,
		write(ends[1], "a", 1) == 1 &&
			poll_one(ends[0], POLLIN | POLLRDNORM, 0) == (POLLIN | POLLRDNORM),
		"something to read");
	fill(ends[1]);
	check(&c, poll_one(ends[1], POLLOUT, 0) == 0, "no room");
	check(&c, read(ends[0], bytes, sizeof(bytes)) > 0 && poll_one(ends[1], POLLOUT, 0) == POLLOUT,
		"again");
	/* The server hears of a close a little later. */
	check(&c, !close(ends[1]) && poll_one(ends[0], 0, -1) == POLLHUP, "no writer: told unasked");
	check(&c, poll_one(ends[0], POLLIN, 0) == (POLLIN | POLLHUP), "the end can be read");
	check(&c, poll_one(ends[1], POLLIN, -1) == POLLNVAL, "closed");
	close(ends[0]);
	check(&c, !make_pipe(ends) && !close(ends[0]), "a pipe");
	check(&c, poll_one(ends[1], 0, -1) == POLLERR, "no reader: told unasked");
	check(&c, poll_one(ends[1], POLLOUT, -1) == (POLLOUT | POLLERR), "a write would fail at once");
	close(ends[1]);
	check(&c, poll_one(file, POLLIN | POLLOUT, -1) == (POLLIN | POLLOUT), "a file is always ready");
	check(&c, poll_one(null, POLLIN | POLLOUT, -1) == (POLLIN | POLLOUT), "and a device");
	check(&c, poll_one(-1, POLLIN, 1) == 0, "a negative number is not looked at");
	check(&c, poll_one(255, POLLIN, 0) == POLLNVAL && poll_one(100000, POLLIN, 0) == POLLNVAL,
		"nothing there");
	check(&c, poll(NULL, 0, 0) == 0 && poll(NULL, 0, 5) == 0, "nothing at all");
	check(&c, poll(NULL, 257, 0) == -1 && errno == EINVAL, "too much");
	close(file);
	close(null);
	checks_report(&c, "what is ready");
}

static void test_time(void)
{
	struct checks c = {0};
	struct timespec none = {0}, wrong = {0, 1000000000}, some = {0, 20000000};
	struct timeval length = {0, 20000};
	int ends[2];
	uint64_t start;
	fd_set set;

	check(&c, !make_pipe(ends), "a pipe");
	start = now();
	check(&c, poll_one(ends[0], POLLIN, 20) == 0 && now() - start >= 20 * MS, "poll waits so long");
	start = now();
	check(&c, poll(NULL, 0, 20) == 0 && now() - start >= 20 * MS, "for nothing, too");
	struct pollfd one = {.fd = ends[0], .events = POLLIN};

	start = now();
	check(&c, ppoll(&one, 1, &some, NULL) == 0 && now() - start >= 20 * MS, "ppoll");
	check(&c, ppoll(&one, 1, &none, NULL) == 0, "and does not wait");
	check(&c, ppoll(&one, 1, &wrong, NULL) == -1 && errno == EINVAL, "no time");
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	start = now();
	check(&c, select(ends[0] + 1, &set, NULL, NULL, &length) == 0 && now() - start >= 20 * MS, "select");
	check(&c, !FD_ISSET(ends[0], &set), "finds nobody");
	length = (struct timeval){-1, 0};
	check(&c, select(0, NULL, NULL, NULL, &length) == -1 && errno == EINVAL, "no time");
	close(ends[0]);
	close(ends[1]);
	checks_report(&c, "deadlines");
}

/* ---- what becomes ready */

static int many[MANY][2], turn;

static void *write_later(void *argument)
{
	usleep(5000);
	(void)!write(many[*(int *)argument][1], "x", 1);
	return NULL;
}

static void *read_later(void *argument)
{
	char bytes[PIPE_BYTES];

	usleep(5000);
	(void)!read(many[*(int *)argument][0], bytes, sizeof(bytes));
	return NULL;
}

static void *close_later(void *argument)
{
	usleep(5000);
	close(many[*(int *)argument][1]);
	return NULL;
}

/* One of many becomes ready meanwhile: which, and how, or -1. */
static int wait_while(void *(*what)(void *), int end, short events, short *revents)
{
	struct pollfd all[MANY];
	pthread_t thread;
	int found, which = -1;

	for (int i = 0; i < MANY; i++)
		all[i] = (struct pollfd){.fd = many[i][end], .events = events};
	pthread_create(&thread, NULL, what, &turn);
	found = poll(all, MANY, 20000);
	pthread_join(thread, NULL);
	for (int i = 0; i < MANY && found == 1; i++)
		if (all[i].revents)
			which = i, *revents = all[i].revents;
	return which;
}

static void test_becoming_ready(void)
{
	struct checks c = {0};
	short how = 0;
	char byte;

	for (int i = 0; i < MANY; i++)
		check(&c, !make_pipe(many[i]), "pipe %d", i);
	for (turn = 0; turn < MANY; turn += 7) {
		check(&c, wait_while(write_later, 0, POLLIN, &how) == turn && how == POLLIN, "read %d: %#x",
			turn, how);
		check(&c, read(many[turn][0], &byte, 1) == 1, "a byte");
	}
	for (int i = 0; i < MANY; i++)
		fill(many[i][1]);
	turn = 3;
	check(&c, wait_while(read_later, 1, POLLOUT, &how) == turn && how == POLLOUT, "write: %#x", how);
	turn = 5;
	check(&c, wait_while(close_later, 0, 0, &how) == turn && how == POLLHUP, "hangup: %#x", how);
	for (int i = 0; i < MANY; i++) {
		close(many[i][0]);
		close(many[i][1]);
	}
	checks_report(&c, "one of many pipes becomes ready");
}

/* A lot of bytes from several writers, by a reader that reads only what is ready. */
static void *write_all(void *argument)
{
	int fd = *(int *)argument;

	for (int i = 0; i < ROUNDS; i++) {
		char bytes[100] = {0};

		if (write(fd, bytes, 1 + random_below(sizeof(bytes) - 1)) < 0)
			return NULL;
		if (random_below(4) == 0)
			usleep((useconds_t)random_below(200));
	}
	close(fd);
	return NULL;
}

static void test_reader(void)
{
	struct checks c = {0};
	enum { WRITERS = 4 };
	int ends[WRITERS][2];
	pthread_t threads[WRITERS];
	struct pollfd files[WRITERS];
	int left = WRITERS;

	for (int i = 0; i < WRITERS; i++) {
		check(&c, !make_pipe(ends[i]), "a pipe");
		fcntl(ends[i][0], F_SETFL, O_NONBLOCK);
		files[i] = (struct pollfd){.fd = ends[i][0], .events = POLLIN};
		pthread_create(&threads[i], NULL, write_all, &ends[i][1]);
	}
	while (left && !c.failed) {
		char bytes[64];

		check(&c, poll(files, WRITERS, 20000) > 0, "somebody is ready: %d left", left);
		for (int i = 0; i < WRITERS; i++) {
			if (!files[i].revents)
				continue;
			long count = read(files[i].fd, bytes, sizeof(bytes));

			check(&c, count > 0 || (count == 0 && files[i].revents & POLLHUP),
				"what is ready can be read: %ld", count);
			if (count == 0) {
				files[i].fd = -1;
				left--;
			}
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		close(ends[i][0]);
	}
	checks_report(&c, "a reader of several pipes is never wrong, and never left waiting");
}

/* ---- costs, and leftovers */

static uint64_t time_used(void)
{
	struct process_info info = {0};

	return process_info(own_process(), &info) ? 0 : info.cpu_time;
}

/* Time that the machine below takes from a hart counts as used: then it has another try. */
static void test_idle(void)
{
	struct checks c = {0};
	int ends[2], tries = 0;
	uint64_t before, used;

	check(&c, !make_pipe(ends), "a pipe");
	do {
		before = time_used();
		check(&c, poll_one(ends[0], POLLIN, 500) == 0, "nothing comes");
		used = time_used() - before;
	} while (used >= 100 * MS && ++tries < 10);
	check(&c, used < 100 * MS, "it has used %lu us meanwhile", (unsigned long)(used / 1000));
	for (int i = 0; i < IDLE_ROUNDS; i++)
		check(&c, poll_one(ends[0], POLLIN, 1) == 0, "again and again");
	close(ends[0]);
	close(ends[1]);
	checks_report(&c, "while nothing happens, nothing is done");
}

/* Those that are killed while they wait leave watches, which others who wait must not suffer from. */
static void test_the_killed(void)
{
	struct checks c = {0};
	int ends[2];

	check(&c, !make_pipe(ends), "a pipe");
	for (int i = 0; i < WATCHES_MOST / AT_ONCE + 4 && !c.failed; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct pollfd same[AT_ONCE];

			for (int j = 0; j < AT_ONCE; j++)
				same[j] = (struct pollfd){.fd = ends[0], .events = POLLIN};
			(void)poll(same, AT_ONCE, -1);
			_exit(1);
		}
		check(&c, pid > 0, "fork");
		usleep(2000);
		kill(pid, SIGKILL);
		check(&c, waitpid(pid, NULL, 0) == pid, "wait");
	}
	check(&c, poll_one(ends[0], POLLIN, 1) == 0, "nothing");
	check(&c, write(ends[1], "a", 1) == 1 && poll_one(ends[0], POLLIN, -1) == POLLIN, "something");
	close(ends[0]);
	close(ends[1]);
	checks_report(&c, "who is killed in poll harms nobody");
}

/* ---- signals */

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled = 1;
}

static void *kill_later(void *argument)
{
	usleep(5000);
	kill(getpid(), SIGUSR1);
	(void)argument;
	return NULL;
}

static void test_signals(void)
{
	struct checks c = {0};
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	sigset_t blocked = 1ul << SIGUSR1, none = 0;
	int ends[2];
	pthread_t thread;

	check(&c, !make_pipe(ends) && !sigaction(SIGUSR1, &action, NULL), "a pipe");
	struct pollfd one = {.fd = ends[0], .events = POLLIN};

	for (int i = 0; i < 50 && !c.failed; i++) {
		pthread_sigmask(SIG_BLOCK, &blocked, NULL);
		pthread_create(&thread, NULL, kill_later, NULL);
		handled = 0;
		if (i % 2 == 0)
			usleep((useconds_t)random_below(8000));
		check(&c, ppoll(&one, 1, &(struct timespec){20, 0}, &none) == -1 && errno == EINTR && handled,
			"interrupted, though its signal was let through only then: %d", i);
		pthread_join(thread, NULL);
	}
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
	close(ends[0]);
	close(ends[1]);
	checks_report(&c, "a handler ends a poll, whenever it comes");
}

/* ---- select */

static void test_select(void)
{
	struct checks c = {0};
	int one[2], two[2];
	fd_set in, out;

	check(&c, !make_pipe(one) && !make_pipe(two) && write(one[1], "a", 1) == 1, "pipes");
	fill(two[1]);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(one[0], &in);
	FD_SET(one[1], &out);
	FD_SET(two[1], &out);
	check(&c, select(two[1] + 1, &in, &out, NULL, NULL) == 2, "two are ready");
	check(&c, FD_ISSET(one[0], &in) && FD_ISSET(one[1], &out) && !FD_ISSET(two[1], &out), "those");
	close(two[0]);
	close(two[1]);
	FD_SET(two[1], &out);
	check(&c, select(two[1] + 1, NULL, &out, NULL, NULL) == -1 && errno == EBADF, "one that is closed");
	check(&c, select(257, NULL, NULL, NULL, NULL) == -1 && errno == EINVAL, "too many");
	check(&c, select(-1, NULL, NULL, NULL, NULL) == -1 && errno == EINVAL, "too few");
	close(one[0]);
	close(one[1]);
	checks_report(&c, "select");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(8);
	random_start(argc > 1 ? argv[1] : NULL);
	test_what_is_ready();
	test_time();
	test_becoming_ready();
	test_reader();
	test_idle();
	test_the_killed();
	test_signals();
	test_select();
	return ktap_end();
}
