/*
 * The only instructions that touch user memory, and the only place where sstatus.SUM is set.
 *
 * int riscv_user_copy(void *to, const void *from, size_t size), 0 or -EFAULT
 * A fault between start and end is either repaired (the page is brought in and the instruction made again) or goes
 * on at fixup.
 */
#include "csr.h"
#include "offsets.h"

/* Four words, loaded before any is stored. */
.macro copy_words offset
	ld	t0, \offset + 0(a1)
	ld	t1, \offset + 8(a1)
	ld	t2, \offset + 16(a1)
	ld	a5, \offset + 24(a1)
	sd	t0, \offset + 0(a0)
	sd	t1, \offset + 8(a0)
	sd	t2, \offset + 16(a0)
	sd	a5, \offset + 24(a0)
.endm

	.text
	.globl	riscv_user_copy, riscv_user_copy_start, riscv_user_copy_end, riscv_user_copy_fixup
riscv_user_copy:
	li	a7, SSTATUS_SUM
	csrs	sstatus, a7
	add	a3, a0, a2		/* end of the destination */
	or	t0, a0, a1
	andi	t0, t0, 7
riscv_user_copy_start:
	bnez	t0, 7f			/* not both sides are aligned */
2:	addi	a4, a3, -127
	bgeu	a0, a4, 4f
	addi	a2, a3, -511
	bgeu	a0, a2, 11f
1:	.irp	offset, 0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 480
	copy_words \offset
	.endr
	addi	a0, a0, 512
	addi	a1, a1, 512
	bltu	a0, a2, 1b
	bgeu	a0, a4, 4f
11:	.irp	offset, 0, 32, 64, 96
	copy_words \offset
	.endr
	addi	a0, a0, 128
	addi	a1, a1, 128
	beq	a0, a3, riscv_user_copy_end
	bltu	a0, a4, 11b
4:	addi	a4, a3, -31
	bgeu	a0, a4, 5f
10:	copy_words 0
	addi	a0, a0, 32
	addi	a1, a1, 32
	bltu	a0, a4, 10b
5:	addi	a4, a3, -7
	bgeu	a0, a4, 3f
8:	ld	t0, (a1)
	sd	t0, (a0)
	addi	a0, a0, 8
	addi	a1, a1, 8
	bltu	a0, a4, 8b
	j	3f

	/*
	 * Bytes until the destination is aligned, and eight more: then the aligned word that the source lies in begins in
	 * what has been copied, and nothing outside the copy is ever loaded.
	 */
7:	sltiu	t1, a2, 32
	bnez	t1, 3f
	neg	a4, a0
	andi	a4, a4, 7
	addi	a4, a4, 8
	add	a4, a4, a0
8:	lb	t0, (a1)
	sb	t0, (a0)
	addi	a0, a0, 1
	addi	a1, a1, 1
	bltu	a0, a4, 8b
	andi	t0, a1, 7
	beqz	t0, 2b			/* the sides are aligned alike */

	/* Each word is put together of two: of the one before from bit a6 on, and of the next below. */
	sub	a1, a1, t0
	slli	a6, t0, 3
	neg	a2, a6			/* shifts take the low six bits: 64 - a6 */
	addi	a4, a3, -15
	ld	t1, (a1)
9:	ld	t2, 8(a1)
	srl	t0, t1, a6
	sll	a5, t2, a2
	or	t0, t0, a5
	sd	t0, (a0)
	mv	t1, t2
	addi	a0, a0, 8
	addi	a1, a1, 8
	bltu	a0, a4, 9b
	srli	t0, a6, 3
	add	a1, a1, t0
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
	li	a0, -EFAULT
	ret
