/*
 * The thread that delivers the signals of a program: see signals.h. It has no thread-local data, so it calls nothing of the C
 * library that has, and it takes no lock but one that a thread never has while it is stopped.
 */
#include <string.h>
#include <tabula/handles.h>
#include <tabula/programs.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>

#include "signals.h"

enum {
	STACK_SIZE = 16384,
	LOOKS_MOST = 1000, /* how often it is seen whether a call has ended that was asked to */
	PRIORITY = 17, /* one more than a new thread has */
	BIT_LOOK = 1, /* there is no signal 0: a handler has returned, or a signal was sent here */
};

#define RETRY 1000000ul /* nanoseconds */

static notification_handle notification;
static thread_handle signal_thread_handle;
static uint32_t asked, answered; /* by signals_settle, and to it */
static bool left_over; /* something could not be delivered */
static _Alignas(16) char stack[STACK_SIZE];

notification_handle signal_notification(void)
{
	return notification;
}

void signal_thread_poke(void)
{
	(void)notification_signal(notification, BIT_LOOK);
}

/* ---- in the thread whose handler it is */

/*
 * A stopped thread goes on here. In: a0 = struct signal_frame, which is the stack as well. The floating-point registers
 * are still those of what was interrupted, and are again at the end: only the others need the help of signal_thread.
 */
void signal_enter(void);
__asm__("	.text\n"
	"	.type	signal_enter, @function\n"
	"signal_enter:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined ra\n"
	"	.option	push\n"
	"	.option	norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option	pop\n"
	"	mv	s1, a0\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fsd	f\\i, 304 + 8 * \\i(s1)\n"
	"	.endr\n"
	"	frcsr	t0\n"
	"	sd	t0, 560(s1)\n"
	"	call	signal_handle\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fld	f\\i, 304 + 8 * \\i(s1)\n"
	"	.endr\n"
	"	ld	t0, 560(s1)\n"
	"	fscsr	t0\n"
	"	mv	a0, s1\n"
	"	call	signal_return\n"
	"	.cfi_endproc\n"
	"	.size	signal_enter, . - signal_enter\n");

#define FRAME_OFFSET(member) offsetof(struct signal_frame, context.uc_mcontext.member)

_Static_assert(FRAME_OFFSET(f) == 304 && FRAME_OFFSET(fcsr) == 560, "signal_enter knows them");
_Static_assert(sizeof(struct registers) == offsetof(mcontext_t, f), "a struct registers is the beginning");

void signal_handle(struct signal_frame *frame);
__attribute__((used)) void signal_handle(struct signal_frame *frame)
{
	const struct sigaction *action = &frame->action;
	int saved = errno, number = frame->info.si_signo;
	__atomic_fetch_add(&thread_self->handled, 1, __ATOMIC_SEQ_CST);
	if (action->sa_flags & SA_SIGINFO)
		action->sa_sigaction(number, &frame->info, &frame->context);
	else
		action->sa_handler(number);
	errno = saved;
}

/* The thread is stopped by itself or by the other, whoever is first, and goes on with what is in the frame. */
_Noreturn void signal_return(struct signal_frame *frame);
__attribute__((used)) _Noreturn void signal_return(struct signal_frame *frame)
{
	__atomic_store_n(&thread_self->returning, frame, __ATOMIC_SEQ_CST);
	for (;;) {
		signal_thread_poke();
		(void)thread_suspend((thread_handle){thread_self->handle});
	}
}

/* ---- frames */

static bool stack_write(uintptr_t at, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	while (size > 0) {
		long count = process_write(own_process(), at, from, size);
		if (count <= 0)
			return false;
		at += (size_t)count;
		from += count;
		size -= (size_t)count;
	}
	return true;
}

/* Where a frame ends: the other stack is for those who want it and are not on it already. */
static uintptr_t stack_top(const struct __pthread *thread, const struct sigaction *action, uintptr_t sp)
{
	uintptr_t base = (uintptr_t)thread->stack.ss_sp;
	size_t size = thread->stack.ss_size;
	return (action->sa_flags & SA_ONSTACK) && size != 0 && sp - base >= size ? base + size : sp;
}

