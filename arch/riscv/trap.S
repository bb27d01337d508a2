/*
 * The way into the kernel and out of it, face to face.
 *
 * In user mode sscratch holds the trapframe of the thread, in the kernel zero. tp holds the hart in the kernel. gp
 * and t3 to t6 are never used by the kernel, which is compiled so. A call saves what C may overwrite; s0 to s11 stay
 * in their registers, and gp and t3 to t6 too, and are stored only when another thread is to run, when user mode did not
 * come by ecall, or when the call is one that hands the hart over. docs/TOUR.md counts the instructions.
 *
 * Unwinding: while the kernel works for a thread, HART_CURRENT(tp) is its trapframe, so a debugger finds the user registers
 * there. DW_CFA_def_cfa_expression { breg4 HART_CURRENT; deref } says so.
 */
#include "abi/syscall_numbers.h"
#include "csr.h"
#include "offsets.h"

#define X(n) (FRAME_X + (n) * 8)

#if HART_CURRENT > 63
#error "the offset of the current thread is more than the one byte that the unwind information has for it"
#endif

#if SYSCALL_SLOTS & (SYSCALL_SLOTS - 1)
#error "the number of slots is no power of two, so that a mask does not keep a number inside the table"
#endif

/* ra, t0-t2, a1-a7, tp: what a call gives back as it was, but for a0, sp and pc. */
.macro each_call_register do, base
	.irp	n, 1, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17
	\do	x\n, X(\n)(\base)
	.endr
.endm

/* gp, s0-s11 and t3-t6: what the kernel leaves in place until it switches. */
.macro each_kept_register do, base
	.irp	n, 3, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\do	x\n, X(\n)(\base)
	.endr
.endm

/*
 * Debug builds look on each way in whether the last way out, or a copy, has left user memory open, and measure how long
 * interrupts stay off: stretch.c. In: t2 is scause, tp the hart. t0 is spent.
 */
.macro check_entry
#if DEBUG_CHECKS
	csrr	t0, sstatus
	slli	t0, t0, 63 - SSTATUS_SUM_BIT
	bltz	t0, user_memory_is_open
	csrr	t0, instret
	sd	t0, HART_STRETCH_SINCE(tp)
	sd	t2, HART_STRETCH_CAUSE(tp)
	sd	a7, HART_STRETCH_NUMBER(tp)
#endif
.endm

/* In: sp is the trapframe, tp the hart; a0 and what C keeps stay as they are. */
.macro check_leaving
#if DEBUG_CHECKS
	mv	t0, sp
	ld	sp, HART_STACK_TOP(tp)
	addi	sp, sp, -16
	sd	a0, 0(sp)
	sd	t0, 8(sp)
	call	riscv_stretch_end
	ld	a0, 0(sp)
	ld	sp, 8(sp)
#endif
.endm

/* The end of each way out. In: sp is the trapframe, a0 and what each_kept_register loads the user's. */
.macro return_to_user
	check_leaving
	ld	t1, FRAME_PC(sp)
	csrw	sepc, t1
	csrw	sscratch, sp
	each_call_register ld, sp
	ld	sp, X(2)(sp)
	sret
.endm

	.section .text.trap, "ax"
	.cfi_sections .debug_frame

	.globl	riscv_trap_entry
	.balign 4
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column 4417		/* 4096 + sepc, 0x141 */
	.cfi_escape 0x0f, 3, 0x74, HART_CURRENT, 0x06	/* CFA = *(tp + HART_CURRENT) */
	.irp	n, 1, 2, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17
	.cfi_offset \n, X(\n)
	.endr
	.cfi_offset 4417, FRAME_PC
riscv_trap_entry:
	/* In: everything is the user's. Out: sp is the trapframe, tp the hart, a0-a7 still the user's. */
	csrrw	sp, sscratch, sp
	beqz	sp, from_kernel
	each_call_register sd, sp
	sd	a0, X(10)(sp)
	ld	tp, FRAME_HART(sp)
	csrrw	t0, sscratch, zero
	sd	t0, X(2)(sp)
	csrr	t1, sepc
	csrr	t2, scause
	check_entry
	li	t0, CAUSE_USER_ECALL
	bne	t2, t0, not_a_call

	/* The call. Whatever is mispredicted here, the masked number stays inside the table. */
	addi	t1, t1, ECALL_SIZE
	sd	t1, FRAME_PC(sp)
	ld	t1, FRAME_TABLE(sp)
	andi	t0, a7, SYSCALL_SLOTS - 1
	bne	t0, a7, dispatch	/* outside: slot 0, which is no call in any table */
	slli	t0, t0, 3
	add	t1, t1, t0
