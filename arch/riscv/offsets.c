/* Offsets for assembly: compiled to text, from which the build takes the lines with an arrow. Never run. */
#include <stddef.h>

#include "arch_types.h"
#include "csr.h"
#include "hart.h"
#include "riscv.h"

#define DEFINE(name, value) __asm__ volatile("#->" #name " %0" ::"i"(value))

void offsets(void);

void offsets(void)
{
	DEFINE(FRAME_X, offsetof(struct trapframe, x));
	DEFINE(FRAME_PC, offsetof(struct trapframe, pc));
	DEFINE(FRAME_TABLE, offsetof(struct trapframe, table));
	DEFINE(FRAME_HART, offsetof(struct trapframe, hart));
	DEFINE(FRAME_F, offsetof(struct trapframe, f));
	DEFINE(FRAME_FCSR, offsetof(struct trapframe, fcsr));
	DEFINE(HART_CURRENT, offsetof(struct hart, current));
	DEFINE(HART_STACK_TOP, offsetof(struct hart, stack_top));
	DEFINE(HART_STACK_BOTTOM, offsetof(struct hart, stack_bottom));
	DEFINE(HART_EMERGENCY_TOP, offsetof(struct hart, emergency_top));
	DEFINE(HART_WORK, offsetof(struct hart, work));
	DEFINE(HART_LOADED, offsetof(struct hart, loaded));
	DEFINE(HART_STRETCH_SINCE, offsetof(struct hart, stretch.since));
	DEFINE(HART_STRETCH_CAUSE, offsetof(struct hart, stretch.cause));
	DEFINE(HART_STRETCH_NUMBER, offsetof(struct hart, stretch.number));
	DEFINE(WORK_SWITCH_ALONE, WORK_SWITCH);
	DEFINE(EFAULT, EFAULT);
	DEFINE(START_SATP, offsetof(struct riscv_start, satp));
	DEFINE(START_HARDWARE, offsetof(struct riscv_start, hardware));
	DEFINE(START_SIZE, sizeof(struct riscv_start));
	DEFINE(START_HART, offsetof(struct riscv_start, hart));
	DEFINE(KERNEL_FRAME_X, offsetof(struct kernel_frame, x));
	DEFINE(KERNEL_FRAME_PC, offsetof(struct kernel_frame, pc));
	DEFINE(KERNEL_FRAME_STATUS, offsetof(struct kernel_frame, status));
	DEFINE(KERNEL_FRAME_SIZE, sizeof(struct kernel_frame));
}
