/*
 * Exceptions as signals: what a handler hears of them, where it goes on, on which stack it runs; and that they end a program
 * that does not catch them.
 */
#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>

static sigjmp_buf out;
static volatile uintptr_t fault_address;
static volatile int fault_code;

static void leave(int number, siginfo_t *info, void *context)
{
	(void)context;
	last = number;
	fault_address = (uintptr_t)info->si_addr;
	fault_code = info->si_code;
	siglongjmp(out, 1);
}

static void skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *where = context;

	last = number;
	fault_address = (uintptr_t)info->si_addr;
	where->uc_mcontext.pc += 4;
	where->uc_mcontext.x[9] = 4711; /* a0 */
}

static void again(int number, siginfo_t *info, void *context);

static void catch_fault(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	last = 0;
	sigaction(number, &action, NULL);
}

static __attribute__((noinline)) long load(uintptr_t address)
{
	register long a0 __asm__("a0") = (long)address;

	__asm__ volatile(".option push\n\t.option norvc\n\tld a0, 0(a0)\n\t.option pop" : "+r"(a0));
	return a0;
}

/* Its signal is blocked meanwhile. */
static void again(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	load(8);
}

static __attribute__((noinline)) int deepen(int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return depth > 1000000 ? 0 : deepen(depth + 1) + room[0];
}

static void *fault_in_thread(void *argument)
{
	(void)argument;
	return (void *)load(0x30);
}

void test_faults(void)
{
	struct checks c = {0};
	static _Alignas(16) char other[SIGSTKSZ];
	stack_t stack = {.ss_sp = other, .ss_size = sizeof(other)}, old;
	sigset_t mask;
	pthread_t thread;
	void *value;

	catch_fault(SIGSEGV, leave, 0);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(out, 1) == 0) {
			load(0x1000 + 8 * (uintptr_t)i);
			check(&c, false, "it went on");
		}
		check(&c,
			last == SIGSEGV && fault_address == 0x1000 + 8 * (uintptr_t)i &&
				fault_code == SEGV_MAPERR,
			"signal %d at %#lx", (int)last, fault_address);
	}
	sigprocmask(SIG_BLOCK, NULL, &mask);
	check(&c, mask == 0, "nothing blocked after siglongjmp");
	catch_fault(SIGSEGV, skip, 0);
	check(&c, load(0x20) == 4711 && last == SIGSEGV && fault_address == 0x20,
		"a handler that goes on elsewhere");
	check(&c,
		!pthread_create(&thread, NULL, fault_in_thread, NULL) && !pthread_join(thread, &value) &&
			value == (void *)4711 && fault_address == 0x30,
		"in another thread");
	catch_fault(SIGILL, leave, 0);
	if (sigsetjmp(out, 1) == 0)
		__asm__ volatile("unimp");
	check(&c, last == SIGILL && fault_code == ILL_ILLOPC, "an illegal instruction");
	catch_fault(SIGTRAP, leave, 0);
	if (sigsetjmp(out, 1) == 0)
		__asm__ volatile("ebreak");
	check(&c, last == SIGTRAP, "a breakpoint");
	catch_fault(SIGBUS, leave, 0);
	if (sigsetjmp(out, 1) == 0) {
		volatile uint32_t word[2] = {0};

		__asm__ volatile("lr.w t0, (%0)" : : "r"((uintptr_t)word + 1) : "t0");
	}
	check(&c, last == SIGBUS && fault_code == BUS_ADRALN, "a misaligned address: %d", (int)last);

	check(&c, !sigaltstack(NULL, &old) && old.ss_flags == SS_DISABLE, "no other stack");
	stack.ss_size = 100;
	check(&c, sigaltstack(&stack, NULL) == -1 && errno == ENOMEM, "too small");
	stack.ss_size = sizeof(other);
	check(&c,
		!sigaltstack(&stack, NULL) && !sigaltstack(NULL, &old) && old.ss_sp == other && !old.ss_flags,
		"one");
	catch_fault(SIGSEGV, leave, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++) {
		last = 0;
		if (sigsetjmp(out, 1) == 0)
			deepen(0);
		check(&c, last == SIGSEGV, "a stack that is full");
	}
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	checks_report(&c, "exceptions come to handlers");
}

void test_faults_not_caught(void)
{
	struct checks c = {0};
	static const struct {
		const char *how;
		int number;
	} ways[] = {{"plain", SIGSEGV}, {"blocked", SIGSEGV}, {"ignored", SIGSEGV}, {"other", SIGILL},
		{"overflow", SIGSEGV}, {"again", SIGSEGV}};

	for (unsigned i = 0; i < COUNT(ways); i++) {
		int status = status_of(child("fault", ways[i].how));

		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ways[i].number, "%s: %#x", ways[i].how,
			status);
	}
	checks_report(&c, "exceptions that are not caught end the program");
}

int fault(const char *how)
{
	sigset_t set;

	sigfillset(&set);
	if (!strcmp(how, "other"))
		catch_fault(SIGSEGV, skip, 0);
	else if (strcmp(how, "plain"))
		catch_fault(SIGSEGV, !strcmp(how, "again") ? again : leave, 0);
	if (!strcmp(how, "blocked"))
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (!strcmp(how, "ignored")) {
		signal(SIGSEGV, SIG_IGN);
	}
	if (!strcmp(how, "overflow"))
		return deepen(0);
	if (!strcmp(how, "other"))
		__asm__ volatile("unimp");
	load(0);
	return 0;
}
