/*
 * The doors: what an architecture calls when user mode or a device wants something of the kernel. Called on the
 * hart's kernel stack with interrupts off. They change who runs next at most; the trap path then asks door_next.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/types.h"
#include "result.h"

struct trapframe;

/* Power-on: one hart, its stack, no interrupts. */
_Noreturn void door_boot(void);

/* After it, on the hart's own stack. */
_Noreturn void door_start(void);

/*
 * The current thread has touched an address in a way that no page there allows yet. 0: now one does. Below 0: an error, for
 * door_user_fault. Above: it is to touch it again, when interrupts have been taken.
 */
MUST_USE int door_page_fault(uint64_t address, enum prot access);

/*
 * The current thread has met an exception; its frame holds all of its registers. `cause` is the hardware's number for it,
 * `address` what it concerned: an address, or the instruction's bits. `error` is of door_page_fault; -EFAULT if it was no
 * matter of a page.
 */
void door_user_fault(uint64_t cause, uint64_t address, int error);

/* The same for a call through the foreign table. Returns what a handler returns whose thread waits. */
long door_foreign_call(uint64_t cause);

/*
 * A user address was touched by a copy of the kernel: true when the page is there now and the copy can go on. When that would
 * take long, and an interrupt is pending, the copy fails, and the whole call is made again.
 */
bool door_copy_fault(uint64_t address, enum prot access);

/* Another hart than the first begins, on its own stack. */
_Noreturn void door_hart(void);

/* Another hart has left mail. */
void door_ipi(void);

/* The time set by arch_timer_set has come. */
void door_timer(void);

/* An interrupt of a device has come. It is masked until arch_interrupt_unmask. */
void door_irq(unsigned number);

/*
 * A call has returned `result` and something has changed: takes the value to the caller if it still runs, and
 * returns the frame of the thread to run now.
 */
struct trapframe *door_next_after_call(long result);

/* The same after a fault or interrupt, and after arch_leave. */
struct trapframe *door_next(void);
