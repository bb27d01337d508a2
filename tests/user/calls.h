/*
 * The call table as the tests see it: the kernel's own metadata, generated from kernel/abi, and valid arguments for
 * each call, so that a test can spoil one of them at a time. Include this before any other header.
 */
#pragma once

#include "kernel/metadata.c" /* first: its errors are an enum, those of <errno.h> macros */

#include "suite.h"

#define CALLS COUNT(calls)

enum { GOOD_ADDRESS = 0x40000000 };

/* Things to name in arguments, made by subjects_make. */
static struct {
	process_handle idle; /* never started */
	process_handle mapped; /* never started, with pages at GOOD_ADDRESS */
	process_handle ended; /* exited, so that waiting for it does not wait */
	thread_handle thread; /* ended */
	thread_handle stopped; /* by thread_suspend */
	memory_handle memory;
	memory_handle copy; /* in which no page has been touched */
	memory_handle contiguous;
	system_handle system;
	endpoint_handle endpoint; /* nobody calls or receives, but for the caller that the token names */
	uint32_t token; /* of a caller that lends the scratch pages for as long as this process lives */
	endpoint_handle exceptions; /* has received one, which the token names */
	uint32_t exception_token;
	notification_handle notification; /* without bits */
	timer_handle timer;
	interrupt_handle interrupt; /* of a device that is silent */
	uint8_t *scratch; /* pages with holes around them */
	size_t scratch_size;
} subjects;

/* clang-format off */
CHILD_PROGRAM(subject_exit,
	"	li	a0, 7\n"
	CHILD_EXIT);
CHILD_PROGRAM(subject_break,
	"	ebreak\n");
CHILD_PROGRAM(subject_spin,
	"1:	j	1b\n");
/* clang-format on */

static inline void subjects_lend(void *argument)
{
	struct windows windows = {(uintptr_t)subjects.scratch, (uintptr_t)subjects.scratch,
		(uint32_t)subjects.scratch_size, (uint32_t)subjects.scratch_size};
	struct message message = {.deadline = DEADLINE_NEVER};

	(void)argument;
	ipc_call_lend(subjects.endpoint, &message, &windows);
}

static inline void subjects_make_caller(void)
{
	static struct suite_thread lender;
	struct message message = {.deadline = DEADLINE_NEVER};

	suite_thread_start(&lender, subjects_lend, NULL);
	if (ipc_receive(subjects.endpoint, &message))
		ktap_bail_out("the caller for the test does not call");
	subjects.token = message.token;
}

static inline thread_handle stopped_thread(void)
{
	struct child child;
	thread_handle thread = {-ENOMEM};

	if (!child_make(&child, subject_spin, (size_t)(subject_spin_end - subject_spin)))
		thread = thread_create(child.process, CHILD_CODE, CHILD_SP, 0);
	if (thread.value < 0 || thread_suspend(thread))
		ktap_bail_out("no stopped thread for the test");
	child_close(&child);
	return thread;
}

static inline void subjects_make_exception(void)
{
	struct message message = {.deadline = DEADLINE_NEVER};
	struct child child;

	subjects.exceptions = endpoint_create();
	if (child_make(&child, subject_break, (size_t)(subject_break_end - subject_break)) ||
		process_set_exceptions(child.process, subjects.exceptions) || child_start(&child, 0) ||
		ipc_receive(subjects.exceptions, &message))
		ktap_bail_out("no exception for the test");
	subjects.exception_token = message.token;
	child_close(&child);
}

