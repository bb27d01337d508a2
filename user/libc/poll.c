/*
 * poll and select. What is ready is asked of each file's server. If nothing is, each server is given a notification that it
 * tells when that may have changed, and one wait is for all of them: so it takes no time while nothing happens, and does not
 * matter which servers there are. A handler tells the notification as well, since a poll returns then.
 */
#define _GNU_SOURCE /* ppoll */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>

#include "signals.h"

enum { READ_EVENTS = POLLIN | POLLRDNORM, WRITE_EVENTS = POLLOUT | POLLWRNORM, FEW = 16 };

enum { BIT_READY = 1, BIT_HANDLER = 2 };

#define MILLISECOND 1000000ul

/* ---- one file */

/* What a descriptor stands for; the console may stand for itself, and without a server for nothing that waits. */
static endpoint_handle file_of(int fd)
{
	endpoint_handle file = descriptor_handle(fd);
	return file.value == 0 ? (endpoint_handle){startup_handle(STARTUP_CONSOLE).value} : file;
}

static enum ready wanted_of(const struct pollfd *at)
{
	uint32_t wanted = at->events & READ_EVENTS ? READY_READ : 0;
	return (enum ready)(wanted | (at->events & WRITE_EVENTS ? READY_WRITE : 0));
}

static short hangup_of(endpoint_handle file)
{
	long how = file_flags(file);
	return how >= 0 && (how & OPEN_WRITE) && !(how & OPEN_READ) ? POLLERR : POLLHUP;
}

/* What the server has said, or -errno, as poll tells it. */
static short events_of(const struct pollfd *at, endpoint_handle file, long ready)
{
	short events = 0;
	if (ready < 0)
		return ready == -EBADF || ready == -ENOSYS || ready == -EFTYPE ? POLLNVAL : POLLERR;
	if (ready & READY_READ)
		events |= at->events & READ_EVENTS;
	if (ready & READY_WRITE)
		events |= at->events & WRITE_EVENTS;
	return ready & READY_HANGUP ? events | hangup_of(file) : events;
}

static short look(const struct pollfd *at)
{
	endpoint_handle file = file_of(at->fd);
	if (file.value < 0)
		return POLLNVAL;
	if (file.value == 0)
		return at->events & (READ_EVENTS | WRITE_EVENTS);
	return events_of(at, file, file_ready_now(file, wanted_of(at)));
}

/* ---- all of them */

/* How many are ready. */
static int look_at_all(struct pollfd files[], nfds_t count)
{
	int found = 0;
	for (nfds_t i = 0; i < count; i++) {
		files[i].revents = files[i].fd >= 0 ? look(&files[i]) : 0;
		found += files[i].revents != 0;
	}
	return found;
}

static any_handle another(notification_handle notification)
{
	return handle_duplicate(ANY(notification), RIGHT_TRANSFER | RIGHT_NOTIFICATION_SIGNAL);
}

/* Has its server tell when it may be ready. 0, 1 when it is by now, or -errno. */
static long watch(const struct pollfd *at, notification_handle notification, uint32_t *number)
{
	endpoint_handle file = file_of(at->fd);
	any_handle copy = another(notification);
	if (copy.value < 0)
		return copy.value;
	long ready = file_watch(file, wanted_of(at), BIT_READY, (notification_handle){copy.value}, number);
	if (ready == -ENOMEM || ready == -ENFILE)
		return -EAGAIN;
	return ready != 0; /* an error shows at the next look */
}

/* Returns when one may be ready (0), or -errno: a handler has run, or the deadline has passed. */
static int watch_all(const struct pollfd files[], nfds_t count, notification_handle notification,
	uint32_t numbers[], uint64_t deadline)
{
	for (nfds_t i = 0; i < count; i++) {
		long result = files[i].fd >= 0 ? watch(&files[i], notification, &numbers[i]) : 0;
		if (result != 0)
			return result < 0 ? (int)result : 0;
	}
	long bits = notification_wait(notification, BIT_READY | BIT_HANDLER, deadline);
	return bits < 0 ? (int)bits : bits & BIT_HANDLER ? -EINTR : 0;
}

static void unwatch_all(const struct pollfd files[], nfds_t count, const uint32_t numbers[])
{
	for (nfds_t i = 0; i < count; i++)
		if (numbers[i] != 0)
			(void)file_unwatch(file_of(files[i].fd), numbers[i]);
}

/* Waits, once nothing was ready. How many are, 0 when the deadline has passed, or -errno. */
static int wait_for_any(
	struct pollfd files[], nfds_t count, uint32_t numbers[], uint32_t handled, uint64_t deadline)
{
	struct __pthread *self = thread_self;
	notification_handle notification = notification_create();
	int found = 0, error = notification.value < 0 ? -EAGAIN : 0;
	__atomic_store_n(&self->polls, notification.value > 0 ? notification.value : 0, __ATOMIC_SEQ_CST);
	while (found == 0 && error == 0) {
		/* What came before it could be told, and after the call began. */
		if (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) != handled) {
			error = -EINTR;
			break;
		}
		memset(numbers, 0, count * sizeof *numbers);
		error = watch_all(files, count, notification, numbers, deadline);
		unwatch_all(files, count, numbers);
		found = look_at_all(files, count);
	}
	__atomic_store_n(&self->polls, 0, __ATOMIC_SEQ_CST);
	if (notification.value > 0)
		handle_close(ANY(notification));
	return found > 0 ? found : error == -ETIMEDOUT ? 0 : error;
}

