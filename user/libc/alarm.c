/*
 * alarm: a timer that sets the bit of SIGALRM where all signals come, so that it needs no help.
 */
#include <sys/time.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "signals.h"

#define SECOND      1000000000ul
#define MICROSECOND 1000ul

static timer_handle timer;

/* After fork: the child has none. */
static int timer_begin(void)
{
	word_lock(&threads_lock);
	int error = timer.value > 0 ? 0 : signal_thread_begin();
	if (error == 0 && timer.value <= 0)
		timer = timer_create(signal_notification(), signal_bit(SIGALRM));
	word_unlock(&threads_lock);
	return error != 0 ? error : timer.value < 0 ? timer.value : 0;
}

void alarm_forget(void)
{
	if (timer.value > 0)
		handle_close(ANY(timer));
	timer.value = 0;
}

/* Nanoseconds, 0 for none. */
static uint64_t left(uint64_t *period)
{
	struct timer_info info;
	uint64_t now = (uint64_t)clock_now();
	*period = 0;
	if (timer.value <= 0 || timer_info(timer, &info) != 0 || info.deadline == DEADLINE_NEVER)
		return 0;
	*period = info.period;
	return info.deadline > now ? info.deadline - now : 1;
}

/* What the timer has sent before is delivered. */
static int set(uint64_t time, uint64_t period)
{
	int error = timer_set(timer, time != 0 ? (uint64_t)clock_now() + time : DEADLINE_NEVER, period);
	signals_settle();
	return error;
}

unsigned alarm(unsigned seconds)
{
	uint64_t period, before = left(&period);
	if (timer.value > 0 || (seconds != 0 && timer_begin() == 0))
		(void)set(seconds * SECOND, 0);
	return (unsigned)((before + SECOND - 1) / SECOND);
}

static struct timeval timeval_of(uint64_t time)
{
	return (struct timeval){
		.tv_sec = (time_t)(time / SECOND), .tv_usec = (suseconds_t)(time % SECOND / MICROSECOND)};
}

static bool is_time(const struct timeval *time)
{
	return time->tv_sec >= 0 && (uint64_t)time->tv_sec < UINT64_MAX / SECOND / 2 && time->tv_usec >= 0 &&
	       time->tv_usec < 1000000;
}

static uint64_t time_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND + (uint64_t)time->tv_usec * MICROSECOND;
}

int getitimer(int which, struct itimerval *value)
{
	if (which != ITIMER_REAL)
		return (int)posix_result(-EINVAL);
	uint64_t period, time = left(&period);
	*value = (struct itimerval){.it_interval = timeval_of(period), .it_value = timeval_of(time)};
	return 0;
}

int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old)
{
	if (which != ITIMER_REAL || !is_time(&value->it_value) || !is_time(&value->it_interval))
		return (int)posix_result(-EINVAL);
	if (old != NULL)
		(void)getitimer(which, old);
	uint64_t time = time_of(&value->it_value);
	if (time == 0 && timer.value <= 0)
		return 0;
	int error = timer_begin();
	if (error != 0)
		return (int)posix_result(error);
	return (int)posix_result(set(time, time != 0 ? time_of(&value->it_interval) : 0));
}
