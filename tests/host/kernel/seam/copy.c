/*
 * User memory: programs may race for it, so each byte is an atomic of its own. A call writes where its line says, and nowhere
 * else.
 */
#include "seam.h"

#include "abi/abi.h"
#include "doors.h"
#include "host.h"
#include "sched.h"
#include "sys/metadata.h"

unsigned hosted_copy_pauses = 1;

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		for (unsigned n = 0; i == 64 && n < hosted_copy_pauses; n++)
			host_pause(); /* long enough for others to do what must not be done meanwhile */
		__atomic_store_n(&to[i], __atomic_load_n(&from[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	}
}

/* Copies within one page: false when it isn't mapped for this. */
static bool copy_in_page(uint64_t address, uint8_t *kernel, size_t size, enum prot access)
{
	struct arch_hart *hart = &this_hart()->arch;
	struct arch_aspace *space = hart->space;
	enum prot prot, allowed;
	paddr_t frame;
	bool mapped;

	if (!space)
		return false;
	__atomic_store_n(&hart->walking, space, __ATOMIC_SEQ_CST);
	mapped = hosted_lookup(space, address, &frame, &prot);
	allowed = prot & PROT_WRITE ? prot | PROT_READ : prot;
	if (mapped && allowed & access) {
		uint8_t *user = (uint8_t *)direct(frame) + (address & (PAGE_SIZE - 1));

		copy_bytes(access == PROT_WRITE ? user : kernel, access == PROT_WRITE ? kernel : user, size);
	}
	__atomic_store_n(&hart->walking, NULL, __ATOMIC_SEQ_CST);
	return mapped && allowed & access;
}

bool hosted_load(uint64_t address, uint8_t *byte)
{
	return copy_in_page(address, byte, 1, PROT_READ);
}

bool hosted_store(uint64_t address, uint8_t byte)
{
	return copy_in_page(address, &byte, 1, PROT_WRITE);
}

static int user_copy(uint64_t address, uint8_t *kernel, size_t size, enum prot access)
{
	HOSTED_REQUIRE(address >= USER_BASE && address <= USER_TOP && size <= USER_TOP - address);
	while (size) {
		uint64_t left = PAGE_SIZE - (address & (PAGE_SIZE - 1));
		size_t n = left < size ? left : size;

		if (!copy_in_page(address, kernel, n, access)) {
			if (!door_copy_fault(address, access))
				return -EFAULT;
			continue;
		}
		address += n, kernel += n, size -= n;
	}
	return 0;
}

int arch_user_read(void *to, uint64_t from, size_t size)
{
	return user_copy(from, to, size, PROT_READ);
}

static bool is_output(const struct arg_info *arg, const uint64_t *a, const struct arg_info *length,
	uint64_t to, size_t size)
{
	uint64_t start = a[arg->position], end;
	uint64_t room = arg->layout ? arg->layout->size : length ? a[length->position] * arg->size : 0;

	return arg->direction == DIRECTION_OUT && to >= start && to - start <= room &&
	       size <= room - (to - start) && !__builtin_add_overflow(start, room, &end);
}

/* A call writes where its line says, and nowhere else. None has outputs and a struct of arguments. */
static bool is_declared_output(const struct trapframe *frame, uint64_t to, size_t size)
{
	const struct call_info *call = call_by_number(frame->number);

	for (unsigned i = 0; call && i < call->arity && !(call->attributes & CALL_PACKED); i++) {
		const struct arg_info *arg = &call->args[i];

		if (is_output(arg, frame->a, arg->length < 0 ? NULL : &call->args[arg->length], to, size))
			return true;
	}
	return false;
}

int arch_user_write(uint64_t to, const void *from, size_t size)
{
	const struct runner *current = this_hart()->current;

	HOSTED_REQUIRE(!current || !size || current->frame.action != HOSTED_CALL ||
		       is_declared_output(&current->frame, to, size));
	return user_copy(to, (uint8_t *)(uintptr_t)from, size, PROT_WRITE);
}
