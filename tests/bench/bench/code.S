/*
 * Code for processes and threads that have nothing else: no stack, no gp, no library. It is copied to where it runs, so it
 * refers to nothing outside. In: a0 = the argument of its thread, mostly a handle.
 */
#include <abi/syscall_numbers.h>

#include "code.h"

	.macro begin name
	.balign 16
	.globl \name
\name:
	.endm

	.macro end name
	.globl \name\()_end
\name\()_end:
	.endm

	.text

	begin server_code
	mv	s0, a0
	li	a7, SYS_ipc_receive
	li	a6, -1
1:	ecall
	mv	a0, s0
	li	a7, SYS_ipc_reply_receive
	li	a6, -1
	j	1b
	end server_code

	begin reader_code
	mv	s0, a0
	li	a7, SYS_ipc_receive
	li	a6, -1
	ecall
1:	srli	s1, a1, 32
	mv	a0, s0
	mv	a1, s1
	mv	a4, a2
	li	a2, 0
	li	a3, SERVER_DATA
	li	a7, SYS_ipc_read
	ecall
	mv	a0, s0
	slli	a1, s1, 32
	li	a6, -1
	li	a7, SYS_ipc_reply_receive
	ecall
	j	1b
	end reader_code

	begin handler_code
	mv	s0, a0
	li	a7, SYS_ipc_receive
	li	a6, -1
1:	ecall
	srli	a1, a1, 32
	slli	a1, a1, 32
	ori	a1, a1, 1
	mv	a0, s0
	li	a7, SYS_ipc_reply_receive
	li	a6, -1
	j	1b
	end handler_code

	/* Counts each of its calls into the words behind the one at a0, which it sets afterwards. */
	begin foreign_code
	mv	s0, a0
	mv	s4, a0
	li	s1, FOREIGN_ROUNDS
1:	li	a7, 172
	rdinstret s2
	ecall
	rdinstret s3
	sub	s3, s3, s2
	addi	s0, s0, 8
	sd	s3, (s0)
	addi	s1, s1, -1
	bnez	s1, 1b
	li	t0, 1
	sd	t0, (s4)
2:	j	2b
	end foreign_code

	begin exit_code
	li	a7, SYS_process_exit
	ecall
	end exit_code

	begin futex_code
	li	a1, 0
	li	a2, -1
	li	a7, SYS_futex_wait
	ecall
	li	a7, SYS_thread_exit
	ecall
	end futex_code

	begin sleeper_code
	li	a7, SYS_thread_sleep
	ecall
	li	a7, SYS_thread_exit
	ecall
