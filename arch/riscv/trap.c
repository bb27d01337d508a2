/*
 * What trap.S can't say in assembly: which exception it was, in the kernel's words, and the end of a kernel that
 * met one of its own.
 */
#include "abi/abi.h"
#include "csr.h"
#include "doors.h"
#include "hart.h"
#include "log.h"
#include "panic.h"
#include "riscv.h"

int riscv_page_fault(uint64_t cause, uint64_t address);
void riscv_trap_from_user(uint64_t cause, uint64_t value, int error);
void riscv_trap_from_kernel(struct kernel_frame *frame, uint64_t cause, uint64_t value);
_Noreturn void riscv_stack_overflow(uint64_t sp, uint64_t pc, uint64_t frame_pointer);
_Noreturn void riscv_user_memory_is_open(void);

extern const char text_start[], text_end[];

/* POSIX's numbers, as in picolibc's signal.h. */
enum { SIGNAL_ILL = 4, SIGNAL_TRAP = 5, SIGNAL_BUS = 10, SIGNAL_SEGV = 11 };

static const struct arch_cause exceptions[] = {
	[CAUSE_FETCH_MISALIGNED] = {"instruction address misaligned", SIGNAL_BUS},
	[CAUSE_FETCH_ACCESS] = {"instruction access fault", SIGNAL_SEGV},
	[CAUSE_ILLEGAL] = {"illegal instruction", SIGNAL_ILL},
	[CAUSE_BREAKPOINT] = {"breakpoint", SIGNAL_TRAP},
	[CAUSE_LOAD_MISALIGNED] = {"load address misaligned", SIGNAL_BUS},
	[CAUSE_LOAD_ACCESS] = {"load access fault", SIGNAL_SEGV},
	[CAUSE_STORE_MISALIGNED] = {"store address misaligned", SIGNAL_BUS},
	[CAUSE_STORE_ACCESS] = {"store access fault", SIGNAL_SEGV},
	[CAUSE_USER_ECALL] = {"call from user mode", SIGNAL_ILL},
	[CAUSE_SUPERVISOR_ECALL] = {"call from supervisor mode", SIGNAL_ILL},
	[CAUSE_FETCH_PAGE] = {"instruction page fault", SIGNAL_SEGV},
	[CAUSE_LOAD_PAGE] = {"load page fault", SIGNAL_SEGV},
	[CAUSE_STORE_PAGE] = {"store page fault", SIGNAL_SEGV},
};

struct arch_cause arch_cause(uint64_t cause)
{
	bool is_known = cause < sizeof(exceptions) / sizeof(exceptions[0]) && exceptions[cause].name;

	return is_known ? exceptions[cause] : (struct arch_cause){"unknown exception", SIGNAL_ILL};
}

/* What a page fault tried to do; 0 for other causes. */
static enum prot cause_access(uint64_t cause)
{
	switch (cause) {
	case CAUSE_FETCH_PAGE:
		return PROT_EXEC;
	case CAUSE_LOAD_PAGE:
		return PROT_READ;
	case CAUSE_STORE_PAGE:
		return PROT_WRITE;
	default:
		return 0;
	}
}

static RARE void interrupt(uint64_t cause)
{
	switch (cause) {
	case CAUSE_SUPERVISOR_TIMER:
		door_timer();
		return;
	case CAUSE_SUPERVISOR_SOFTWARE:
		riscv_software_interrupt();
		return;
	case CAUSE_SUPERVISOR_EXTERNAL:
		riscv_external_interrupt();
		return;
	default:
		panic("interrupt %lu, which was never enabled", cause & ~CAUSE_INTERRUPT);
	}
}

/*
 * Comes first for each exception of user mode: 0 when all that it took was a page, which is there now; above 0 when it is to be
 * met again, after interrupts.
 */
int riscv_page_fault(uint64_t cause, uint64_t address)
{
	enum prot access = cause_access(cause);

	return access ? door_page_fault(address, access) : -EFAULT;
}

