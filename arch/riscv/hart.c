/* Harts and the user registers of threads. */
#include "abi/abi.h"
#include "csr.h"
#include "doors.h"
#include "hart.h"
#include "lib/string.h"
#include "panic.h"
#include "riscv.h"

enum { X_SP = 2, X_TP = 4, X_A0 = 10, EMERGENCY_STACK = 4096 };

static uint8_t emergency_stacks[CONFIG_HARTS][EMERGENCY_STACK] __attribute__((aligned(16)));

void riscv_set_stacks(struct hart *hart)
{
	hart->stack_top = STACK_BASE + (hart->index + 1) * STACK_SLOT;
	hart->stack_bottom = hart->stack_top - CONFIG_HART_STACK;
	hart->emergency_top = (uint64_t)emergency_stacks[hart->index] + EMERGENCY_STACK;
}

void arch_hart_init(struct hart *hart)
{
	riscv_set_stacks(hart);
	csr_write(stvec, riscv_trap_entry);
	csr_write(scounteren, SCOUNTEREN_CY | SCOUNTEREN_TM | SCOUNTEREN_IR);
	csr_clear(sstatus, SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_FS);
	csr_set(sstatus, SSTATUS_SPIE);
	riscv_asid_init();
	riscv_timer_init();
	riscv_plic_hart_init();
}

/* The stacks were zero at first. Their hart may be using one meanwhile, which does no harm. */
size_t arch_stack_used(const struct hart *hart)
{
	const volatile uint64_t *word = (const volatile uint64_t *)hart->stack_bottom;

	while ((uint64_t)word < hart->stack_top && !*word)
		word++;
	return hart->stack_top - (uint64_t)word;
}

void arch_frame_init(struct trapframe *frame, const struct frame_start *start)
{
	frame->pc = start->entry;
	frame->x[X_SP] = start->stack;
	frame->x[X_TP] = start->pointer;
	frame->x[X_A0] = start->argument;
	frame->x[X_A0 + 1] = start->argument2;
}

long arch_frame_result(const struct trapframe *frame)
{
	return (long)frame->x[X_A0];
}

void arch_frame_get(const struct trapframe *frame, struct registers *registers)
{
	registers->pc = frame->pc;
	memcpy(registers->x, &frame->x[1], sizeof(registers->x));
}

/* The status register is not among them: it is the kernel's, and the same for all of user mode. */
void arch_frame_set(struct trapframe *frame, const struct registers *registers)
{
	frame->pc = registers->pc;
	memcpy(&frame->x[1], registers->x, sizeof(registers->x));
}

bool arch_is_code_address(uint64_t address)
{
	return address % 2 == 0;
}

void arch_frame_log(const struct trapframe *frame)
{
	riscv_log_registers(frame->x);
}
