/*
 * What the files of the library that deal with signals share.
 *
 * A signal comes to a program from the process server, as a bit of a notification, from a timer of alarm, or from one of its
 * own threads. Of those that are queued, from SIGRTMIN on or with a value, one bit tells that there are some. Which, is asked
 * then, and each is taken from the process server when it is delivered (program_take). Which signals are blocked is known only here, so whether and where one is delivered is decided here, too:
 *
 *  - A thread that raises a signal, or unblocks one that is pending, calls the handler itself (signal.c).
 *  - For what comes from outside there is a thread, made when the program catches or blocks a signal for the first time,
 *    so that others do not pay for it (signal_thread.c). It stops a thread that does not block the signal, puts what that
 *    was doing into a frame on its stack, and lets it go on in the handler. When the handler returns, it does the reverse:
 *    only another thread can set all the registers at once.
 *  - An exception comes to a third thread, made when one of its signals is caught (signal_fault.c), which does the same
 *    with the thread that waits for its answer. What is not caught is refused, and the kernel reports it.
 *
 * A thread is never stopped while it has threads_lock, since whoever stops it has that.
 *
 * A thread that waits in the kernel is taken out of its call, which returns -EINTR. One that waits for a server can't be: the
 * server may be about to answer, and what it has taken or given would be lost. So the server is asked to answer now, which
 * a method does for everybody who waits there; those for whom it was not meant make the call again.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "libc.h"
#include "thread.h"

static inline uint64_t signal_bit(int number)
{
	return 1ul << number;
}

/* What no program can change. */
#define SIGNALS_FIXED (1ul | 1ul << SIGKILL | 1ul << SIGSTOP)

/* Those that by default stop the program. */
#define SIGNALS_STOP (1ul << SIGSTOP | 1ul << SIGTSTP | 1ul << SIGTTIN | 1ul << SIGTTOU)

/* Those of exceptions. */
#define SIGNALS_FAULT (1ul << SIGILL | 1ul << SIGTRAP | 1ul << SIGBUS | 1ul << SIGSEGV)

/* Where a signal is that is pending. */
enum signal_source {
	SIGNAL_OWN = 1, /* one of the program has sent it to a thread */
	SIGNAL_TOLD = 2, /* it was told */
	SIGNAL_QUEUED = 4, /* it is queued at the process server; if it was told as well, both are one */
};

/* What a handler interrupts, and how it is called. Lies on the stack of the thread. */
struct signal_frame {
	ucontext_t context;
	siginfo_t info;
	struct sigaction action;
	uint32_t interrupted; /* as in struct __pthread, when the handler has returned */
	int32_t call;
};

/* signal_action.c: what each signal does; with threads_lock. */
extern struct sigaction signal_actions[NSIG];

bool action_is_handler(const struct sigaction *action);

/* Whether a signal does something when it is not caught. */
bool signal_ends_program(int number);

/* Ends the program as a signal does. */
_Noreturn void signal_end_program(int number);

/* Does what a signal does that is neither caught nor ignored. */
void signal_do_default(int number);

/* What is done about a signal that was claimed: copies the action, which serves once if so wanted. With threads_lock. */
struct sigaction signal_take_action(int number);

/* Tells the process server what signals do now, if that has changed. With threads_lock. */
void signals_tell(void);

/* The process server must not end the program for a signal that it blocks. */
void signals_hold(uint64_t blocked);

/* What a new program finds, and what exec and fork hand on. */
void signals_inherit(uint64_t blocked, uint64_t ignored);
uint64_t signals_ignored(void);

/* The process server does not know any more what signals do, or where they go: all is told again. */
void signals_tell_again(void);

/* After fork, in the child, with threads_lock. */
void signals_begin_again(void);

/* signal_pending.c: signals sent to the program as a whole: those told, and those queued. */
extern uint64_t signals_pending, signals_queued;

/* How often some came: sigwait waits on that. And the threads that wait there. */
extern uint32_t signals_came, signals_waiting;