dispatch:
	ld	t1, (t1)
	ld	sp, HART_STACK_TOP(tp)
	jalr	t1

	/* In: a0 is the result, tp the hart, s0-s11, t3-t6 and gp the user's. */
	lhu	t0, HART_WORK(tp)
	bnez	t0, leave_slowly
	ld	sp, HART_CURRENT(tp)
	/* In: sp is the trapframe, a0 the result, s0-s11, t3-t6 and gp the user's. */
	return_to_user

	/*
	 * In: as above, t0 is what is to be done. From here on the frame is whole: while somebody else runs, or nobody,
	 * others may read and write it (kernel/object/registers.c).
	 */
leave_slowly:
	ld	t1, HART_LOADED(tp)
	beqz	t1, 1f			/* the one that came in is gone */
	each_kept_register sd, t1
1:	addi	t0, t0, -WORK_SWITCH_ALONE
	bnez	t0, 2f
	sh	zero, HART_WORK(tp)
	ld	sp, HART_CURRENT(tp)

	/*
	 * In: sp is the trapframe. Loads every register. A reservation of the thread before must not let an SC of this
	 * one succeed, so one is spent here, on the frame's unused x0 (unprivileged specification, 8.2).
	 */
leave_whole:
	sd	sp, HART_LOADED(tp)
	sc.d	zero, zero, (sp)
	each_kept_register ld, sp
	ld	a0, X(10)(sp)
	return_to_user

2:	call	door_next_after_call
	/* In: a0 is the trapframe to run. Also long arch_go_on(struct trapframe *next), which does not return. */
	.globl	arch_go_on
arch_go_on:
leave_with:
	sd	a0, HART_CURRENT(tp)
	mv	sp, a0
	j	leave_whole

	/*
	 * long arch_hand_over(struct trapframe *next, uint64_t first, uint64_t word0, uint64_t word1,
	 * uint64_t word2, uint64_t word3, uint64_t last): the message goes as it stands, in a1 to a6.
	 */
	.globl	arch_hand_over
arch_hand_over:
	mv	sp, a0
	sd	sp, HART_CURRENT(tp)
	sd	sp, HART_LOADED(tp)
	sc.d	zero, zero, (sp)
	each_kept_register ld, sp
	li	a0, 0
	ld	t1, FRAME_PC(sp)
	csrw	sepc, t1
	csrw	sscratch, sp
	.irp	n, 1, 4, 5, 6, 7, 17, 2
	ld	x\n, X(\n)(sp)
	.endr
	sret

	/*
	 * What slots of the native table hold whose call may hand the hart over, and so never return here: the frame is whole
	 * before the thunk begins.
	 */
.macro whole_call name
	.globl	whole_\name
whole_\name:
	ld	t0, HART_CURRENT(tp)
	each_kept_register sd, t0
	tail	thunk_\name
.endm
	whole_call ipc_call
	whole_call ipc_call_lend
	whole_call ipc_call_short
	whole_call ipc_receive
	whole_call ipc_reply_receive

	/*
	 * What every slot of the foreign table holds. The kept registers go into the frame before anybody can hear of
	 * the call: who does may read and write all of them from another hart at once. So they must not be stored once
	 * more on the way out.
	 */
	.globl	thunk_foreign
thunk_foreign:
	ld	t0, HART_CURRENT(tp)
	each_kept_register sd, t0
	sd	zero, HART_LOADED(tp)
	li	a0, CAUSE_USER_ECALL
	tail	door_foreign_call

	/*
	 * In: as after saving, sp is the trapframe, t1 sepc, t2 scause. A page that can be brought in is all that most of these
	 * want: then the thread goes on as after a call, but with its a0, and without a reservation, since the page may be
	 * another one now.
	 */
