/*
 * poll: waiting until something can be done with one of several files.
 */
#pragma once

#include <signal.h>
#include <sys/cdefs.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POLLIN     0x001
#define POLLPRI    0x002
#define POLLOUT    0x004
#define POLLERR    0x008 /* nobody reads what would be written; told whether asked for or not, as the next two */
#define POLLHUP    0x010 /* nobody writes any more */
#define POLLNVAL   0x020 /* not open */
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200

typedef unsigned long nfds_t;

struct pollfd {
	int fd; /* negative: not looked at */
	short events;
	short revents;
};

int poll(struct pollfd files[], nfds_t count, int milliseconds);
int ppoll(struct pollfd files[], nfds_t count, const struct timespec *length, const sigset_t *mask);

#ifdef __cplusplus
}
#endif