/* Those that a thread may have to deal with. */
static inline uint64_t signals_pending_for(const struct __pthread *thread)
{
	return __atomic_load_n(&thread->pending, __ATOMIC_SEQ_CST) |
	       __atomic_load_n(&signals_pending, __ATOMIC_SEQ_CST) |
	       __atomic_load_n(&signals_queued, __ATOMIC_SEQ_CST);
}

/* One of the program has sent it to a thread. */
void signal_add(struct __pthread *thread, int number);

/* Claims the lowest signal of `allowed` that is pending for a thread; 0 when none is. */
int signal_claim(struct __pthread *thread, uint64_t allowed, enum signal_source *source);

/* Signals have come for the program as a whole: some told, some queued at the process server. */
void signals_add(uint64_t told, uint64_t queued);

/*
 * Takes a signal that was claimed; of those queued the next is pending then. `*info` is where it has come from, as far as that is
 * known, or only its number when nobody `asks`. False: there was none after all. Whom it is for must not get another of this
 * number meanwhile: the calling thread blocks them, or has stopped that one.
 */
bool signal_take(int number, enum signal_source source, bool asks, siginfo_t *info);

/* The next signal of `allowed` of the calling thread, which blocks all meanwhile. 0: there is none. */
int signal_next(uint64_t allowed, bool asks, siginfo_t *info);

/* What is pending of this number is so no more. With threads_lock. */
void signal_forget(int number);

/* Something has come: wakes those who wait for it in sigwait. */
void signals_hurry(void);

/* Before exec: those that are queued for this thread alone are so for the program. */
void signals_hand_on(void);

/* signal.c: calls the handlers of what is pending and not blocked. */
void signals_run(void);

/* Blocks all signals of the calling thread; returns those that were blocked. And back again. */
uint64_t signals_block(void);
void signals_unblock(uint64_t blocked);

/* Blocks these of the calling thread and no others, and calls the handlers of what is pending then and not blocked. */
void signals_block_only(uint64_t blocked);

/* signal_thread.c: makes the thread if there is none. 0 or -errno. With threads_lock. */
int signal_thread_begin(void);

/* Tells the process server where signals go. */
void signal_thread_tell(void);

/* Has it look at all threads. */
void signal_thread_poke(void);

/* What was sent before has been delivered, unless it can't be, when this returns. */
void signals_settle(void);

/* The notification that its signals come to; 0: there is no such thread. */
notification_handle signal_notification(void);

/* Puts a frame on the stack of a stopped thread, whose registers become those of the handler. False: no room there. */
bool signal_push(struct __pthread *thread, int number, const siginfo_t *info, const struct sigaction *action,
	struct registers *registers);

/* After fork: there is none. */
void signal_thread_forget(void);

/* signal_fault.c: has exceptions come to the program. 0 or -errno. With threads_lock. */
int signal_fault_begin(void);
void signal_fault_forget(void);

/* alarm.c: after fork, there is no alarm. */
void alarm_forget(void);

/*
 * Around a call to a server that may wait for long. `to` is the handle of the file; CALL_CHILD stands for waiting for a
 * child. While it is made:
 *
 *	call_begin(to);
 *	do
 *		result = file_read(to, ...);
 *	while (call_again(result));
 *	call_end();
 */
enum { CALL_NONE = 0, CALL_CHILD = -1 };

/*
 * What a thread says of its call is looked at by its own handlers, and by others only while the kernel has stopped it: so the
 * order of its stores is the compiler's to keep. Volatile ones do, and are one instruction each: of an atomic store gcc
 * before 14 makes an exchange.
 */
static inline void call_note(int32_t to)
{
	*(volatile int32_t *)&thread_self->call = to;
}

static inline void call_begin(int32_t to)
{
	*(volatile uint32_t *)&thread_self->interrupted = 0;
	call_note(to);
}

static inline bool call_interrupted(void)
{
	return __atomic_load_n(&thread_self->interrupted, __ATOMIC_ACQUIRE);
}

static inline bool call_again(long result)
{
	return __builtin_expect(result == -EINTR, 0) && !call_interrupted();
}

static inline void call_end(void)
{
	call_note(CALL_NONE);
}
