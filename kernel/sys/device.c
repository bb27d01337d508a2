/* Calls of drivers: interrupts, and the registers of devices. */
#include "abi/abi.h"
#include "arch.h"
#include "kernel/syscalls.h"
#include "object/contiguous.h"
#include "object/interrupt.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"

enum { PATH_SIZE = 256 };

handle_result sys_interrupt_create(struct system *s, uint32_t number, struct notification *n, uint64_t bits)
{
	struct interrupt *interrupt;
	int error;

	(void)s;
	if (!notification_has(bits))
		return (handle_result){-EINVAL};
	error = interrupt_create(number, n, bits, &interrupt);
	if (error)
		return (handle_result){error};

	handle_result result = handle_add(current_process(), &interrupt->object, RIGHTS_INTERRUPT_ALL);

	object_put(&interrupt->object);
	return result;
}

long sys_interrupt_acknowledge(struct interrupt *line)
{
	interrupt_acknowledge(line);
	return 0;
}

static int find(struct user_in path, size_t len, struct device *device)
{
	char text[PATH_SIZE];

	if (!len || len >= sizeof(text))
		return -EINVAL;
	TRY(user_copy_in(text, path, 0, len));
	text[len] = '\0';
	return arch_device_find(text, device);
}

/* A handle to its registers, as a memory object. */
static handle_result give_registers(const struct device *device)
{
	struct memory *memory = memory_create_device(
		(paddr_t){device->registers.start}, device->registers.size, device->is_console);

	if (!memory)
		return (handle_result){-ENOMEM};

	handle_result result = handle_add(
		current_process(), &memory->object, RIGHTS_MEMORY_ALL & ~(uint32_t)RIGHT_MEMORY_EXEC);

	object_put(&memory->object);
	return result;
}

handle_result sys_memory_device(struct system *s, struct user_in path, size_t len)
{
	struct device device;
	int error = find(path, len, &device);

	(void)s;
	if (error)
		return (handle_result){error};
	if (device.is_own)
		return (handle_result){-EBUSY};
	if (!device.registers.size || device.registers.size > MEMORY_SIZE_MOST)
		return (handle_result){-EINVAL};

	return give_registers(&device);
}

/* Interrupts come between the pieces: the call returns to user mode, where it is made again. */
static handle_result make_again(struct thread *thread)
{
	arch_frame_restart_call(&thread->runner.frame);
	return (handle_result){arch_frame_result(&thread->runner.frame)};
}

handle_result sys_memory_create_contiguous(struct system *s, size_t len, size_t align)
{
	struct thread *thread = current_thread();
	struct memory *memory;
	int error;

	(void)s;
	if (!len || len > MEMORY_CONTIGUOUS_MOST || align & (align - 1) || align > MEMORY_CONTIGUOUS_MOST)
		return (handle_result){-EINVAL};
	len = (len + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
	align = align > PAGE_SIZE ? align : PAGE_SIZE;
	error = contiguous_make(&thread->making, len, align, &memory);
	if (error == CONTIGUOUS_MORE)
		return make_again(thread);
	if (error)
		return (handle_result){error};

	handle_result result = handle_add(
		current_process(), &memory->object, RIGHTS_MEMORY_ALL & ~(uint32_t)RIGHT_MEMORY_EXEC);

	object_put(&memory->object);
	return result;
}

long sys_memory_bus_address(struct system *s, struct memory *m, uint64_t offset)
{
	(void)s;
	if (m->kind != MEMORY_CONTIGUOUS || offset >= m->size)
		return -EINVAL;

	return (long)(memory_run(m).value + offset);
}

long sys_device_interrupt(struct system *s, struct user_in path, size_t len)
{
	struct device device;

	(void)s;
	TRY(find(path, len, &device));
	return device.interrupt ? (long)device.interrupt : -EINVAL;
}

long sys_device_find(struct system *s, struct user_in compatible, size_t len, uint32_t index,
	struct user_out path, size_t most)
{
	char text[PATH_SIZE], found[PATH_SIZE];
	long length;

	(void)s;
	if (!len || len >= sizeof(text))
		return -EINVAL;
	TRY(user_copy_in(text, compatible, 0, len));
	text[len] = '\0';
	length = arch_device_path(text, index, found, sizeof(found));
	if (length < 0)
		return length;
	TRY(user_copy_out(path, 0, found, (size_t)length < most ? (size_t)length : most));
	return length;
}
