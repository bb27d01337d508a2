/*
 * A handler that counts, and alarms. Most parts of this suite interrupt something by them; alarm and setitimer themselves are
 * tried here.
 */
#include "signals.h"

#include <errno.h>

volatile sig_atomic_t count, last, nested;

void note(int number)
{
	count++;
	last = number;
	timer_go_on();
	errno = ENOTSUP;
}

void catch_with(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	count = last = 0;
	sigaction(number, &action, NULL);
}

void test_alarm(void)
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
