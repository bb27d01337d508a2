/*
 * The seam: everything that kernel/ asks of an architecture. arch/riscv implements it; a second implementation can
 * stand in its place. The other direction is doors.h. <arch_types.h> is the architecture's own and gives struct
 * trapframe, struct arch_aspace, paddr_t arithmetic through the direct map, and this_hart().
 *
 * All functions are called with interrupts off, on the hart they concern.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"
#include "arch_types.h"
#include "result.h"
#include "work.h"

struct account;
struct hart;

/* ---- the machine, as the firmware described it */

struct memory_range {
	uint64_t start; /* physical */
	uint64_t size; /* bytes */
};

struct machine {
	struct memory_range memory[CONFIG_MEMORY_RANGES]; /* whole pages, all that there is */
	unsigned memory_count;
	struct memory_range
		free[CONFIG_MEMORY_RANGES]; /* without firmware, kernel, initrd; some may be empty */
	unsigned free_count;
	struct memory_range initrd; /* size 0: none was given */
	uint64_t timebase; /* ticks of arch_ticks in a second */
	unsigned harts; /* usable harts in the device tree, CONFIG_HARTS at most */
	unsigned hart[CONFIG_HARTS]; /* as the hardware numbers them; the first is the one we run on */
	const char *bootargs; /* kernel command line, never NULL */
	uint64_t
		seed; /* from the firmware, another at each power-on and no program's to know; else what the clock says */
};

/* Reads the device tree. Called once, first. A tree that can't be understood ends in a panic that says why. */
const struct machine *arch_machine_read(void);

/* What arch_machine_read has read. */
const struct machine *arch_machine(void);

/*
 * Brings the final kernel mappings into force: kernel image with its own rights, direct map of all memory,
 * guarded stacks. Needs frames. Called once.
 */
void arch_memory_init(void);

/* Traps, timer, user access to counters. Called once a hart, after arch_memory_init. */
void arch_hart_init(struct hart *hart);

/* Ends the machine; QEMU exits with `status`. */
_Noreturn void arch_shutdown(uint8_t status);

/* Halts this hart for good. */
_Noreturn void arch_halt(void);

/* ---- other harts */

/* Starts every other hart; each goes on with door_hart on its own stack. Once, after arch_memory_init. */
void arch_harts_start(void);

/* Has door_ipi called on another hart soon; if it is idle, it wakes up. */
void arch_send_ipi(const struct hart *hart);

/* ---- devices, for drivers in user mode */

struct device {
	struct memory_range registers; /* whole pages; size 0: it has none that begin a page */
	bool is_own; /* these are memory, or the kernel itself uses them */
	bool is_console; /* what the firmware prints on, and arch_console_get reads from */
	unsigned interrupt; /* 0: it has none */
};

/* What the machine's description says of the device at `path`; -ENOENT. */
MUST_USE int arch_device_find(const char *path, struct device *device);

/*
 * Writes the path of the index-th device that is compatible with this into `path`, with a NUL; its length, or -ENOENT when
 * there are no more, or it is longer than `size`.
 */
MUST_USE long arch_device_path(const char *compatible, unsigned index, char *path, size_t size);

/* Interrupts of devices have numbers from 1 to below this; 0 or 1 when there are none. */
unsigned arch_interrupt_count(void);

/* Has door_irq called for it on this hart if that can be, else on another. */
void arch_interrupt_enable(unsigned number);

/* An interrupt that has come does not come again until this. */
void arch_interrupt_unmask(unsigned number);

/* From now on it does not come, pending or not. */
void arch_interrupt_disable(unsigned number);

/* ---- console of the firmware */

void arch_console_put(char c);

/* A byte, or -1 when nothing has been typed. */
int arch_console_get(void);

/* ---- time */

/* Nanoseconds since power-on. */
uint64_t arch_time_now(void);

/*
 * In arch_types.h: arch_store and arch_store_release, as __atomic_store_n of relaxed and of release order, for paths on
 * which instructions count; arch_load_pointer, as __atomic_load_n of acquire order for what is reached through it; and
 * arch_store_pointer, as one of release order for what others have made. And arch_pack_pointer, which leaves the lower
 * ARCH_PACKED_SHIFT bits of a word free for other use, and arch_unpack_pointer, which does not mind them.
 */

/* In arch_types.h, for counting what is short: uint64_t arch_ticks(void), which begins before the first thread; never 0. */
uint64_t arch_ticks_to_ns(uint64_t ticks);

/* Has door_timer called at this time, or at once if it has passed; UINT64_MAX for never. Replaces the former. */
void arch_timer_set(uint64_t deadline_ns);