/* What else there is to do, with a frame that is whole. `error`: of riscv_page_fault. */
void riscv_trap_from_user(uint64_t cause, uint64_t value, int error)
{
	if (cause & CAUSE_INTERRUPT)
		interrupt(cause);
	else if (error < 0 && (cause != CAUSE_ILLEGAL || !riscv_fpu_enable()))
		door_user_fault(cause, value, error);
}

static bool is_user_copy(uint64_t pc)
{
	return pc >= (uint64_t)riscv_user_copy_start && pc < (uint64_t)riscv_user_copy_end;
}

void riscv_trap_from_kernel(struct kernel_frame *frame, uint64_t cause, uint64_t value)
{
	enum prot access = cause_access(cause);

	if (DEBUG_CHECKS)
		assert(!(csr_read(sstatus) & SSTATUS_SUM));
	if (is_user_copy(frame->pc) && value < USER_TOP) {
		if (!access || !door_copy_fault(value, access))
			frame->pc = (uint64_t)riscv_user_copy_fixup;
		return;
	}
	log_hold();
	log_error("exception in the kernel: %s (scause %lu), stval 0x%016lx, sepc 0x%016lx, sstatus 0x%lx",
		arch_cause(cause).name, cause, value, frame->pc, frame->status);
	riscv_log_registers(frame->x);
	panic_at(frame->pc, frame->x[8], "%s at 0x%lx", arch_cause(cause).name, value);
}

void riscv_stack_overflow(uint64_t sp, uint64_t pc, uint64_t frame_pointer)
{
	panic_at(pc, frame_pointer, "kernel stack overflow on hart %u: sp 0x%lx is below 0x%lx",
		this_hart()->index, sp, this_hart()->stack_bottom);
}

void riscv_user_memory_is_open(void)
{
	panic("sstatus.SUM is set at the entry of the kernel, scause 0x%lx: a way out, or a copy, has left it",
		csr_read(scause));
}

void riscv_log_registers(const uint64_t *x)
{
	static const char names[32][5] = {"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",
		"a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",
		"s10", "s11", "t3", "t4", "t5", "t6"};

	for (unsigned i = 1; i < 32; i += 3)
		if (i + 2 < 32)
			log_error("  %4s %016lx  %4s %016lx  %4s %016lx", names[i], x[i], names[i + 1],
				x[i + 1], names[i + 2], x[i + 2]);
		else
			log_error("  %4s %016lx", names[i], x[i]);
}

/* Whether a frame called from `callee` can be at `caller`: higher, and on the same stack. */
static bool is_caller_frame(uint64_t callee, uint64_t caller)
{
	const struct hart *hart = this_hart();
	bool on_hart_stack = callee >= hart->stack_bottom && callee <= hart->stack_top;

	return caller > callee && caller - callee <= CONFIG_HART_STACK && caller % 8 == 0 &&
	       (!on_hart_stack || caller <= hart->stack_top);
}

/*
 * Frame pointers: the word below s0 is the return address, the one below that the caller's s0 (psABI). The last
 * frame holds the s0 of user mode, which can be anything.
 */
size_t arch_backtrace(uint64_t frame_pointer, uint64_t *addresses, size_t most)
{
	size_t count = 0;

	if (!frame_pointer)
		frame_pointer = (uint64_t)__builtin_frame_address(0);
	if (!is_caller_frame(frame_pointer - 16, frame_pointer))
		return 0;
	while (count < most) {
		const uint64_t *frame = (const uint64_t *)frame_pointer;
		uint64_t address = frame[-1], next = frame[-2];

		if (address < (uint64_t)text_start || address >= (uint64_t)text_end)
			break;
		addresses[count++] = address;
		if (!is_caller_frame(frame_pointer, next))
			break;
		frame_pointer = next;
	}
	return count;
}
