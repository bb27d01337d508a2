/*
 * The seam's types when the kernel runs as a program of the development machine: a hart is a POSIX thread, physical
 * memory is one mapping, and what runs in user mode is a function that is called once between two calls of the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"
#include "abi/types.h"
#include "config.h"
#include "result.h"

struct account;
struct hart;
struct message;
struct windows;

typedef struct {
	uint64_t value;
} paddr_t;

typedef long (*const *call_table)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

#define ARCH_WHOLE_CALL(name) thunk_##name

/* What user mode does next. */
enum hosted_action {
	HOSTED_CALL, /* number and a[] */
	HOSTED_LOAD, /* a byte from `address`, into result */
	HOSTED_STORE, /* the low byte of result to `address` */
	HOSTED_EXCEPTION, /* an illegal instruction */
};

struct trapframe {
	uint64_t pc, stack, argument;
	enum hosted_action action;
	bool again; /* do once more what was done last */
	uint64_t number, a[7], address; /* a[6] only of a message */
	uint64_t lent[3]; /* windows of ipc_call_lend */
	long result; /* of the last call */
	call_table table;
	struct hart *hart; /* the hart it runs on */
	struct hart *plain_on; /* see sched.h */
	uint64_t state[16]; /* the program's own; zero at first */
};

#define arch_load_pointer(pointer) __atomic_load_n(pointer, __ATOMIC_ACQUIRE)

static inline void arch_frame_set_result(struct trapframe *frame, long value)
{
	frame->result = value;
}

static inline void arch_frame_restart_call(struct trapframe *frame)
{
	frame->again = true;
	frame->result = (long)frame->a[0]; /* as arch_frame_result has it for such a call */
}

static inline void arch_frame_finish_call(struct trapframe *frame, long value)
{
	frame->again = false;
	frame->result = value;
}

static inline void arch_frame_call(const struct trapframe *frame, uint64_t words[4])
{
	words[0] = frame->number;
	for (unsigned i = 1; i < 4; i++)
		words[i] = frame->a[i - 1];
}

static inline uint64_t arch_frame_call_number(const struct trapframe *frame)
{
	return frame->number;
}

static inline uint64_t arch_frame_pc(const struct trapframe *frame)
{
	return frame->pc;
}

static inline uint64_t arch_frame_stack(const struct trapframe *frame)
{
	return frame->stack;
}

static inline uint64_t arch_frame_pointer(const struct trapframe *frame)
{
	return frame->argument;
}

void arch_switch(struct trapframe *from, struct trapframe *to);

static inline bool arch_frame_is_all(const struct trapframe *frame)
{
	(void)frame;
	return true;
}

static inline struct message *arch_frame_message(struct trapframe *frame)
{
	return (struct message *)&frame->a[1];
}

static inline struct windows *arch_frame_windows(struct trapframe *frame)
{
	return (struct windows *)frame->lent;
}

/* Page tables of three levels, made of frames: an entry is the address of a frame with a prot in its low bits. */
struct arch_aspace {
	struct account *account; /* pays for the page tables */
	paddr_t root;
	uint32_t active; /* atomic: bit i is set while hart i is in it */
};

/* What struct hart begins with. */
struct arch_hart {
	struct arch_aspace *space; /* the one it is in, NULL the kernel's own */
	struct arch_aspace *walking; /* atomic: the one whose page table is in use right now */
};

void arch_aspace_enter(struct arch_aspace *space);
enum { ARCH_CAN_READ = PROT_READ, ARCH_CAN_WRITE = PROT_WRITE };

uint64_t hosted_find(const struct arch_aspace *space, uint64_t address, paddr_t *frame);

/* Every other page, so that both ways are gone. */
static inline bool arch_aspace_has_at_hand(const struct arch_aspace *space, uint64_t address)
{
	return space->root.value && address >> PAGE_SHIFT & 1;
}

static inline uint64_t arch_aspace_find_at_hand(
	const struct arch_aspace *space, uint64_t address, paddr_t *frame)
{
	return hosted_find(space, address, frame);
}

extern _Thread_local struct hart *hosted_hart;
extern uint8_t *hosted_memory; /* byte 0 of physical memory */

void host_yield(void);

/* Something can be seen by the other harts from now on: now and then they get time to make something of it. */
void hosted_published(void);

static inline struct hart *this_hart(void)
{
	return hosted_hart;
}

#define arch_store(pointer, value) __atomic_store_n(pointer, value, __ATOMIC_RELAXED)
#define arch_store_release(pointer, value) \
	(__atomic_store_n(pointer, value, __ATOMIC_RELEASE), hosted_published())
#define arch_store_pointer(pointer, value) __atomic_store_n(pointer, value, __ATOMIC_RELEASE)

/* host_memory puts the memory near the kernel's own variables. */
enum { ARCH_PACKED_ALIGN = 16, ARCH_PACKED_SHIFT = 29 };

static inline uint64_t arch_pack_pointer(const void *pointer)
{
	return ((uint64_t)pointer - (uint64_t)hosted_memory) << 25;
}

static inline void *arch_unpack_pointer(uint64_t packed)
{
	return hosted_memory + ((int64_t)packed >> 25 & -ARCH_PACKED_ALIGN);
}

/* Nanoseconds, without letting time pass. */
uint64_t arch_ticks(void);

static inline void arch_relax(void)
{
	host_yield();
}

MUST_USE int arch_user_read(void *to, uint64_t from, size_t size);
MUST_USE int arch_user_write(uint64_t to, const void *from, size_t size);

static inline void *direct(paddr_t address)
{
	return hosted_memory + address.value;
}

static inline paddr_t direct_to_physical(const void *pointer)
{
	return (paddr_t){(uint64_t)((const uint8_t *)pointer - hosted_memory)};
}
