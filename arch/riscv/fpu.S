/*
 * f0-f31 and fcsr to and from a trapframe. The kernel itself is built without floating point.
 *
 * void riscv_fpu_save(struct trapframe *), void riscv_fpu_load(const struct trapframe *)
 */
#include "offsets.h"

	.attribute arch, "rv64imafdc_zicsr"

.macro each_f do
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\do	f\n, FRAME_F + \n * 8(a0)
	.endr
.endm

	.text
	.globl	riscv_fpu_save
riscv_fpu_save:
	each_f	fsd
	csrr	t0, fcsr
	sw	t0, FRAME_FCSR(a0)
	ret

	.globl	riscv_fpu_load
riscv_fpu_load:
	each_f	fld
	lw	t0, FRAME_FCSR(a0)
	csrw	fcsr, t0
	ret