static inline void subjects_make(void)
{
	struct pages pages = pages_map(4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	struct child child;
	struct process_result result;

	if (child_make(&child, subject_exit, (size_t)(subject_exit_end - subject_exit)))
		ktap_bail_out("no child for the test");
	subjects.thread = thread_create(child.process, CHILD_CODE, CHILD_SP, 0);
	if (subjects.thread.value < 0 || process_wait(child.process, DEADLINE_NEVER, &result))
		ktap_bail_out("the child does not end");
	subjects.ended = child.process;
	subjects.stopped = stopped_thread();
	subjects_make_exception();
	subjects.idle = process_create((const uint8_t *)"idle", 4);
	subjects.memory = memory_create(4 * PAGE_SIZE);
	subjects.copy = memory_create(4 * PAGE_SIZE);
	subjects.contiguous = memory_create_contiguous(own_system(), PAGE_SIZE, 0);
	subjects.mapped = process_create((const uint8_t *)"mapped", 6);
	vm_map(subjects.mapped, GOOD_ADDRESS, subjects.memory, 0, 4 * PAGE_SIZE, PROT_WRITE, MAP_FIXED);
	subjects.system = own_system();
	subjects.endpoint = endpoint_create();
	subjects.notification = notification_create();
	subjects.timer = timer_create(subjects.notification, 1ul << 62);
	subjects.interrupt = interrupt_create(own_system(), 1, subjects.notification, 1ul << 61);
	subjects.scratch = pages.at;
	subjects.scratch_size = pages.size;
	memset(subjects.scratch, '\n', subjects.scratch_size); /* console_write may print it */
	subjects_make_caller();
}

static inline int32_t subject_of(uint32_t type)
{
	switch (type) {
	case OBJECT_PROCESS:
		return subjects.idle.value;
	case OBJECT_THREAD:
		return subjects.thread.value;
	case OBJECT_ENDPOINT:
		return subjects.endpoint.value;
	case OBJECT_SYSTEM:
		return subjects.system.value;
	case OBJECT_NOTIFICATION:
		return subjects.notification.value;
	case OBJECT_INTERRUPT:
		return subjects.interrupt.value;
	case OBJECT_TIMER:
		return subjects.timer.value;
	default:
		return subjects.memory.value;
	}
}

/* Arguments by position in the prototype; a packed call's are put into its struct by call_make. */
struct arguments {
	uint64_t value[12];
};

enum { GOOD_LENGTH = 16, SPARE_INTERRUPT = 2 };

static const char device_path[GOOD_LENGTH] = "/soc/rtc@101000";

/* A device that every machine has: GOOD_LENGTH bytes. */
static const char subject_device[] = "qemu,fw-cfg-mmio", subject_device_path[] = "/fw-cfg@10100000";

static inline bool is_named(const struct arg_info *arg, const char *name)
{
	return !strcmp(arg->name, name);
}

static inline bool is_of_exception(const struct call_info *call)
{
	return call->number == SYS_exception_read || call->number == SYS_exception_write;
}

static inline bool is_of_stopped(const struct call_info *call)
{
	return call->number == SYS_thread_read || call->number == SYS_thread_write ||
	       call->number == SYS_thread_read_float || call->number == SYS_thread_write_float;
}

static inline bool is_of_clones(const struct call_info *call)
{
	return call->number == SYS_vm_clone || call->number == SYS_process_clone_handles ||
	       call->number == SYS_process_clone_handles_but;
}

static inline uint64_t good_value(const struct call_info *call, const struct arg_info *arg)
{
	switch (arg->kind) {
	case VALUE_HANDLE:
		if (call->number == SYS_process_wait || call->number == SYS_process_kill)
			return (uint64_t)subjects.ended.value;
		if (call->number == SYS_memory_copy && is_named(arg, "to"))
			return (uint64_t)subjects.copy.value;
		if (call->number == SYS_memory_bus_address && is_named(arg, "m"))
			return (uint64_t)subjects.contiguous.value;
		if (is_of_clones(call) && is_named(arg, "from"))
			return (uint64_t)subjects.mapped.value;
		if (call->number == SYS_process_read || call->number == SYS_process_write)
			return (uint64_t)subjects.mapped.value;
		if (is_of_exception(call))
			return (uint64_t)subjects.exceptions.value;
		if (is_of_stopped(call))
			return (uint64_t)subjects.stopped.value;
		return (uint64_t)subject_of(arg->object ? arg->object->number : OBJECT_MEMORY);
	case VALUE_BUFFER:
		if (is_named(arg, "compatible"))
			return (uintptr_t)subject_device;
		return is_named(arg, "path") ? (uintptr_t)device_path : (uintptr_t)subjects.scratch;
	case VALUE_STRUCT:
		return (uintptr_t)subjects.scratch;
	case VALUE_FLAGS:
		if (call->number == SYS_thread_create_with)
			return START_STOPPED; /* or it would fault, and end its process */
		return is_named(arg, "prot") ? PROT_READ : 0;
	case VALUE_ADDRESS:
		return GOOD_ADDRESS;
	default:
		break;
	}
	if (is_named(arg, "rights"))
		return RIGHTS_SAME;
	if (is_named(arg, "harts"))
		return 1;
	if (call->number == SYS_process_limit)
		return 1ul << 40; /* more than there is */
	if (is_of_exception(call))
		return subjects.exception_token;
	if (is_named(arg,
		    "token")) /* not for what would give a handle that is gone then, or one more each time */
		return call->number == SYS_ipc_give || call->number == SYS_ipc_give_badge ? 0
											  : subjects.token;
	if (is_named(arg, "bits") || is_named(arg, "mask") || is_named(arg, "badge"))
		return 1;
	if (is_named(arg, "number"))
		return SPARE_INTERRUPT;
	if (!is_named(arg, "len") && !is_named(arg, "most"))
		return 0;
	for (unsigned i = 0; i < call->arity; i++)
		if (call->args[i].length >= 0 && &call->args[call->args[i].length] == arg)
			return GOOD_LENGTH;
	return PAGE_SIZE;
}

static inline struct arguments good_arguments(const struct call_info *call)
{
	struct arguments a = {0};

	for (unsigned i = 0; i < call->arity; i++)
		a.value[i] = good_value(call, &call->args[i]);
	return a;
}

/* Fills the argument struct of a packed call. */
static inline void pack(const struct call_info *call, const struct arguments *a, uint8_t *packed)
{
	memset(packed, 0, call->packed_size);
	for (unsigned i = 0; i < call->arity; i++) {
		const struct arg_info *arg = &call->args[i];

		memcpy(packed + arg->position, &a->value[i],
			arg->size && arg->direction == DIRECTION_VALUE ? arg->size : 8);
	}
}

static inline long call_make(const struct call_info *call, const struct arguments *a)
{
	uint64_t registers[6] = {0};
	alignas(8) uint8_t packed[128];
	struct message message = {.deadline = 0}; /* so it does not wait */

	if (call->attributes & CALL_LEND)
		return tabula_syscall_lend(call->number, a->value[0], &message, &(struct windows){0});
	if (call->attributes & CALL_MESSAGE)
		return tabula_syscall_message(call->number, a->value[0], &message);
	if (call->attributes & CALL_PACKED) {
		pack(call, a, packed);
		registers[0] = (uintptr_t)packed;
		registers[1] = call->packed_size;
	} else {
		for (unsigned i = 0; i < call->arity; i++)
			registers[call->args[i].position] = a->value[i];
	}
	return raw(call->number, registers);
}

/* What a call made that is not wanted: handles are closed, mappings removed. */
static inline void call_undo(const struct call_info *call, long result)
{
	if (call->number == SYS_vm_map && result > 0)
		vm_unmap(subjects.idle, (uint64_t)result, PAGE_SIZE);
	if (call->number == SYS_vm_clone && result >= 0)
		vm_unmap(subjects.idle, GOOD_ADDRESS, 4 * PAGE_SIZE);
	if (call->result_kind == VALUE_HANDLE && result > 0)
		handle_close((any_handle){(int32_t)result});
}

/* Whether the handles at hand allow a call: console_read is not for programs that scripts/run starts. */
static inline bool is_allowed(const struct call_info *call)
{
	struct arguments a = good_arguments(call);
	struct handle_info info;

	for (unsigned i = 0; i < call->arity; i++)
		if (call->args[i].kind == VALUE_HANDLE &&
			(handle_info((any_handle){(int32_t)a.value[i]}, &info) ||
				call->args[i].rights & ~info.rights))
			return false;
	return true;
}

/* Calls that end the caller or the machine when nothing stops them. */
static inline bool is_final(const struct call_info *call)
{
	return call->attributes & CALL_NORETURN;
}