bool signal_push(struct __pthread *thread, int number, const siginfo_t *info, const struct sigaction *action,
	struct registers *registers)
{
	struct signal_frame frame = {.context = {.uc_sigmask = thread->blocked, .uc_stack = thread->stack},
		.info = *info,
		.action = *action,
		.interrupted = thread->interrupted || !(action->sa_flags & SA_RESTART),
		.call = thread->call};
	uintptr_t at = stack_top(thread, action, registers->x[1]) - sizeof frame;
	at &= ~(uintptr_t)15;
	memcpy(&frame.context.uc_mcontext, registers, sizeof *registers);
	if (!stack_write(at, &frame, sizeof frame))
		return false;
	registers->pc = (uintptr_t)signal_enter;
	registers->x[1] = at; /* sp */
	registers->x[9] = at; /* a0 */
	thread->blocked |= action->sa_mask & ~SIGNALS_FIXED;
	if (!(action->sa_flags & SA_NODEFER))
		thread->blocked |= signal_bit(number);
	thread->call = CALL_NONE;
	int32_t polls = __atomic_load_n(&thread->polls, __ATOMIC_SEQ_CST);
	if (polls > 0)
		(void)notification_signal((notification_handle){polls}, INT64_MAX);
	return true;
}

/* A handler has ended: the thread, which is stopped, gets back what it had. */
static void frame_pop(struct __pthread *thread, struct registers *registers)
{
	const struct signal_frame *frame = thread->returning;
	thread->returning = NULL;
	memcpy(registers, &frame->context.uc_mcontext, sizeof *registers);
	thread->blocked = frame->context.uc_sigmask & ~SIGNALS_FIXED;
	thread->interrupted = frame->interrupted;
	thread->call = frame->call;
}

/* ---- taking a thread out of what it waits in */

/* Asks for the end of a call to a server. False: it is none that can be ended. */
static bool call_ask(const struct __pthread *thread)
{
	endpoint_handle file = {thread->call};
	if (thread->call == CALL_NONE)
		return false;
	if (thread->call == CALL_CHILD)
		return program_interrupt(own_program()) == 0;
	return file_interrupt(file) == 0;
}

static bool wait_end(const struct __pthread *thread, const struct thread_info *info)
{
	switch (info->waits_for) {
	case WAITS_FOR_RECEIVER:
	case WAITS_FOR_REPLY:
		return call_ask(thread);
	default:
		return thread_cancel((thread_handle){thread->handle}) == 0;
	}
}

/* Whether the registers of a stopped thread can be changed: it waits no more. */
static bool is_free(const struct __pthread *thread)
{
	struct thread_info info;
	bool begun = false;
	for (int looks = 0; looks < LOOKS_MOST; looks++) {
		if (thread_info((thread_handle){thread->handle}, &info) != 0)
			return false;
		if (info.state == THREAD_STATE_STOPPED)
			return true;
		if (info.state == THREAD_STATE_WAITING && !begun) {
			begun = true;
			if (!wait_end(thread, &info))
				return false;
			continue;
		}
		thread_yield(); /* what ends its wait is on its way */
	}
	return false;
}

/* ---- delivery */

static uint64_t deliverable(const struct __pthread *thread)
{
	return signals_pending_for(thread) & ~__atomic_load_n(&thread->blocked, __ATOMIC_SEQ_CST);
}

/* Does what a signal does without a handler. False: it has one. */
static bool done_without(int number, const struct sigaction *action)
{
	if (action_is_handler(action))
		return false;
	if (action->sa_handler == SIG_DFL)
		signal_do_default(number);
	return true;
}

/*
 * Delivers one signal to a stopped thread; those after it come when its handler has returned, if not before. `*registers`
 * are the thread's if `known`, which they are afterwards if they have changed. False: it can't be delivered now.
 */
static bool deliver(struct __pthread *thread, struct registers *registers, bool *known)
{
	uint64_t wanted;
	while ((wanted = deliverable(thread)) != 0) {
		int number = __builtin_ctzl(wanted);
		bool handled = action_is_handler(&signal_actions[number]);
		if (handled && !*known && !is_free(thread))
			return false;
		if (handled && !*known && thread_read((thread_handle){thread->handle}, registers) != 0)
			return false;
		enum signal_source source;
		siginfo_t info;
		if (signal_claim(thread, signal_bit(number), &source) == 0 ||
			!signal_take(number, source, signal_actions[number].sa_flags & SA_SIGINFO, &info))
			continue; /* another thread was faster */
		struct sigaction action = signal_take_action(number);
		if (done_without(number, &action))
			continue;
		if (!signal_push(thread, number, &info, &action, registers))
			signal_end_program(SIGSEGV);
		*known = true;
		return true;
	}
	return true;
}

/* Does for a thread what there is to do. False: it has to be looked at again. */
static bool attend(struct __pthread *thread)
{
	thread_handle handle = {thread->handle};
	struct registers registers;
	bool known = false;
	if (thread->handle <= 0 || thread_suspend(handle) != 0)
		return thread->handle > 0; /* it has not quite begun, or has ended */
	/* If the program was stopped meanwhile, the process server may have let the thread go on again. */
	if (thread_read(handle, &registers) == -EBUSY)
		return false;
	if (thread->returning != NULL) {
		frame_pop(thread, &registers);
		known = true;
	}
	bool done = deliver(thread, &registers, &known);
	if (known)
		(void)thread_write(handle, &registers);
	(void)thread_resume(handle);
	return done;
}

