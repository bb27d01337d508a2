/* User mode: a function that says what comes next, a call, a load, a store or an exception, and what the kernel does then. */
#include "seam.h"

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "doors.h"
#include "kernel/syscalls.h"

enum { SIGNAL_ILL = 4, SIGNAL_SEGV = 11 };

/* Causes of exceptions. */
enum { CAUSE_PAGE, CAUSE_ILLEGAL, CAUSE_CALL };

struct arch_cause arch_cause(uint64_t cause)
{
	static const struct arch_cause causes[] = {
		[CAUSE_PAGE] = {"page fault", SIGNAL_SEGV},
		[CAUSE_ILLEGAL] = {"illegal instruction", SIGNAL_ILL},
		[CAUSE_CALL] = {"call", SIGNAL_ILL},
	};

	return causes[cause];
}

static struct trapframe *make_call(struct trapframe *frame)
{
	uint64_t number = frame->number < SYSCALL_SLOTS ? frame->number : 0;
	const uint64_t *a = frame->a;
	long result = frame->table[number](a[0], a[1], a[2], a[3], a[4], a[5]);

	if (this_hart()->work)
		return door_next_after_call(result);
	frame->result = result;
	return frame;
}

static struct trapframe *touch(struct trapframe *frame)
{
	bool store = frame->action == HOSTED_STORE;
	uint8_t byte = (uint8_t)frame->result;

	if (store ? hosted_store(frame->address, byte) : hosted_load(frame->address, &byte)) {
		frame->result = byte;
		return frame;
	}
	frame->again = true;

	int error = door_page_fault(frame->address, store ? PROT_WRITE : PROT_READ);

	if (!error && !this_hart()->work)
		return frame;
	if (error < 0)
		door_user_fault(CAUSE_PAGE, frame->address, error);
	return door_next();
}

static hosted_program *program_at(uint64_t pc)
{
	unsigned count = 0;

	while (hosted_options.programs[count])
		count++;
	for (unsigned i = 0; i < count; i++)
		if (pc == HOSTED_ENTRY(i))
			return hosted_options.programs[i];
	return NULL;
}

struct trapframe *user_mode(struct trapframe *frame)
{
	hosted_program *program = program_at(frame->pc);
	bool again = frame->again;

	frame->again = false;
	if (!program) {
		door_user_fault(CAUSE_ILLEGAL, frame->pc, -EFAULT);
		return door_next();
	}
	if (!again)
		program(frame);
	switch (frame->action) {
	case HOSTED_CALL:
		return make_call(frame);
	case HOSTED_LOAD:
	case HOSTED_STORE:
		return touch(frame);
	case HOSTED_EXCEPTION:
		break;
	}
	door_user_fault(CAUSE_ILLEGAL, frame->pc, -EFAULT);
	return door_next();
}

long thunk_foreign(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	return door_foreign_call(CAUSE_CALL);
}
