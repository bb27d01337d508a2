/*
 * Power-on. OpenSBI starts one hart here in S mode, at the physical address of _start, without translation: hart
 * number in a0, device tree in a1 (SBI 1.0, HSM extension). We make a page table that shows the kernel where it was
 * linked and all of physical memory where the direct map will be, switch to it, and go on in C. The table is
 * replaced by one with proper rights in arch_memory_init. Nothing is ever mapped at its physical address: the
 * instruction after the write of satp can't be fetched, and the page fault lands at stvec, which is high.
 */
#include "csr.h"
#include "layout.h"
#include "offsets.h"

	.section .text.entry, "ax"
	.globl	_start
_start:
	csrw	sie, zero
	csrw	sscratch, zero

	/*
	 * A hart that arch_harts_start has started can come here, too: OpenSBI 1.1 marks it as to be started before it
	 * writes where, and a slow one sees the former address. It finds its own struct riscv_start by its number,
	 * which is there since before it was started.
	 */
	lla	t0, boot_taken
	li	t1, 1
	amoswap.w t1, t1, (t0)
	beqz	t1, 2f
	lla	a1, riscv_starts
1:	ld	t0, START_HARDWARE(a1)
	ld	t1, START_HART(a1)
	addi	a1, a1, START_SIZE
	bne	t0, a0, 1b
	beqz	t1, 1b			/* it is not filled in: 0 is a hart's number, too */
	addi	a1, a1, -START_SIZE
	j	riscv_secondary_start
2:
	lla	t0, bss_start
	lla	t1, bss_end
1:	sd	zero, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b

	lla	t0, boot_hart_number
	sd	a0, (t0)
	lla	t0, boot_device_tree
	sd	a1, (t0)

	/* Kernel image: one leaf of 1 GiB; 0xcf is dirty, accessed, execute, write, read, valid. */
	lla	t0, boot_page_table
	lla	t1, kernel_start
	ld	t2, link_address	/* where kernel_start was linked */
	srli	t3, t1, 30
	slli	t3, t3, 28
	ori	t3, t3, 0xcf
	srli	t4, t2, 30
	andi	t4, t4, 511
	slli	t4, t4, 3
	add	t4, t4, t0
	sd	t3, (t4)

	/* Direct map: 128 leaves of 1 GiB from physical 0, without execute. */
	li	t3, 0xc7
	li	t4, 1 << 28
	li	t5, ((DIRECT_BASE >> 30) & 511) * 8
	add	t5, t5, t0
	li	t6, DIRECT_SIZE >> 30
1:	sd	t3, (t5)
	add	t3, t3, t4
	addi	t5, t5, 8
	addi	t6, t6, -1
	bnez	t6, 1b

	lla	t5, high
	sub	t5, t5, t1
	add	t5, t5, t2
	csrw	stvec, t5
	srli	t0, t0, 12
	li	t1, SATP_SV39 << 60
	or	t0, t0, t1
	sfence.vma
	csrw	satp, t0
	unimp				/* never reached: fetching it faults */

	.balign 4
high:
	lla	t0, early_trap
	csrw	stvec, t0
	lla	sp, boot_stack_top
	lla	tp, harts
	li	s0, 0			/* ends backtraces */
	call	door_boot

/* void arch_start(void) */
	.globl	arch_start
arch_start:
	ld	sp, HART_STACK_TOP(tp)
	li	s0, 0
	call	door_start

/*
 * A hart that SBI has started: without translation, its number in a0, physical address of its struct riscv_start in
 * a1. Goes high as the first one did, with the page table that is in force already.
 */
	.globl	riscv_secondary_start
riscv_secondary_start:
	csrw	sie, zero
	csrw	sscratch, zero
	lla	t0, secondary_high
	lla	t1, kernel_start
	ld	t2, link_address
	sub	t0, t0, t1
	add	t0, t0, t2
	csrw	stvec, t0
	ld	t0, START_SATP(a1)
	ld	tp, START_HART(a1)
	sfence.vma
	csrw	satp, t0
	unimp				/* never reached: fetching it faults */

	.balign 4
secondary_high:
	lla	t0, early_trap
	csrw	stvec, t0
	ld	sp, HART_STACK_TOP(tp)
	li	s0, 0
	call	door_hart

	/* An exception before there are vectors: nothing works yet that could report it. */
	.balign 4
early_trap:
	wfi
	j	early_trap

	.balign 8
link_address:
	.quad	kernel_start

	.data
	.balign 4
boot_taken:				/* not in bss, which is cleared after it has been set */
	.word	0

	.section .bss.page, "aw", @nobits
	.balign 4096
boot_page_table:
	.space	4096
	.section .bss, "aw", @nobits
	.balign 16
	.space	8192
boot_stack_top:
	.globl	boot_hart_number, boot_device_tree
	.balign 8
boot_hart_number:
	.space	8
boot_device_tree:
	.space	8
