/*
 * Signals of POSIX, in place of picolibc's, whose <sys/signal.h> knows little more than their numbers. Signals are sent
 * by programs and by the console. Those from SIGRTMIN on are queued, and whatever sigqueue sends.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/_sigset.h>
#include <sys/_timespec.h>
#include <sys/cdefs.h>
#include <sys/features.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGHUP    1
#define SIGINT    2
#define SIGQUIT   3
#define SIGILL    4
#define SIGTRAP   5
#define SIGABRT   6
#define SIGIOT    SIGABRT
#define SIGEMT    7
#define SIGFPE    8
#define SIGKILL   9
#define SIGBUS    10
#define SIGSEGV   11
#define SIGSYS    12
#define SIGPIPE   13
#define SIGALRM   14
#define SIGTERM   15
#define SIGURG    16
#define SIGSTOP   17
#define SIGTSTP   18
#define SIGCONT   19
#define SIGCHLD   20
#define SIGCLD    SIGCHLD
#define SIGTTIN   21
#define SIGTTOU   22
#define SIGIO     23
#define SIGPOLL   SIGIO
#define SIGXCPU   24
#define SIGXFSZ   25
#define SIGVTALRM 26
#define SIGPROF   27
#define SIGWINCH  28
#define SIGLOST   29
#define SIGUSR1   30
#define SIGUSR2   31
#define SIGRTMIN  32 /* those for real time: by default they end a program */
#define SIGRTMAX  63
#define NSIG      64 /* signal 0 counts */
#define _NSIG     NSIG

/* Signal i is bit i. */
#ifndef _SIGSET_T_DECLARED
#define _SIGSET_T_DECLARED
typedef __sigset_t sigset_t;
#endif

union sigval {
	int sival_int;
	void *sival_ptr;
};

typedef struct {
	int si_signo;
	int si_code;
	int si_errno;
	pid_t si_pid; /* 0: not known */
	uid_t si_uid;
	int si_status;
	void *si_addr; /* of an exception: the address that it concerns */
	union sigval si_value;
} siginfo_t;

/* No code of a certain signal is one of these. */
#define SI_USER    0 /* kill, or raise */
#define SI_QUEUE   (-1) /* sigqueue */
#define SI_TIMER   (-2)
#define SI_MESGQ   (-3)
#define SI_ASYNCIO (-4)
#define SI_KERNEL  128 /* whoever else has sent it: it is not known who */

#define ILL_ILLOPC    1
#define FPE_INTDIV    1
#define FPE_FLTDIV    3
#define SEGV_MAPERR   1
#define SEGV_ACCERR   2
#define BUS_ADRALN    1
#define BUS_ADRERR    2
#define TRAP_BRKPT    1
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

struct sigevent {
	int sigev_notify;
	int sigev_signo;
	union sigval sigev_value;
};

#define SIGEV_NONE   1
#define SIGEV_SIGNAL 2
#define SIGEV_THREAD 3

typedef void (*_sig_func_ptr)(int);

struct sigaction {
	union {
		_sig_func_ptr sa_handler;
		void (*sa_sigaction)(int number, siginfo_t *info, void *context); /* with SA_SIGINFO */
	};
	sigset_t sa_mask; /* blocked as well while the handler runs */
	int sa_flags;
};

#define SA_NOCLDSTOP 0x1 /* of SIGCHLD: not for children that stop or go on */
#define SA_SIGINFO   0x2
#define SA_ONSTACK   0x4 /* on the stack of sigaltstack */
#define SA_RESTART   0x8 /* calls that it interrupts go on */
#define SA_NODEFER   0x10 /* it is not blocked while its handler runs */
#define SA_RESETHAND 0x20 /* once only */
#define SA_NOCLDWAIT 0x40 /* of SIGCHLD: children are not waited for */

#define SIG_SETMASK 0
#define SIG_BLOCK   1
#define SIG_UNBLOCK 2

typedef struct sigaltstack {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

#define SS_ONSTACK  0x1
#define SS_DISABLE  0x2
#define MINSIGSTKSZ 4096
#define SIGSTKSZ    16384

/*
 * What a handler interrupts: the third argument of one with SA_SIGINFO. When the handler returns, the thread goes on with
 * these registers and signals, as they are then. Of a signal that a thread has raised itself only the signals are told.
 */
typedef struct {
	uint64_t pc;
	uint64_t x[31]; /* x1 to x31 */
	uint64_t f[32];
	uint64_t fcsr;
} mcontext_t;

typedef struct __ucontext {
	unsigned long uc_flags;
	struct __ucontext *uc_link; /* null */
	stack_t uc_stack;
	sigset_t uc_sigmask;
	mcontext_t uc_mcontext;
} ucontext_t;

int kill(pid_t pid, int number);
struct __pthread;
int pthread_kill(struct __pthread *thread, int number);
int killpg(pid_t group, int number);
int sigqueue(pid_t pid, int number, union sigval value);
int sigaction(int number, const struct sigaction *__restrict action, struct sigaction *__restrict old);
int sigprocmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old);
int pthread_sigmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigwait(const sigset_t *__restrict set, int *__restrict number);
int sigwaitinfo(const sigset_t *__restrict set, siginfo_t *__restrict info);
int sigtimedwait(
	const sigset_t *__restrict set, siginfo_t *__restrict info, const struct timespec *__restrict length);
int sigaltstack(const stack_t *__restrict stack, stack_t *__restrict old);
int siginterrupt(int number, int interrupts);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigismember(const sigset_t *set, int number);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);

#if __MISC_VISIBLE
#define SIG2STR_MAX (sizeof("RTMAX+") + sizeof("4294967295") - 1)
int sig2str(int number, char *name);
int str2sig(const char *__restrict name, int *__restrict number);
#endif

#ifdef __cplusplus
}
#endif

/* Some programs take <sys/signal.h> for <signal.h>. */
#include <signal.h>
