/* What kernel/ must know of RISC-V to lay out its own structures, included through arch.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "csr.h"
#include "layout.h"
#include "panic.h"
#include "pte.h"
#include "result.h"

struct account;
struct hart;
struct message;
struct windows;

/* A physical address. */
typedef struct {
	uint64_t value;
} paddr_t;

/* A table of system calls: one checked function a number. */
typedef long (*const *call_table)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

/* What a slot holds whose call may hand the hart over, with the frame whole: see trap.S. */
#define ARCH_WHOLE_CALL(name) whole_##name

/* The registers of user mode while the thread does not run, and what the trap path needs on its way in. */
struct trapframe {
	union {
		uint64_t x[32];
		/* In the place of x[0]: the hart whose floating-point registers hold f, if nobody has used them since. */
		struct hart *fpu_hart;
	};
	uint64_t pc;
	call_table table; /* calls are dispatched through it */
	struct hart *hart; /* the hart it runs on */
	struct hart *plain_on; /* see sched.h */
	uint64_t f[32]; /* floating-point registers; valid while they are not in the hart */
	uint32_t fcsr;
	bool has_float; /* it has used the unit, or been given registers of it; else these are zeros */
};

static inline void arch_frame_set_result(struct trapframe *frame, long value)
{
	frame->x[10] = (uint64_t)value;
}

static inline void arch_frame_restart_call(struct trapframe *frame)
{
	frame->pc -= ECALL_SIZE;
}

static inline void arch_frame_finish_call(struct trapframe *frame, long value)
{
	frame->pc += ECALL_SIZE;
	arch_frame_set_result(frame, value);
}

static inline void arch_frame_call(const struct trapframe *frame, uint64_t words[4])
{
	words[0] = frame->x[17];
	words[1] = frame->x[10];
	words[2] = frame->x[11];
	words[3] = frame->x[12];
}

static inline uint64_t arch_frame_call_number(const struct trapframe *frame)
{
	return frame->x[17];
}

static inline uint64_t arch_frame_pc(const struct trapframe *frame)
{
	return frame->pc;
}

static inline uint64_t arch_frame_stack(const struct trapframe *frame)
{
	return frame->x[2];
}

static inline uint64_t arch_frame_pointer(const struct trapframe *frame)
{
	return frame->x[4];
}

void riscv_fpu_switch(struct trapframe *from, struct trapframe *to);

/* Most threads never use floating point: then the unit is off, and nothing in it is theirs. */
static inline void arch_switch(struct trapframe *from, struct trapframe *to)
{
	if ((csr_read(sstatus) & SSTATUS_FS) || to->fpu_hart)
		riscv_fpu_switch(from, to);
}

static inline bool arch_frame_is_all(const struct trapframe *frame)
{
	return !frame->fpu_hart;
}

/* Where a call's message is: a1 to a6, in order. */
static inline struct message *arch_frame_message(struct trapframe *frame)
{
	return (struct message *)&frame->x[11];
}

/* Where the windows are that a call lends: t0 to t2, in order. */
static inline struct windows *arch_frame_windows(struct trapframe *frame)
{
	return (struct windows *)&frame->x[5];
}

/* How a hart enters an address space: see asid.c. */
struct riscv_entry {
	uint64_t
		generation; /* atomic: of the ASID; another than the hart's present one: it needs a new ASID */
	uint64_t satp; /* the hart's own */
};

enum { TABLES_NOTED = 6 /* of a small program */ };

struct arch_aspace {
	struct account *account; /* pays for the page tables */
	paddr_t root; /* page table of the highest level */
	uint64_t *leaves; /* the table of the lowest level that was last used */
	uint64_t leaves_number; /* which one of all that there can be */
	uint32_t tables; /* how many there are below it */
	uint32_t first_number; /* which one the first of the lowest level is; a small program has no other */
	uint64_t *table[TABLES_NOTED]; /* which entries have the first of them */
	uint32_t
		first_used; /* a bit for every 16 entries of the first of the lowest level: some have been used */
	uint32_t visitors; /* atomic: bit i is set once hart i has been in it */
	struct riscv_entry entry[CONFIG_HARTS]; /* by hart */
};

/* What struct hart begins with. */
struct arch_hart {
	struct arch_aspace *space; /* atomic: the one it is in, NULL the kernel's own; others look at it */
	size_t entry_offset; /* of its entry in a struct arch_aspace */
	uint64_t generation; /* of its ASIDs, from 1 on */
	uint32_t asid; /* the last one given out in this generation */
	uint32_t asid_most;
};

/* The hart that runs this: the same from a thread's way in to the way out. */
register struct hart *riscv_hart __asm__("tp");

static inline struct hart *this_hart(void)
{
	return riscv_hart;
}

static inline struct riscv_entry *riscv_entry_here(struct arch_aspace *space)
{
	return (struct riscv_entry *)((char *)space + ((struct arch_hart *)this_hart())->entry_offset);
}