/* Waits until an interrupt is pending, without taking it. */
void arch_wait(void);

/* Takes the interrupts that are pending through their doors. */
void arch_take_interrupts(void);

/* Whether one is pending: then what takes long should come to a place where it can be cut. */
bool arch_interrupt_is_pending(void);

/* ---- threads: the registers of user mode */

/* Where and with what a thread begins. */
struct frame_start {
	uint64_t entry, stack;
	uint64_t argument, argument2; /* as of a function */
	uint64_t pointer; /* to its thread-local data, by the convention of the architecture */
};

/* A fresh thread: zero in every register but these. The frame is zeros. */
void arch_frame_init(struct trapframe *frame, const struct frame_start *start);

/* In arch_types.h, arch_frame_set_result: the value that the call in progress returns when the thread runs again. */

/*
 * In arch_types.h, too:
 * void arch_frame_restart_call(frame)         has the thread make its call again, with the same arguments
 * void arch_frame_finish_call(frame, value)   takes that back: the call returns `value` after all
 * void arch_frame_call(frame, words[4])       the number of the call that the thread makes, and three arguments
 * uint64_t arch_frame_call_number(frame)      the number of the call that the thread makes or has made last
 * uint64_t arch_frame_pc(frame)               the program counter
 * uint64_t arch_frame_stack(frame)            the stack pointer
 * uint64_t arch_frame_pointer(frame)          the pointer to thread-local data
 */

/* What arch_frame_set_result has set, or the first argument of the call. */
long arch_frame_result(const struct trapframe *frame);

/* What a report says of the cause of an exception, as the hardware numbers it. */
struct arch_cause {
	const char *name; /* for people */
	int signal; /* POSIX's signal number for it */
};
struct arch_cause arch_cause(uint64_t cause);

/*
 * Leaves the handler without returning to it and runs `next`, whose frame holds all of it, in the place of the current
 * thread, whose frame is whole too: the call came in through ARCH_WHOLE_CALL of arch_types.h, or it was none. The first
 * has its call return 0 and a message, as struct message has it: label and token, words, deadline or badge. Neither returns; they
 * have the result of a handler, so that it can end in a jump there. arch_types.h
 * also has arch_frame_is_all(frame): whether a hart holds nothing of its thread's but what stands there.
 */
long arch_hand_over(struct trapframe *next, uint64_t first, uint64_t word0, uint64_t word1, uint64_t word2,
	uint64_t word3, uint64_t last);
long arch_go_on(struct trapframe *next);

/* Leaves the handler without returning to it and runs the next thread. For calls that end their caller. */
_Noreturn void arch_leave(void);

/*
 * In arch_types.h, arch_switch(from, to): moves from one thread to another on this hart, but for what the trap path does:
 * floating-point state. `from` is NULL after the thread's end.
 */

/* Moves this hart to its own guarded stack and goes on with door_start. */
_Noreturn void arch_start(void);

/* Puts what this hart still holds of a frame's registers into it. Its thread came in here last, and does not go on now. */
void arch_frame_settle(struct trapframe *frame);

/* The registers of a thread that does not run, whose frame has been settled. What can't be a register is ignored. */
void arch_frame_get(const struct trapframe *frame, struct registers *registers);
void arch_frame_set(struct trapframe *frame, const struct registers *registers);
void arch_frame_get_float(const struct trapframe *frame, struct float_registers *registers);
void arch_frame_set_float(struct trapframe *frame, const struct float_registers *registers);

/* Gives a fresh thread the floating-point registers of the one that makes the call. */
void arch_frame_give_float(struct trapframe *fresh, struct trapframe *caller);

/* Whether a thread can begin or go on at this address, as far as the address itself can tell. */
bool arch_is_code_address(uint64_t address);

/* Prints the registers of a frame to the log. */
void arch_frame_log(const struct trapframe *frame);

/* ---- address spaces */

/* Makes an empty user half of zeros, whose page tables `account` pays for; -ENOMEM. */
MUST_USE int arch_aspace_init(struct arch_aspace *aspace, struct account *account);

/*
 * Frees page tables, not the pages they map, each for WORK_FRAME of `work`, while there is any left: true when all have
 * gone, and from then on. No hart is in it.
 */
MUST_USE bool arch_aspace_destroy(struct arch_aspace *aspace, int *work);

/*
 * Maps one page where none was, or the same with other rights; -ENOMEM when a page table can't be had. If others are in
 * the space, code in the page has been made visible to them before.
 */
MUST_USE int arch_aspace_map(struct arch_aspace *aspace, uint64_t address, paddr_t frame, enum prot prot);

