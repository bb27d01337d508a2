/*
 * Time. The kernel counts it from power-on; init has looked up at which date that was, and each program is told at its start.
 */
#include <time.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "libc.h"
#include "process.h"

#define SECOND 1000000000ul /* in nanoseconds */

/* As the process server knows it, which has what ran before exec as well. */
static uint64_t time_used(void)
{
	struct usage used;
	return PROGRAM_CALL(program_usage(own_program(), &used)) == 0 ? used.time : 0;
}

/* In nanoseconds since 1970. */
static uint64_t date_now(void)
{
	return (uint64_t)clock_now() + own_clock_epoch();
}

static bool clock_is_known(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_PROCESS_CPUTIME_ID;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!clock_is_known(clock))
		return (int)posix_result(-EINVAL);
	uint64_t time = clock == CLOCK_PROCESS_CPUTIME_ID ? time_used()
			: clock == CLOCK_REALTIME         ? date_now()
							  : (uint64_t)clock_now();
	*now = (struct timespec){.tv_sec = (time_t)(time / SECOND), .tv_nsec = (long)(time % SECOND)};
	return 0;
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
	if (!clock_is_known(clock))
		return (int)posix_result(-EINVAL);
	if (resolution != NULL)
		*resolution = (struct timespec){.tv_nsec = 100};
	return 0;
}

int clock_settime(clockid_t clock, const struct timespec *now)
{
	(void)now;
	return (int)posix_result(clock == CLOCK_REALTIME ? -EPERM : -EINVAL);
}

int settimeofday(const struct timeval *now, const struct timezone *zone)
{
	(void)now;
	(void)zone;
	return (int)posix_result(-EPERM);
}

int timespec_get(struct timespec *now, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void)zone;
	uint64_t time = date_now();
	now->tv_sec = (time_t)(time / SECOND);
	now->tv_usec = (suseconds_t)(time % SECOND / 1000);
	return 0;
}

static clock_t ticks_of(uint64_t nanoseconds)
{
	return (clock_t)(nanoseconds / (SECOND / CLOCKS_PER_SEC));
}

/* What a program has the kernel do is counted with what it does itself. Nothing, where no process server knows it. */
clock_t times(struct tms *buffer)
{
	struct usage used;
	*buffer = (struct tms){0};
	if (PROGRAM_CALL(program_usage(own_program(), &used)) == 0)
		*buffer = (struct tms){
			.tms_utime = ticks_of(used.time), .tms_cutime = ticks_of(used.children_time)};
	return ticks_of((uint64_t)clock_now());
}

/* Sleeps so long from `start` on; 0 or an error, and what is left. */
static int sleep_from(uint64_t start, const struct timespec *duration, struct timespec *left)
{
	uint64_t length, deadline;
	if (duration->tv_sec < 0 || duration->tv_nsec < 0 || duration->tv_nsec >= (long)SECOND)
		return EINVAL;
	if (__builtin_mul_overflow((uint64_t)duration->tv_sec, SECOND, &length) ||
		__builtin_add_overflow(length, (uint64_t)duration->tv_nsec, &length) ||
		__builtin_add_overflow(start, length, &deadline))
		deadline = DEADLINE_NEVER;
	int error = thread_sleep(deadline);
	uint64_t now = clock_now(), missing = error != 0 && deadline > now ? deadline - now : 0;
	if (left != NULL)
		*left = (struct timespec){
			.tv_sec = (time_t)(missing / SECOND), .tv_nsec = (long)(missing % SECOND)};
	return missing > 0 ? EINTR : 0;
}

int nanosleep(const struct timespec *duration, struct timespec *left)
{
	return (int)posix_result(-sleep_from((uint64_t)clock_now(), duration, left));
}

/* Both clocks count from power-on. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *duration, struct timespec *left)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	if (flags & TIMER_ABSTIME)
		return sleep_from(0, duration, NULL);
	return sleep_from((uint64_t)clock_now(), duration, left);
}

unsigned sleep(unsigned seconds)
{
	struct timespec left;
	(void)nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, &left);
	return (unsigned)(left.tv_sec + (left.tv_nsec > 0));
}

int usleep(useconds_t microseconds)
{
	return nanosleep(&(struct timespec){.tv_sec = (time_t)(microseconds / 1000000),
				 .tv_nsec = (long)(microseconds % 1000000) * 1000},
		NULL);
}
