/*
 * Signals from outside, which find the thread anywhere: a handler changes none of its registers, and the library works on
 * in a storm of them.
 */
#include "signals.h"

static volatile bool came;

static void come(int number)
{
	(void)number;
	volatile double junk[8];

	for (int i = 0; i < 8; i++)
		junk[i] = 1.5 * i;
	came = junk[1] > 1;
}

/*
 * Fills all registers that a program can fill, spins until the signal has come, and counts those that differ. a0: address of
 * `came`; the result: how many differ.
 */
long spin(volatile bool *flag, void *save);
__asm__("	.text\n"
	"	.globl	spin\n"
	"spin:\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11\n"
	"	sd	s\\i, 8 * \\i(a1)\n"
	"	fsd	fs\\i, 96 + 8 * \\i(a1)\n"
	"	.endr\n"
	"	sd	ra, 192(a1)\n"
	"	li	ra, 1001\n"
	"	.irp	r, t0,t1,t2,t3,t4,t5,t6,a2,a3,a4,a5,a6,a7,s0,s1,s2,s3,s4,s5,s6,s7,s8,s9,s10,s11\n"
	"	addi	\\r, ra, 7\n"
	"	mv	ra, \\r\n"
	"	.endr\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fmv.d.x	f\\i, ra\n"
	"	addi	ra, ra, 3\n"
	"	.endr\n"
	"	fsrmi	2\n"
	"1:	lbu	ra, 0(a0)\n"
	"	beqz	ra, 1b\n"
	"	li	a0, 0\n"
	"	li	ra, 1001\n"
	"	.irp	r, t0,t1,t2,t3,t4,t5,t6,a2,a3,a4,a5,a6,a7,s0,s1,s2,s3,s4,s5,s6,s7,s8,s9,s10,s11\n"
	"	addi	ra, ra, 7\n"
	"	beq	\\r, ra, 2f\n"
	"	addi	a0, a0, 1\n"
	"2:\n"
	"	.endr\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fmv.x.d	t0, f\\i\n"
	"	beq	t0, ra, 2f\n"
	"	addi	a0, a0, 1\n"
	"2:	addi	ra, ra, 3\n"
	"	.endr\n"
	"	frrm	t0\n"
	"	addi	t0, t0, -2\n"
	"	beqz	t0, 2f\n"
	"	addi	a0, a0, 1\n"
	"2:	fsrmi	0\n"
	"	.irp	i, 0,1,2,3,4,5,6,7,8,9,10,11\n"
	"	ld	s\\i, 8 * \\i(a1)\n"
	"	fld	fs\\i, 96 + 8 * \\i(a1)\n"
	"	.endr\n"
	"	ld	ra, 192(a1)\n"
	"	ret\n");

void test_registers(void)
{
	struct checks c = {0};
	static uint64_t save[25];

	catch_with(SIGALRM, come, 0);
	for (int i = 0; i < 200; i++) {
		came = false;
		timer_start(100 + (unsigned long)i, 0);
		long wrong = spin(&came, save);
		if (!check(&c, wrong == 0, "%ld registers changed in round %d", wrong, i))
			break;
	}
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "a handler in the middle of anything changes no register");
}

static void count_in(int number, siginfo_t *info, void *context)
{
	ucontext_t *where = context;

	timer_go_on();
	(void)number;
	count++;
	if (info->si_signo != SIGALRM || where->uc_mcontext.x[1] == 0)
		nested = 99;
}

void test_many(void)
{
	struct checks c = {0};
	struct sigaction action = {.sa_sigaction = count_in, .sa_flags = SA_SIGINFO};
	volatile unsigned long sum = 0;
	uint64_t until = now() + PATIENCE;

	count = nested = 0;
	sigaction(SIGALRM, &action, NULL);
	timer_start(200, 200);
	while (count < 200 && now() < until) {
		char *block = malloc(100);
		char text[64];

		snprintf(text, sizeof(text), "%lu %f", sum, 1.5);
		sum += strlen(text);
		free(block);
	}
	timer_start(0, 0);
	check(&c, count >= 200, "%d came", count);
	check(&c, nested != 99, "what they interrupt is told");
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, "a storm of signals while the library works");
}
