/* For tests: the hosted machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"

struct aspace;
struct memory;
struct object;
struct process;

/*
 * A program of user mode: called whenever its thread comes back from the kernel, it says in the frame what to do
 * next. Its state is frame->state, since the thread can go on on another hart.
 */
typedef void hosted_program(struct trapframe *frame);

/* Address where the index-th program begins. */
#define HOSTED_ENTRY(index) (0x10000000ul + 16 * (index))

struct hosted_machine {
	unsigned harts;
	size_t memory; /* bytes */
	const char *bootargs;
	hosted_program *const *programs; /* the first is /init; ends with NULL */
};

/*
 * Boots the kernel; returns when nobody has anything to do. Time is virtual: it goes on with each look at it, and to the
 * next timer when every hart is idle.
 */
void hosted_boot(const struct hosted_machine *machine);

/* Has a hart do `job` in the kernel, then waits until every hart is idle and no timer is set. */
void hosted_do(unsigned hart, void (*job)(void *), void *argument);

/* Reads or writes a byte as user mode of this hart's address space would: false when the page table doesn't allow it. */
bool hosted_load(uint64_t address, uint8_t *byte);
bool hosted_store(uint64_t address, uint8_t byte);

/* What a page table says of an address: its frame and rights; false when nothing is mapped. */
bool hosted_lookup(const struct arch_aspace *space, uint64_t address, paddr_t *frame, enum prot *prot);

/* How long a copy from or to user memory takes, in pauses of the host: 1 unless it is said otherwise before the boot. */
extern unsigned hosted_copy_pauses;

/* ---- device.c */

/* Has a device raise its interrupt; from a program or a job. */
void hosted_interrupt(unsigned number);

/* For the seam: whether a hart has an interrupt to take; takes them all, and says whether there was one. */
bool hosted_interrupt_due(unsigned hart);
bool hosted_take_interrupts(unsigned hart);

/* ---- seam */

/* Has something typed on the console. */
void hosted_type(const char *text);

/* What has been printed; empties it. */
const char *hosted_printed(void);

/* Prints what the kernel reports of itself, as lines for scripts. */
void hosted_report(void);

/* The exit status, once system_shutdown has been called; -1 before. */
int hosted_status(void);

/* ---- make.c */

/* Where a process that was made here has its stack, and a page that it may share with others. */
#define HOSTED_STACK_SIZE (4 * PAGE_SIZE)
#define HOSTED_STACK      (USER_TOP - HOSTED_STACK_SIZE)
#define HOSTED_SHARED     0x20000000ul
enum { HOSTED_KILLED = 99 };

/* aspace_map, for what may not be allowed more later. */
MUST_USE int hosted_map(struct aspace *space, uint64_t *at, struct memory *memory, uint64_t offset,
	uint64_t size, enum prot prot);

/* A process with a stack. The caller has a reference. */
struct process *hosted_new_process(void);

/* Starts a thread that runs the index-th program: false when the process is ending already. */
bool hosted_start(struct process *process, unsigned program, uint64_t argument);

/* The same, for one that runs on some harts only: bit i for hart i. */
bool hosted_start_on(uint32_t harts_allowed, struct process *process, unsigned program, uint64_t argument);

/* Gives a process a handle: 0 when it is ending, or may have no more memory. */
uint32_t hosted_give(struct process *process, struct object *object, uint32_t rights);

/* Shows a process the first page of `memory`; the words there, as a program of it sees and changes them, atomically. */
void hosted_share(struct process *process, struct memory *memory);
uint32_t *hosted_word(unsigned index);

/* Ends a process with the status HOSTED_KILLED. Not the one that runs. */
void hosted_kill(struct process *process);

/* Has the kernel make what it keeps once frames have been shared: then what is free stays the same. */
void hosted_share_once(void);

/* How many frames are free; for the test itself, while the machine is quiet. */
size_t hosted_free_frames(void);

/* ---- seam */

/* Says in the frame that the next thing is this call. */
void hosted_call(
	struct trapframe *frame, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);

/* A random number, of a seed that goes on. */
uint64_t hosted_random(uint64_t *seed);

/* ---- check.c: what is always true while every hart is idle; says what isn't and ends the program */
void hosted_check(void);

/*
 * Tells what a program has found otherwise than it should be, as a line of KTAP before the result to which that leads: only
 * the first few of them, since the rest mostly follows.
 */
__attribute__((format(printf, 1, 2))) void hosted_tell(const char *format, ...);

/* What `check` returns for a process, a table or a space. Ends the program if it isn't true. */
#define HOSTED_REQUIRE(condition) ((condition) ? (void)0 : hosted_broken(__FILE__, __LINE__, #condition))
_Noreturn void hosted_broken(const char *file, int line, const char *condition);