not_a_call:
	sd	t1, FRAME_PC(sp)
	bltz	t2, not_a_page		/* an interrupt */
	mv	a0, t2
	csrr	a1, stval
	ld	sp, HART_STACK_TOP(tp)
	call	riscv_page_fault
	lhu	t0, HART_WORK(tp)
	ld	sp, HART_CURRENT(tp)
	or	t0, t0, a0
	bnez	t0, not_a_page
	sc.d	zero, zero, (sp)
	ld	a0, X(10)(sp)
	return_to_user

	/* In: sp is the trapframe; a0 says why a page could not be brought in, unless it was an interrupt. */
not_a_page:
	each_kept_register sd, sp
	mv	a2, a0
	csrr	a0, scause		/* as before: nothing meanwhile has touched user memory */
	csrr	a1, stval
	ld	sp, HART_STACK_TOP(tp)
	li	s0, 0
	call	riscv_trap_from_user
	call	door_next
	j	leave_with
	.cfi_endproc

/* void arch_leave(void): abandons the handler; its thread is gone or its frame holds all it needs. */
	.globl	arch_leave
arch_leave:
	ld	sp, HART_STACK_TOP(tp)
	call	door_next
	j	leave_with

/*
 * An exception in the kernel: a copy from or to user memory that touched a missing page, or a bug. sp is 0 here and
 * sscratch the kernel's sp. The stack is checked before it is used: below its bottom is a guard page.
 */
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column 4417
	.cfi_def_cfa 2, 0
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.cfi_offset \n, KERNEL_FRAME_X + \n * 8
	.endr
	.cfi_offset 4417, KERNEL_FRAME_PC
from_kernel:
	csrrw	sp, sscratch, t0	/* sp is the kernel's, sscratch holds t0 */
	ld	t0, HART_STACK_BOTTOM(tp)
	addi	t0, t0, KERNEL_FRAME_SIZE
	bltu	sp, t0, overflow
	addi	sp, sp, -KERNEL_FRAME_SIZE
	csrrw	t0, sscratch, zero
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, KERNEL_FRAME_X + \n * 8(sp)
	.endr
	addi	t0, sp, KERNEL_FRAME_SIZE
	sd	t0, KERNEL_FRAME_X + 2 * 8(sp)
	csrr	t0, sepc
	sd	t0, KERNEL_FRAME_PC(sp)
	li	t1, SSTATUS_SUM
	csrrc	t0, sstatus, t1		/* the handler must not touch user memory by accident */
	sd	t0, KERNEL_FRAME_STATUS(sp)
	mv	a0, sp
	csrr	a1, scause
	csrr	a2, stval
	call	riscv_trap_from_kernel
	ld	t0, KERNEL_FRAME_PC(sp)
	csrw	sepc, t0
	ld	t0, KERNEL_FRAME_STATUS(sp)
	csrw	sstatus, t0
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, KERNEL_FRAME_X + \n * 8(sp)
	.endr
	ld	sp, KERNEL_FRAME_X + 2 * 8(sp)
	sret
	.cfi_endproc

/* void riscv_aspace_enter_anew(struct arch_aspace *), for arch_aspace_enter: returns by t0, and keeps all else. */
	.globl	riscv_enter_apart
riscv_enter_apart:
	addi	sp, sp, -96
	sd	t0, 0(sp)
	sd	ra, 8(sp)
	sd	t1, 16(sp)
	sd	t2, 24(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	sd	a\n, 32 + \n * 8(sp)
	.endr
	call	riscv_aspace_enter_anew
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	ld	a\n, 32 + \n * 8(sp)
	.endr
	ld	t2, 24(sp)
	ld	t1, 16(sp)
	ld	ra, 8(sp)
	ld	t0, 0(sp)
	addi	sp, sp, 96
	jr	t0

#if DEBUG_CHECKS
user_memory_is_open:
	ld	sp, HART_STACK_TOP(tp)
	li	s0, 0
	call	riscv_user_memory_is_open
#endif

overflow:
	mv	a0, sp
	ld	sp, HART_EMERGENCY_TOP(tp)
	csrw	sscratch, zero
	csrr	a1, sepc
	mv	a2, s0
	call	riscv_stack_overflow