/* The hart has no ASID for the space it is in. */
void riscv_aspace_enter_anew(struct arch_aspace *space);

/*
 * The same, by riscv_enter_apart of trap.S, which keeps all registers but t0: so that whoever changes spaces on a way that
 * has to be short needs no others for this.
 */
static inline void riscv_aspace_enter_apart(struct arch_aspace *space)
{
	riscv_call_apart(riscv_enter_apart, space);
}

/*
 * One instruction says that the hart has left one space, with all that it did there, and is in another, before it looks at
 * anything of that: asid.c has the reasons.
 */
static inline void arch_aspace_enter(struct arch_aspace *space)
{
	struct arch_hart *hart = (struct arch_hart *)this_hart();
	const struct riscv_entry *entry = riscv_entry_here(space);

	riscv_store_ordered(&hart->space, space);
	if (__builtin_expect(__atomic_load_n(&entry->generation, __ATOMIC_RELAXED) == hart->generation, 1))
		csr_write(satp, entry->satp);
	else
		riscv_aspace_enter_apart(space);
}

/*
 * Atomic stores, relaxed and release. An aligned store is one (unprivileged specification, 1.4); of __atomic_store_n gcc
 * before 14 makes an exchange, with an address in a register of its own.
 */
#define arch_store(pointer, value) \
	do { \
		volatile __typeof__(*(pointer)) *store_at = (pointer); \
		*store_at = (value); \
	} while (0)
#define arch_store_release(pointer, value) \
	do { \
		__asm__ volatile("fence rw, w" ::: "memory"); \
		arch_store(pointer, value); \
	} while (0)

/*
 * The same for a pointer to what this hart did not make itself: it has come to it through others, whose partner's release
 * comes before this store, since the value depends on what was loaded (14.1, address and data dependencies) or a fence of
 * the reader's came between.
 */
#define arch_store_pointer(pointer, value) arch_store(pointer, value)

/*
 * An atomic load of a pointer through which only what was there before the partner's release is seen: reaching through it
 * comes after it (unprivileged specification, 14.1, address dependency), so it needs no fence.
 */
#define arch_load_pointer(pointer) (*(__typeof__(*(pointer)) const volatile *)(pointer))

/*
 * Pointers to what is aligned so, in the upper bits of a word: of an address of the kernel's half bits 38 to 63 are the
 * same (4.4.1), so it needs no more than 39 - 4 bits.
 */
enum { ARCH_PACKED_ALIGN = 16, ARCH_PACKED_SHIFT = 29 };

static inline uint64_t arch_pack_pointer(const void *pointer)
{
	return (uint64_t)pointer << 25;
}

static inline void *arch_unpack_pointer(uint64_t packed)
{
	return (void *)((int64_t)packed >> 25 & -ARCH_PACKED_ALIGN);
}

/* The clock, as it counts. */
static inline uint64_t arch_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

/* For the body of a loop that waits for another hart. */
static inline void arch_relax(void)
{
	__asm__ volatile(".4byte 0x0100000f" ::
				 : "memory"); /* pause, of Zihintpause: a hint, harmless without it */
}

/* Of usercopy.S: see riscv.h. */
int riscv_user_copy(void *to, const void *from, size_t size);

/* Whether a copy from `address` on may come to the kernel's half: else it ends where user memory does, if not before. */
static inline bool riscv_is_kernels(uint64_t address, size_t size)
{
	return (int64_t)(address | (address + size)) < 0;
}

static inline MUST_USE int arch_user_read(void *to, uint64_t from, size_t size)
{
	assert(!riscv_is_kernels(from, size));
	return riscv_user_copy(to, (const void *)from, size);
}

static inline MUST_USE int arch_user_write(uint64_t to, const void *from, size_t size)
{
	assert(!riscv_is_kernels(to, size));
	return riscv_user_copy((void *)to, from, size);
}

/* Physical memory as the kernel sees it. */
static inline void *direct(paddr_t address)
{
	return (void *)(address.value + DIRECT_BASE);
}

static inline paddr_t direct_to_physical(const void *pointer)
{
	return (paddr_t){(uint64_t)pointer - DIRECT_BASE};
}

static inline bool arch_aspace_has_at_hand(const struct arch_aspace *aspace, uint64_t address)
{
	return aspace->leaves_number == address >> PTE_LEAVES_SHIFT;
}

enum { ARCH_CAN_READ = PTE_R, ARCH_CAN_WRITE = PTE_W };

/* Others take the right to write away without the lock of the space. */
static inline uint64_t arch_aspace_find_at_hand(
	const struct arch_aspace *aspace, uint64_t address, paddr_t *frame)
{
	const uint64_t *at = &aspace->leaves[address >> PAGE_SHIFT & (PTE_COUNT - 1)];
	uint64_t entry = __atomic_load_n(at, __ATOMIC_RELAXED);

	*frame = (paddr_t){entry >> PTE_TABLE_SHIFT << PAGE_SHIFT};
	return entry;
}
