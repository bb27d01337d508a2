/*
 * What a program has used, and may use. picolibc's has the processor's time only; here there is its memory, too.
 */
#pragma once

#include <sys/time.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUSAGE_SELF     0
#define RUSAGE_CHILDREN (-1) /* that were waited for */

struct rusage {
	struct timeval ru_utime; /* what the kernel does for the program is in it */
	struct timeval ru_stime; /* 0 */
	/*
	 * KiB charged at most: what it shares with others is not, unless it has made it. Of RUSAGE_CHILDREN that of the largest of
	 * those waited for, and of theirs; of wait4 that of the one waited for, or the largest of its own.
	 */
	long ru_maxrss;
	long ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock, ru_msgsnd,
		ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw; /* 0 */
};

typedef unsigned long rlim_t;

struct rlimit {
	rlim_t rlim_cur, rlim_max;
};

#define RLIM_INFINITY  (~0ul)
#define RLIM_SAVED_MAX RLIM_INFINITY
#define RLIM_SAVED_CUR RLIM_INFINITY

#define RLIMIT_CPU    0
#define RLIMIT_FSIZE  1
#define RLIMIT_DATA   2
#define RLIMIT_STACK  3
#define RLIMIT_CORE   4
#define RLIMIT_NOFILE 7
#define RLIMIT_AS     9

#define PRIO_PROCESS 0
#define PRIO_PGRP    1
#define PRIO_USER    2

int getrusage(int who, struct rusage *usage);

/* They can't be changed: EPERM. */
int getrlimit(int what, struct rlimit *limit);
int setrlimit(int what, const struct rlimit *limit);

/* All programs are equal: 0. */
int getpriority(int which, id_t who);
int setpriority(int which, id_t who, int value);

#ifdef __cplusplus
}
#endif
