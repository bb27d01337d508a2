/* Control and status registers of S mode, named as in the RISC-V privileged specification 1.12; also for assembly. */
#pragma once

#define SSTATUS_SPIE     0x20
#define SSTATUS_SPP      0x100
#define SSTATUS_FS       0x6000 /* floating-point unit: off, initial, clean, dirty */
#define SSTATUS_FS_CLEAN 0x4000
#define SSTATUS_FS_DIRTY 0x6000
#define SSTATUS_SUM      0x40000 /* supervisor may access user memory */
#define SSTATUS_SUM_BIT  18
#define SSTATUS_MXR      0x80000

#define FCSR_MASK 0xff /* rounding mode and flags */

#define SIE_SSIE (1 << 1) /* supervisor software interrupt */
#define SIE_STIE (1 << 5) /* supervisor timer interrupt */
#define SIE_SEIE (1 << 9) /* supervisor external interrupt */

/* scause, 4.1.8: bit 63 tells interrupts from exceptions */
#define CAUSE_INTERRUPT           (1ul << 63)
#define CAUSE_FETCH_MISALIGNED    0
#define CAUSE_FETCH_ACCESS        1
#define CAUSE_ILLEGAL             2
#define CAUSE_BREAKPOINT          3
#define CAUSE_LOAD_MISALIGNED     4
#define CAUSE_LOAD_ACCESS         5
#define CAUSE_STORE_MISALIGNED    6
#define CAUSE_STORE_ACCESS        7
#define CAUSE_USER_ECALL          8
#define CAUSE_SUPERVISOR_ECALL    9
#define CAUSE_FETCH_PAGE          12
#define CAUSE_LOAD_PAGE           13
#define CAUSE_STORE_PAGE          15
#define CAUSE_SUPERVISOR_SOFTWARE (CAUSE_INTERRUPT | 1)
#define CAUSE_SUPERVISOR_TIMER    (CAUSE_INTERRUPT | 5)
#define CAUSE_SUPERVISOR_EXTERNAL (CAUSE_INTERRUPT | 9)

#define SCOUNTEREN_CY 1
#define SCOUNTEREN_TM 2
#define SCOUNTEREN_IR 4

#define SATP_SV39       8 /* in bits 60 to 63 */
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK  0xffff

/* Bytes of an ecall: it has no compressed form. */
#define ECALL_SIZE 4

/* Sstc: stimecmp by number, since the assembler does not know the name. */
#define CSR_STIMECMP 0x14d

#ifndef __ASSEMBLER__

#define csr_read(name) \
	({ \
		uint64_t csr_value; \
		__asm__ volatile("csrr %0, " #name : "=r"(csr_value)::"memory"); \
		csr_value; \
	})
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_set(name, bits)    __asm__ volatile("csrs " #name ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits)  __asm__ volatile("csrc " #name ", %0" ::"rK"((uint64_t)(bits)) : "memory")

/* Of this hart: all translations, those of one page's address, both of whatever address space, and fetched code. */
#define riscv_fence_translations()       __asm__ volatile("sfence.vma" ::: "memory")
#define riscv_fence_translation(address) __asm__ volatile("sfence.vma %0" ::"r"(address) : "memory")
#define riscv_fence_code()               __asm__ volatile("fence.i" ::: "memory")

/* Calls a routine of trap.S that takes a pointer in a0 and returns to t0, which is all that it changes. */
#define riscv_call_apart(routine, pointer) \
	do { \
		register void *call_a0 __asm__("a0") = (pointer); \
		__asm__ volatile("call t0, " #routine ::"r"(call_a0) : "t0", "memory"); \
	} while (0)

/*
 * Stores a pointer, ordered against everything before and after it: an exchange with acquire and release (unprivileged
 * specification, 14.1). Of __atomic_exchange_n gcc before 14 makes a fence besides.
 */
#define riscv_store_ordered(place, pointer) \
	__asm__ volatile("amoswap.d.aqrl zero, %1, %0" : "+A"(*(place)) : "r"(pointer) : "memory")

#endif
