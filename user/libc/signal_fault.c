/*
 * The thread that turns the exceptions of a program into signals, once it catches one of these: see signals.h. An exception
 * that is not caught, or is blocked, or for whose handler there is no stack, is refused: the program ends with the kernel's
 * report. This thread must meet none itself, so it touches the stacks of others only through calls.
 */
#include <tabula/handles.h>

#include "signals.h"

enum { STACK_SIZE = 8192 };

static endpoint_handle exceptions;
static _Alignas(16) char stack[STACK_SIZE];

/* By scause. */
static const struct {
	uint8_t number, code;
} signals[] = {
	[0] = {SIGBUS, BUS_ADRALN}, /* instruction address misaligned */
	[1] = {SIGSEGV, SEGV_ACCERR},
	[2] = {SIGILL, ILL_ILLOPC},
	[3] = {SIGTRAP, TRAP_BRKPT},
	[4] = {SIGBUS, BUS_ADRALN}, /* load address misaligned */
	[5] = {SIGSEGV, SEGV_ACCERR},
	[6] = {SIGBUS, BUS_ADRALN}, /* store address misaligned */
	[7] = {SIGSEGV, SEGV_ACCERR},
	[12] = {SIGSEGV, SEGV_MAPERR}, /* page faults: to execute, */
	[13] = {SIGSEGV, SEGV_MAPERR}, /* to load, */
	[15] = {SIGSEGV, SEGV_MAPERR}, /* to store */
};

static struct __pthread *thread_find(uint32_t id)
{
	for (struct __pthread *thread = threads; thread != NULL; thread = thread->next) {
		thread_await_handle(thread);
		if (thread_id((thread_handle){thread->handle}) == id)
			return thread;
	}
	return NULL;
}

/* Has the thread go on in its handler. The answer to the exception. */
static uint32_t meet(uint32_t token, const struct message *message)
{
	uint64_t cause = message->word[0];
	int number = cause < sizeof signals / sizeof signals[0] ? signals[cause].number : 0;
	struct __pthread *thread = thread_find((uint32_t)message->word[3]);
	struct registers registers;
	if (number == 0 || thread == NULL || (thread->blocked & signal_bit(number)) ||
		!action_is_handler(&signal_actions[number]) ||
		exception_read(exceptions, token, &registers) != 0)
		return EXCEPTION_REFUSE;
	struct sigaction action = signal_take_action(number);
	siginfo_t info = {.si_signo = number,
		.si_code = signals[cause].code,
		.si_addr = (void *)(number == SIGILL || number == SIGTRAP ? message->word[2]
									  : message->word[1])};
	if (!signal_push(thread, number, &info, &action, &registers) ||
		exception_write(exceptions, token, &registers) != 0)
		return EXCEPTION_REFUSE;
	return EXCEPTION_GO_ON;
}

void signal_fault(void);
__attribute__((used)) void signal_fault(void)
{
	for (;;) {
		struct message message = {.deadline = DEADLINE_NEVER};
		int error = ipc_receive(exceptions, &message);
		if (error == -EBADF)
			thread_exit(); /* the program has thought better of it */
		if (error != 0 || message.token == 0)
			continue;
		struct message answer = {.label = EXCEPTION_REFUSE, .token = message.token};
		if (message.label == MESSAGE_EXCEPTION) {
			word_lock(&threads_lock);
			answer.label = meet(message.token, &message);
			word_unlock(&threads_lock);
		}
		(void)ipc_reply(exceptions, &answer);
	}
}

void signal_fault_entry(void);
__asm__("	.text\n"
	"signal_fault_entry:\n"
	"	.option	push\n"
	"	.option	norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option	pop\n"
	"	tail	signal_fault\n");

int signal_fault_begin(void)
{
	if (exceptions.value > 0)
		return 0;
	endpoint_handle made = endpoint_create();
	if (made.value < 0)
		return made.value;
	exceptions = made;
	thread_handle thread = thread_create(
		own_process(), (uintptr_t)signal_fault_entry, (uintptr_t)stack + sizeof stack, 0);
	int error = thread.value < 0 ? thread.value : process_set_exceptions(own_process(), exceptions);
	if (thread.value > 0)
		handle_close(ANY(thread));
	if (error != 0) {
		handle_close(ANY(exceptions));
		exceptions.value = 0;
	}
	return error;
}

void signal_fault_forget(void)
{
	if (exceptions.value > 0)
		handle_close(ANY(exceptions));
	exceptions.value = 0;
}