static bool attend_all(void)
{
	bool done = true;
	for (struct __pthread *thread = threads; thread != NULL; thread = thread->next)
		if (__atomic_load_n(&thread->returning, __ATOMIC_SEQ_CST) != NULL || deliverable(thread) != 0)
			done &= attend(thread);
	return done;
}

/* What the process server does not answer it tells again when the program has come back to it. */
static void hear(uint64_t bits)
{
	uint64_t queued = 0;
	if ((bits & PROGRAMS_QUEUED) && program_queued(own_program(), &queued) != 0)
		queued = 0;
	signals_add(bits & (PROGRAMS_QUEUED - 1) & ~(uint64_t)BIT_LOOK, queued);
}

void signal_thread(void);
__attribute__((used)) void signal_thread(void)
{
	for (;;) {
		uint32_t round = __atomic_load_n(&asked, __ATOMIC_SEQ_CST);
		/* A thread that waits for a server that has yet to answer is looked at again and again. */
		uint64_t deadline = round != answered ? 0
				    : left_over       ? (uint64_t)clock_now() + RETRY
						      : DEADLINE_NEVER;
		long bits = notification_wait(notification, INT64_MAX, deadline);
		word_lock(&threads_lock);
		if (bits > BIT_LOOK)
			hear((uint64_t)bits);
		__atomic_store_n(&left_over, !attend_all(), __ATOMIC_SEQ_CST);
		word_unlock(&threads_lock);
		if (round != answered) {
			__atomic_store_n(&answered, round, __ATOMIC_SEQ_CST);
			(void)futex_wake((uintptr_t)&answered, UINT32_MAX);
		}
	}
}

/*
 * A signal that was sent before is delivered when this returns, if it can be. While the thread waits it has nothing to do, unless
 * something was left over; else it is asked to do it all once more:
 *
 *	asking			signal_thread
 *				looks at what is asked for
 *				takes the bits
 *	asks, sets a bit
 *				deals with the bits, answers what it saw
 *				sees that more is asked for: takes the bits, does not wait
 */
void signals_settle(void)
{
	struct thread_info info;
	if (notification.value <= 0)
		return;
	if (thread_info(signal_thread_handle, &info) == 0 && info.waits_for == WAITS_FOR_NOTIFICATION &&
		!__atomic_load_n(&left_over, __ATOMIC_SEQ_CST))
		return;
	uint32_t mine = __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST), last;
	signal_thread_poke();
	while ((int32_t)((last = __atomic_load_n(&answered, __ATOMIC_SEQ_CST)) - mine) < 0)
		(void)futex_wait_for(&answered, last, DEADLINE_NEVER);
}

void signal_thread_entry(void);
__asm__("	.text\n"
	"signal_thread_entry:\n"
	"	.option	push\n"
	"	.option	norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option	pop\n"
	"	tail	signal_thread\n");

/* ---- the beginning */

void signal_thread_tell(void)
{
	if (notification.value <= 0 || own_program().value <= 0)
		return;
	any_handle copy = handle_duplicate(ANY(notification), RIGHT_TRANSFER | RIGHT_NOTIFICATION_SIGNAL);
	if (copy.value > 0)
		(void)program_catch(own_program(), (notification_handle){copy.value},
			(uint32_t)thread_id(signal_thread_handle));
}

/* The first thread of a program was made by its parent. It is the oldest, as long as it lives. */
static int name_first(void)
{
	struct __pthread *thread = threads;
	while (thread != NULL && thread->base != 0)
		thread = thread->next;
	if (thread == NULL || thread->handle != 0)
		return 0;
	thread_handle handle = process_thread(own_process(), 0);
	if (handle.value > 0)
		thread->handle = handle.value;
	return handle.value > 0 ? 0 : handle.value;
}

int signal_thread_begin(void)
{
	if (notification.value > 0)
		return 0;
	int error = name_first();
	if (error != 0)
		return error;
	notification_handle made = notification_create();
	if (made.value < 0)
		return made.value;
	notification = made;
	thread_handle thread = thread_create(
		own_process(), (uintptr_t)signal_thread_entry, (uintptr_t)stack + sizeof stack, 0);
	if (thread.value < 0) {
		handle_close(ANY(notification));
		notification.value = 0;
		return thread.value;
	}
	signal_thread_handle = thread;
	(void)thread_set_priority(thread, PRIORITY); /* if it may: else the others finish their turns first */
	signal_thread_tell();
	return 0;
}

void signal_thread_forget(void)
{
	handle_close(ANY(notification));
	handle_close(ANY(signal_thread_handle));
	notification.value = 0;
	asked = answered = 0;
	left_over = false;
}