static int poll_until(struct pollfd files[], nfds_t count, uint32_t handled, uint64_t deadline)
{
	uint32_t few[FEW], *numbers = few;
	int found = look_at_all(files, count);
	if (found != 0 || deadline == 0)
		return found;
	if (count > FEW && (numbers = calloc(count, sizeof *numbers)) == NULL)
		return -ENOMEM;
	found = wait_for_any(files, count, numbers, handled, deadline);
	if (numbers != few)
		free(numbers);
	return found;
}

int poll(struct pollfd files[], nfds_t count, int milliseconds)
{
	uint32_t handled = __atomic_load_n(&thread_self->handled, __ATOMIC_SEQ_CST);
	uint64_t deadline = milliseconds < 0 ? DEADLINE_NEVER
			    : milliseconds == 0
				    ? 0
				    : (uint64_t)clock_now() + (uint64_t)milliseconds * MILLISECOND;
	if (count > DESCRIPTORS)
		return (int)posix_result(-EINVAL);
	return (int)posix_result(poll_until(files, count, handled, deadline));
}

/* ---- with a length of time, and signals let through meanwhile */

/* 0 is a length of nothing, or a point that has passed. False: it is none. */
static bool deadline_of(const struct timespec *length, uint64_t *deadline)
{
	*deadline = DEADLINE_NEVER;
	if (length == NULL)
		return true;
	if (length->tv_sec < 0 || length->tv_nsec < 0 || length->tv_nsec >= 1000000000)
		return false;
	*deadline = length->tv_sec == 0 && length->tv_nsec == 0 ? 0 : deadline_after(length);
	return true;
}

int ppoll(struct pollfd files[], nfds_t count, const struct timespec *length, const sigset_t *mask)
{
	uint32_t handled = __atomic_load_n(&thread_self->handled, __ATOMIC_SEQ_CST);
	uint64_t deadline;
	sigset_t before;
	if (count > DESCRIPTORS || !deadline_of(length, &deadline))
		return (int)posix_result(-EINVAL);
	if (mask != NULL)
		(void)pthread_sigmask(SIG_SETMASK, mask, &before);
	int result = poll_until(files, count, handled, deadline);
	if (mask != NULL)
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return (int)posix_result(result);
}

/* ---- select */

static bool is_in(const fd_set *set, int fd)
{
	return set != NULL && FD_ISSET(fd, set);
}

static short events_wanted(int fd, const fd_set *readers, const fd_set *writers, const fd_set *others)
{
	return (short)((is_in(readers, fd) ? POLLIN : 0) | (is_in(writers, fd) ? POLLOUT : 0) |
		       (is_in(others, fd) ? POLLPRI : 0));
}

static size_t list_make(
	struct pollfd files[], int count, const fd_set *readers, const fd_set *writers, const fd_set *others)
{
	size_t used = 0;
	for (int fd = 0; fd < count; fd++) {
		short events = events_wanted(fd, readers, writers, others);
		if (events != 0)
			files[used++] = (struct pollfd){.fd = fd, .events = events};
	}
	return used;
}

/* Leaves in a set those that are ready; returns how many. */
static int set_leave(fd_set *set, const struct pollfd files[], size_t count, int events, int meaning)
{
	int found = 0;
	for (size_t i = 0; set != NULL && i < count; i++) {
		if (!(files[i].events & events))
			continue;
		if (files[i].revents & meaning)
			found++;
		else
			FD_CLR(files[i].fd, set);
	}
	return found;
}

int pselect(int count, fd_set *readers, fd_set *writers, fd_set *others, const struct timespec *length,
	const sigset_t *mask)
{
	struct pollfd files[DESCRIPTORS];
	if (count < 0 || count > DESCRIPTORS)
		return (int)posix_result(-EINVAL);
	size_t used = list_make(files, count, readers, writers, others);
	int found = ppoll(files, used, length, mask);
	if (found < 0)
		return found;
	for (size_t i = 0; i < used; i++)
		if (files[i].revents & POLLNVAL)
			return (int)posix_result(-EBADF);
	return set_leave(readers, files, used, POLLIN, POLLIN | POLLHUP | POLLERR) +
	       set_leave(writers, files, used, POLLOUT, POLLOUT | POLLERR) +
	       set_leave(others, files, used, POLLPRI, POLLPRI);
}

int select(int count, fd_set *readers, fd_set *writers, fd_set *others, struct timeval *length)
{
	if (length == NULL)
		return pselect(count, readers, writers, others, NULL, NULL);
	struct timespec exact = {
		length->tv_sec + length->tv_usec / 1000000, length->tv_usec % 1000000 * 1000};
	return pselect(count, readers, writers, others, &exact, NULL);
}
