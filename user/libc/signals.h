/*
 * What the files of the library that deal with signals share.
 *
 * A signal comes to a program from the process server, as a bit of a notification, from a timer of alarm, or from one of its
 * own threads. Which signals are blocked is known only here, so whether and where one is delivered is decided here, too:
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

static inline uint32_t signal_bit(int number)
{
	return 1u << number;
}

/* What no program can change. */
#define SIGNALS_FIXED (1u | 1u << SIGKILL | 1u << SIGSTOP)

/* Those that by default stop the program. */
#define SIGNALS_STOP (1u << SIGSTOP | 1u << SIGTSTP | 1u << SIGTTIN | 1u << SIGTTOU)

/* Those of exceptions. */
#define SIGNALS_FAULT (1u << SIGILL | 1u << SIGTRAP | 1u << SIGBUS | 1u << SIGSEGV)

/* What a handler interrupts, and how it is called. Lies on the stack of the thread. */
struct signal_frame {
	ucontext_t context;
	siginfo_t info;
	struct sigaction action;
	uint32_t interrupted; /* as in struct __pthread, when the handler has returned */
	int32_t call;
};

/* signal.c: what each signal does; with threads_lock. */
extern struct sigaction signal_actions[NSIG];

/* Signals sent to the program as a whole, and how often some came: sigwait waits on that. */
extern uint32_t signals_pending, signals_came;

bool action_is_handler(const struct sigaction *action);

/* Whether a signal does something when it is not caught. */
bool signal_ends_program(int number);

/* Ends the program as a signal does. */
_Noreturn void signal_end_program(int number);

/* Does what a signal does that is neither caught nor ignored. */
void signal_do_default(int number);

/* Takes the first signal of `allowed` that is pending for a thread; 0 when none is. `*own`: one of the program has sent it. */
int signal_claim(struct __pthread *thread, uint32_t allowed, bool *own);

/* Signals have come for the program as a whole, and those `with_value` are queued at the process server. */
void signals_add(uint32_t signals, uint32_t with_value);

/* A signal was claimed of which nobody asks where it has come from. One that is queued is taken, and the next is pending. */
void signal_take(int number, bool own);

/* Where a signal has come from that was claimed, if that is known. The same. */
void signal_describe(int number, bool own, siginfo_t *info);

/* What is done about a signal that was claimed: copies the action, which serves once if so wanted. With threads_lock. */
struct sigaction signal_take_action(int number);

/* Tells the process server what signals do now, if that has changed. With threads_lock. */
void signals_tell(void);

/* Something has come: wakes those who wait for it in sigwait. */
void signals_hurry(void);

/* Calls the handlers of what is pending and not blocked. */
void signals_run(void);

/* What a new program finds, and what exec and fork hand on. */
void signals_inherit(uint32_t blocked, uint32_t ignored);
uint32_t signals_ignored(void);

/* The process server does not know any more what signals do, or where they go: all is told again. */
void signals_tell_again(void);

/* After fork, in the child, with threads_lock. */
void signals_begin_again(void);

/* Blocks all signals of the calling thread; returns those that were blocked. And back again. */
uint32_t signals_block(void);
void signals_unblock(uint32_t blocked);

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
