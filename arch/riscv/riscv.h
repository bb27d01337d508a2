/* What the files of arch/riscv share with each other and nobody else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "hart.h"

/* Registers of the kernel when it was interrupted by an exception of its own, on its stack. Multiple of 16 bytes. */
struct kernel_frame {
	uint64_t x[32];
	uint64_t pc;
	uint64_t status;
};

/* ---- entry.S: from the firmware */
extern uint64_t boot_hart_number, boot_device_tree; /* a0 and a1 at power-on; the second is physical */

/* ---- trap.c */
void riscv_log_registers(const uint64_t *x);

/* ---- trap.S */
void riscv_trap_entry(void);

/* ---- usercopy.S: 0, or nonzero when a page was missing; [start, end) may fault, and goes on at fixup then */
int riscv_user_copy(void *to, const void *from, size_t size);
extern const char riscv_user_copy_start[], riscv_user_copy_end[], riscv_user_copy_fixup[];

/*
 * ---- stretch.c: how long interrupts stay off. Nothing is done but in debug builds. trap.S begins a stretch, too. A place
 * where pending interrupts are taken ends one and begins another.
 */
#if DEBUG_CHECKS
void riscv_stretch_begin(void);
void riscv_stretch_end(void);
uint64_t riscv_instructions(void); /* that this hart has executed */
#else
static inline void riscv_stretch_begin(void)
{
}

static inline void riscv_stretch_end(void)
{
}

static inline uint64_t riscv_instructions(void)
{
	return 0;
}
#endif

/* ---- fpu.S: sstatus.FS must be on */
void riscv_fpu_save(struct trapframe *frame);
void riscv_fpu_load(const struct trapframe *frame);

/* ---- fpu.c: true when an illegal instruction was the thread's first use of floating point, which works now */
bool riscv_fpu_enable(void);

/* ---- sbi.c: calls of the Supervisor Binary Interface 1.0 */
struct sbi_result {
	long error; /* 0 or one of SBI_ERR_* */
	long value;
};
struct sbi_result sbi_call(long extension, long function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);
void sbi_set_timer(uint64_t time);
long sbi_hart_start(uint64_t hardware, uint64_t address, uint64_t argument);
void sbi_send_ipi(uint64_t hardware);
_Noreturn void sbi_shutdown(bool failure);

/* ---- machine.c: what the others needs of the tree beyond struct machine. */
struct riscv_facts {
	uint64_t timebase; /* ticks of `time` a second */
	uint64_t finisher; /* physical address of the sifive,test device; 0: none */
	bool sstc; /* every hart has stimecmp */
};
extern struct riscv_facts riscv_facts;

/* ---- timer.c */
void riscv_timer_init(void);

/* ---- smp.c */
void riscv_software_interrupt(void);
void riscv_set_stacks(struct hart *hart);

/* ---- entry.S: where a hart started by HSM begins, with its struct riscv_start in a1 */
extern const char riscv_secondary_start[];

/* What such a hart needs before it can see the kernel where it was linked. */
struct riscv_start {
	uint64_t satp;
	struct hart *hart;
	uint64_t hardware; /* number of the hart */
};

extern struct riscv_start riscv_starts[CONFIG_HARTS];

/* ---- shootdown.c */

/* What another hart is to forget: translations of [start, end), which may be empty, and code it has fetched. */
struct riscv_fence {
	uint64_t start, end;
	bool code;
};

/* Has these harts, bits by index, do it, and waits for them. Without any lock. */
void riscv_fence_others(uint32_t others, const struct riscv_fence *fence);

/* Does what others wait for. */
void riscv_answer_fences(void);

/* ---- asid.c */
void riscv_asid_init(void); /* once a hart, in the kernel's own address space */
uint32_t riscv_harts_in(const struct arch_aspace *space); /* bits of the harts that are in it */

/*
 * Bits of the harts that have ever been in it. A full fence comes first: what this hart has changed before is seen by those
 * that have not been.
 */
static inline uint32_t riscv_visitors(const struct arch_aspace *space)
{
	return __atomic_load_n(&space->visitors, __ATOMIC_SEQ_CST);
}

static inline uint32_t riscv_other_visitors(const struct arch_aspace *space)
{
	return riscv_visitors(space) & ~(1u << this_hart()->index);
}

/* ---- plic.c: interrupts of devices */
struct fdt;
void riscv_plic_find(struct fdt *fdt); /* after the harts are known */
void riscv_plic_init(void); /* when registers can be mapped */
void riscv_plic_hart_init(void);
void riscv_external_interrupt(void);
uint32_t riscv_plic_phandle(void); /* how the tree refers to it; 0: there is none */

/* ---- device.c: devices for drivers. After the PLIC is known */
void riscv_devices_find(void);

/* ---- power.c */
extern volatile uint32_t *riscv_finisher; /* registers of the sifive,test device; NULL: none */

/* ---- mmu_kernel.c */
uint64_t riscv_kernel_physical(void);
uint64_t riscv_kernel_satp(void);
/* Maps registers of a device for the kernel's own use; panics when they don't fit. */
volatile void *riscv_map_device(uint64_t physical, uint64_t size);
/* The device tree and whatever else lies in memory before arch_memory_init. */
const void *riscv_early_memory(uint64_t physical);
