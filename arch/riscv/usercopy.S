/*
 * The only instructions that touch user memory, and the only place where sstatus.SUM is set.
 *
 * int riscv_user_copy(void *to, const void *from, size_t size)
 * A fault between start and end is either repaired (the page is brought in and the instruction made again) or goes
 * on at fixup.
 */
#include "csr.h"

	.text
	.globl	riscv_user_copy, riscv_user_copy_start, riscv_user_copy_end, riscv_user_copy_fixup
riscv_user_copy:
	li	a7, SSTATUS_SUM
	csrs	sstatus, a7
	add	a3, a0, a2		/* end of the destination */
	or	t0, a0, a1
	andi	t0, t0, 7
riscv_user_copy_start:
	bnez	t0, 3f			/* words only where both sides are aligned */
	addi	a4, a3, -31
	j	2f
1:	ld	t0, 0(a1)
	ld	t1, 8(a1)
	ld	t2, 16(a1)
	ld	a5, 24(a1)
	sd	t0, 0(a0)
	sd	t1, 8(a0)
	sd	t2, 16(a0)
	sd	a5, 24(a0)
	addi	a0, a0, 32
	addi	a1, a1, 32
2:	bltu	a0, a4, 1b
	addi	a4, a3, -7
	j	5f
4:	ld	t0, (a1)
	sd	t0, (a0)
	addi	a0, a0, 8
	addi	a1, a1, 8
5:	bltu	a0, a4, 4b
	j	3f
6:	lb	t0, (a1)
	sb	t0, (a0)
	addi	a0, a0, 1
	addi	a1, a1, 1
3:	bltu	a0, a3, 6b
riscv_user_copy_end:
	csrc	sstatus, a7
	li	a0, 0
	ret

riscv_user_copy_fixup:
	li	a7, SSTATUS_SUM
	csrc	sstatus, a7
	li	a0, -1
	ret