/*
 * Removes all pages of a page-aligned range. True when other harts may still use them: until arch_aspace_forget. Whoever
 * has the lock of the memory that is mapped there may do that, too, without that of the address space.
 */
MUST_USE bool arch_aspace_unmap(struct arch_aspace *aspace, uint64_t start, uint64_t end);

/* Bits of the frames that arch_aspace_map_run is given. */
enum {
	ARCH_RUN_READ = 1, /* nobody may write to it */
	ARCH_RUN_SKIP = 2,
};

/*
 * Maps frames of `count` pages from `address` on, one after the other, where there is one (not 0) and nothing is mapped;
 * -ENOMEM, with some of them mapped perhaps. No other hart can have come upon code that is mapped so.
 */
MUST_USE int arch_aspace_map_run(
	struct arch_aspace *aspace, uint64_t address, const paddr_t *frames, unsigned count, enum prot prot);

/*
 * How far a page-aligned range from `start` goes until its page tables have places for so many pages, or are missing for
 * as long to look: `end` at most, and past `start` if `pages` is not 0. Takes off of that how many there were.
 */
uint64_t arch_aspace_reach(const struct arch_aspace *aspace, uint64_t start, uint64_t end, uint64_t *pages);

/*
 * The frame of the page at `address`, and among other bits what user mode may do there, ARCH_CAN_READ and ARCH_CAN_WRITE of
 * arch_types.h: none when it is not mapped. With the lock of the space, which has not been destroyed.
 */
MUST_USE uint64_t arch_aspace_find(struct arch_aspace *aspace, uint64_t address, paddr_t *frame);

/*
 * In arch_types.h: bool arch_aspace_has_at_hand(const struct arch_aspace *aspace, uint64_t address), for what may be no address
 * at all, and if it does, the same as above at one look: uint64_t arch_aspace_find_at_hand(const struct arch_aspace *aspace,
 * uint64_t address, paddr_t *frame). Often that is so for the address for which arch_aspace_find was called last, and its
 * neighbours.
 */

/*
 * Returns when no hart uses what has been removed from the range before. The caller has no lock: other harts may be
 * waiting for it, and can't answer. This hart answers others meanwhile.
 */
void arch_aspace_forget(struct arch_aspace *aspace, uint64_t start, uint64_t end);

/*
 * Takes the right to write to the pages of a page-aligned range away, without the lock of the space. True as above; then
 * arch_harts_settle has to follow.
 */
MUST_USE bool arch_aspace_protect(struct arch_aspace *aspace, uint64_t start, uint64_t end);

/*
 * Returns when every other hart has been outside of its handlers, or waited for others in one, and has dropped all that it
 * had cached of page tables. The caller has no lock.
 */
void arch_harts_settle(void);

/* Whether another hart is in the space, or may use what it remembers of it when it comes back. */
bool arch_aspace_is_elsewhere(const struct arch_aspace *aspace);

/*
 * What was stored to memory before, as this hart sees it, is fetched by every hart that is in the space, or enters it. The
 * caller has no lock.
 */
void arch_aspace_sync_code(struct arch_aspace *aspace);

/* In arch_types.h: void arch_aspace_enter(struct arch_aspace *aspace), which makes it the address space of this hart. */

/* This hart goes to the kernel's own address space, which has no user half. */
void arch_aspace_leave(void);

/*
 * For audits of debug builds: true when every entry of a page-aligned range is as it has to be, and `fits` says so of each
 * page that is mapped there. The caller sees to it that nobody changes them meanwhile.
 */
typedef bool arch_audit(void *context, uint64_t address, paddr_t frame, enum prot prot);
bool arch_aspace_audit(
	const struct arch_aspace *aspace, uint64_t start, uint64_t end, arch_audit *fits, void *context);

/* ---- user memory, of the address space this hart is in */

/*
 * In arch_types.h: int arch_user_read(void *to, uint64_t from, size_t size) and its counterpart arch_user_write(uint64_t to,
 * const void *from, size_t size), copies between kernel and user memory; the caller has checked that the user side lies in
 * [USER_BASE, USER_TOP).
 * -EFAULT when the mapping doesn't allow it; what was copied before stays copied.
 */

/* ---- the kernel's own stack */

/* Return addresses of this stack, innermost first; returns how many. `frame_pointer` 0 means the caller's. */
size_t arch_backtrace(uint64_t frame_pointer, uint64_t *addresses, size_t most);

/* How many bytes of a hart's stack have ever been used, as far as that shows. */
size_t arch_stack_used(const struct hart *hart);
