/* Calls that wait: each is interrupted with EINTR, and goes on where SA_RESTART says so. */
#include "signals.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <time.h>

static sem_t semaphore;

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

void test_interrupted(void)
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

void test_restarted(void)
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
