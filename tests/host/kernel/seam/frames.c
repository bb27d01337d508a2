/* Trapframes: a program of this machine has one for its state, which is no set of registers. */
#include "seam.h"

#include <stdio.h>

void arch_frame_init(struct trapframe *frame, const struct frame_start *start)
{
	frame->pc = start->entry;
	frame->stack = start->stack;
	frame->argument = start->argument;
}

void arch_frame_give_float(struct trapframe *fresh, struct trapframe *caller)
{
	(void)fresh, (void)caller;
}

void arch_frame_settle(struct trapframe *frame)
{
	(void)frame;
}

long arch_frame_result(const struct trapframe *frame)
{
	return frame->result;
}

/* The waker of a thread may write its result meanwhile. On a machine one register at a time is read, old or new. */
__attribute__((no_sanitize("thread"))) void arch_frame_get(
	const struct trapframe *frame, struct registers *registers)
{
	*registers = (struct registers){.pc = frame->pc, .x = {(uint64_t)frame->result}};
}

/* What a program of this machine does next does not depend on registers, but on its state. */
void arch_frame_set(struct trapframe *frame, const struct registers *registers)
{
	frame->pc = registers->pc;
	frame->result = (long)registers->x[0];
	frame->again = false;
}

bool arch_is_code_address(uint64_t address)
{
	return address % 2 == 0;
}

void arch_frame_get_float(const struct trapframe *frame, struct float_registers *registers)
{
	(void)frame;
	*registers = (struct float_registers){0};
}

void arch_frame_set_float(struct trapframe *frame, const struct float_registers *registers)
{
	(void)frame, (void)registers;
}

void arch_frame_log(const struct trapframe *frame)
{
	fprintf(stderr, "pc %lx, call %lu\n", frame->pc, frame->number);
}

void hosted_call(struct trapframe *frame, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	frame->action = HOSTED_CALL;
	frame->number = number;
	frame->a[0] = a0, frame->a[1] = a1, frame->a[2] = a2, frame->a[3] = a3;
	frame->a[4] = frame->a[5] = 0;
}
