/*
 * The first instruction of every program. In: a0 = struct startup, sp = stack, all else zero. Never returns:
 * ra is marked undefined, so that a backtrace ends here.
 */
	.section .text._start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined ra
	.option push
	.option norelax
	la gp, __global_pointer$
	.option pop
	call program_start
	unimp
	.cfi_endproc
	.size _start, . - _start
