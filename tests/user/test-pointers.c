/*
 * Bad pointers: every pointer argument of every call, from the table, with every kind of address that is not what
 * it should be. The answer is -EFAULT and nothing else happens.
 */
#include "calls.h"

/* Addresses where no user memory is. */
static const uint64_t bad_addresses[] = {
	0,
	1,
	8,
	PAGE_SIZE,
	USER_BASE - PAGE_SIZE,
	USER_BASE - 1,
	USER_BASE, /* user space, not mapped */
	0x3000000000,
	USER_TOP - 1,
	USER_TOP - 8,
	USER_TOP,
	USER_TOP + 1,
	USER_TOP + PAGE_SIZE,
	0x7fffffffff,
	0x8000000000, /* not canonical */
	0x00ffffc000000000,
	0x8000000000000000,
	0xffffff8000000000,
	0xffffffbfffffffff,
	0xffffffc000000000, /* direct map */
	0xffffffc080000000,
	0xffffffc080200000,
	0xffffffc010000000, /* a device, if the direct map had it */
	0xffffffe000000000, /* stacks */
	0xffffffe00000fff0,
	0xffffffe040000000, /* devices */
	0xffffffff80200000, /* text, constants, data of the kernel */
	0xffffffff80210000,
	0xffffffff80220000,
	0xfffffffffffff000,
	0xfffffffffffffff8,
	0xffffffffffffffff,
};

/* Memory of a program that can't be written, that can't be read, and one page alone. */
static struct pages read_only, execute_only, one_page;

static bool is_pointer(const struct arg_info *arg)
{
	return arg->kind == VALUE_BUFFER || arg->kind == VALUE_STRUCT;
}

/* How many bytes a good call touches through this argument. */
static uint64_t pointed_size(const struct arg_info *arg)
{
	return arg->kind == VALUE_STRUCT ? arg->layout->size : (uint64_t)arg->size * GOOD_LENGTH;
}

/* console_read touches its buffer only when something has been typed, log_next for who prints. */
static long expected_fault(const struct call_info *call, uint64_t address, uint64_t size)
{
	bool in_user_space = address >= USER_BASE && address <= USER_TOP && size <= USER_TOP - address;

	if (!in_user_space)
		return -EFAULT;
	if (call->number == SYS_log_next)
		return -EINVAL;
	return call->number == SYS_console_read ? -ETIMEDOUT : -EFAULT;
}

static void expect_fault(struct checks *c, const struct call_info *call, unsigned i, uint64_t address)
{
	struct arguments a = good_arguments(call);
	long result, expected = expected_fault(call, address, pointed_size(&call->args[i]));

	a.value[i] = address;
	result = call_make(call, &a);
	call_undo(call, result);
	check(c, result == expected, "%s(%s = %#lx) gave %ld", call->name, call->args[i].name,
		(unsigned long)address, result);
}

static void try_addresses(struct checks *c, const struct call_info *call, unsigned i)
{
	for (unsigned k = 0; k < COUNT(bad_addresses); k++)
		expect_fault(c, call, i, bad_addresses[k]);
	if (call->args[i].direction == DIRECTION_OUT) {
		expect_fault(c, call, i, (uintptr_t)read_only.at);
		expect_fault(c, call, i, (uintptr_t)expect_fault & ~7ul);
		expect_fault(c, call, i, (uintptr_t)bad_addresses);
	}
	expect_fault(c, call, i, (uintptr_t)execute_only.at);
}

/* A range that begins in a mapped page and goes on where none is, or the other way round. */
static void straddle(struct checks *c, const struct call_info *call, unsigned i)
{
	uint64_t size = pointed_size(&call->args[i]), end = (uintptr_t)one_page.at + one_page.size;

	for (uint64_t inside = 0; inside < size; inside++)
		expect_fault(c, call, i, end - inside);
	for (uint64_t outside = 1; outside <= size; outside++)
		expect_fault(c, call, i, (uintptr_t)one_page.at - outside);
}

static const uint64_t long_lengths[] = {
	1ul << 38,
	(1ul << 38) + 1,
	1ul << 39,
	1ul << 63,
	(1ul << 63) + 1,
	UINT64_MAX,
	UINT64_MAX - 7,
	UINT64_MAX - PAGE_SIZE,
};

static void lengths(struct checks *c, const struct call_info *call, unsigned i)
{
	unsigned len = (unsigned)call->args[i].length;
	struct arguments a = good_arguments(call);

	for (unsigned k = 0; k < COUNT(long_lengths); k++) {
		a.value[len] = long_lengths[k];
		long result = call_make(call, &a);

		check(c, result == -EFAULT, "%s(%s, %#lx) gave %ld", call->name, call->args[i].name,
			(unsigned long)long_lengths[k], result);
	}
	a.value[len] = -a.value[i];
	check(c, call_make(call, &a) == -EFAULT, "%s to the last byte of all", call->name);
	a.value[len] = -a.value[i] + a.value[i] / 2;
	check(c, call_make(call, &a) == -EFAULT, "%s wraps around", call->name);
	a.value[len] = USER_TOP - a.value[i] + 1;
	check(c, call_make(call, &a) == -EFAULT, "%s goes one byte past user space", call->name);
}

static bool is_path(const struct call_info *call)
{
	return call->number == SYS_memory_device || call->number == SYS_device_interrupt ||
	       call->number == SYS_device_find;
}

/* Names of processes and paths of devices are not empty, and a line of the log has room. */
static bool refuses_empty(const struct call_info *call)
{
	return call->number == SYS_process_create || call->number == SYS_log_next || is_path(call);
}

/* What is wrong for the call itself may be refused before the address is looked at; nothing else is known of it. */
static bool is_refusal_of_length(const struct call_info *call, long result)
{
	return result == -EINVAL && refuses_empty(call);
}

/* A bad address is one for any length but 0. */
static void lengths_at_bad_addresses(struct checks *c, const struct call_info *call, unsigned i)
{
	static const uint64_t some[] = {
		1, 2, 7, 8, 9, PAGE_SIZE, 1ul << 31, 1ul << 32, 1ul << 63, UINT64_MAX};
	struct arguments a = good_arguments(call);

	for (unsigned k = 0; k < COUNT(bad_addresses); k++)
		for (unsigned n = 0; n < COUNT(some); n++) {
			a.value[i] = bad_addresses[k];
			a.value[call->args[i].length] = some[n];
			long result = call_make(call, &a);

			check(c,
				result == -EFAULT || is_refusal_of_length(call, result) ||
					(call->number == SYS_console_read && result == -ETIMEDOUT),
				"%s(%#lx, %#lx) gave %ld", call->name, (unsigned long)bad_addresses[k],
				(unsigned long)some[n], result);
		}
}

static long expected_of_empty(const struct call_info *call, unsigned i)
{
	if (call->number == SYS_device_find && is_named(&call->args[i], "path"))
		return (long)strlen(subject_device_path);
	return refuses_empty(call) ? -EINVAL : 0;
}

/* Of an empty range the address is not looked at. */
static void empty(struct checks *c, const struct call_info *call, unsigned i)
{
	long expected = expected_of_empty(call, i);
	struct arguments a = good_arguments(call);

	a.value[call->args[i].length] = 0;
	for (unsigned k = 0; k < COUNT(bad_addresses); k++) {
		a.value[i] = bad_addresses[k];
		long result = call_make(call, &a);

		check(c, result == expected, "%s(%#lx, 0) gave %ld", call->name,
			(unsigned long)bad_addresses[k], result);
	}
}

static void test_each(
	void (*try)(struct checks *, const struct call_info *, unsigned), bool buffers_only, const char *what)
{
	struct checks c = {0};

	for (unsigned k = 0; k < CALLS; k++)
		for (unsigned i = 0; i < calls[k].arity && is_allowed(&calls[k]); i++)
			if (buffers_only ? calls[k].args[i].kind == VALUE_BUFFER
					 : is_pointer(&calls[k].args[i]))
				try(&c, &calls[k], i);
	checks_report(&c, what);
}

/* ---- good addresses: what stands around an output stays, and what a struct has between its members is zero */

enum { RED = 0xa5, ZONE = 64 };

static bool is_red(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != RED)
			return false;
	return true;
}

static bool is_of_a_member(const struct struct_info *layout, size_t offset)
{
	for (unsigned i = 0; i < layout->count; i++) {
		const struct field_info *field = &layout->fields[i];

		if (offset >= field->offset && offset < field->offset + (size_t)field->count * field->size)
			return true;
	}
	return false;
}

static void check_padding(
	struct checks *c, const struct call_info *call, const struct arg_info *arg, const uint8_t *at)
{
	for (size_t k = 0; k < arg->layout->size; k++)
		check(c, is_of_a_member(arg->layout, k) || !at[k], "%s: byte %zu of struct %s is %#x",
			call->name, k, arg->layout->name, at[k]);
}

/* At every alignment, and at the end of a page, in the middle of one, and across one. */
static void around(struct checks *c, const struct call_info *call, unsigned i)
{
	size_t size = pointed_size(&call->args[i]);
	uint8_t *page = subjects.scratch + PAGE_SIZE;

	if (call->args[i].direction != DIRECTION_OUT)
		return;
	for (unsigned k = 0; k < 24; k++) {
		uint8_t *at = k < 8    ? page + ZONE + k
			      : k < 16 ? page - size - (k - 8)
				       : page - size / 2 + (k - 16);
		struct arguments a = good_arguments(call);
		long result;

		memset(at - ZONE, RED, size + 2 * ZONE);
		a.value[i] = (uintptr_t)at;
		result = call_make(call, &a);
		call_undo(call, result);
		check(c, is_red(at - ZONE, ZONE) && is_red(at + size, ZONE), "%s wrote beside %s", call->name,
			call->args[i].name);
		if (result < 0)
			check(c, call->number == SYS_console_read || call->number == SYS_log_next,
				"%s gave %ld", call->name, result);
		else if (call->args[i].kind == VALUE_STRUCT)
			check_padding(c, call, &call->args[i], at);
		else
			check(c, (size_t)result >= size || is_red(at + result, size - (size_t)result),
				"%s wrote more than it said", call->name);
	}
	memset(subjects.scratch, '\n', subjects.scratch_size);
}

/* The argument struct of packed calls is a pointer, too. */
static void test_packed(void)
{
	struct checks c = {0};
	uint64_t end = (uintptr_t)one_page.at + one_page.size, a[6] = {0};

	for (unsigned k = 0; k < CALLS; k++) {
		if (!(calls[k].attributes & CALL_PACKED))
			continue;
		a[1] = calls[k].packed_size;
		for (unsigned i = 0; i < COUNT(bad_addresses); i++) {
			a[0] = bad_addresses[i];
			check(&c, raw(calls[k].number, a) == -EFAULT, "%s at %#lx", calls[k].name,
				(unsigned long)a[0]);
		}
		for (unsigned inside = 0; inside < calls[k].packed_size; inside++) {
			a[0] = end - inside;
			check(&c, raw(calls[k].number, a) == -EFAULT, "%s with %u bytes", calls[k].name,
				inside);
		}
		a[0] = (uintptr_t)execute_only.at;
		check(&c, raw(calls[k].number, a) == -EFAULT, "%s from a page that can't be read",
			calls[k].name);
	}
	checks_report(&c, "argument structs of packed calls");
}

static void test_short_buffers(void)
{
	struct checks c = {0};
	uint8_t *end = one_page.at + one_page.size;

	for (unsigned n = 0; n <= 300; n++) {
		check(&c, memory_write(subjects.memory, 0, end - n, 301) == -EFAULT,
			"memory_write with %u of 301", n);
		check(&c, memory_read(subjects.memory, 0, end - n, 301) == -EFAULT,
			"memory_read with %u of 301", n);
		check(&c, memory_read(subjects.memory, 0, end - n, 1ul << 31) == -EFAULT,
			"memory_read of 2^31 with %u", n);
	}
	checks_report(&c, "buffers shorter than their length");
}

int main(void)
{
	ktap_plan(9);
	subjects_make();
	read_only = pages_map(PAGE_SIZE, PROT_READ);
	execute_only = pages_map(PAGE_SIZE, PROT_EXEC);
	one_page = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	test_each(try_addresses, false, "each pointer of each call at a bad address");
	test_each(straddle, false, "ranges that leave a page on either side");
	test_each(lengths, true, "lengths that leave user space");
	test_each(empty, true, "length 0 at a bad address");
	test_each(lengths_at_bad_addresses, true, "lengths from 1 to all ones at a bad address");
	test_each(around, false, "what stands around an output, and between the members of a struct");
	test_packed();
	test_short_buffers();
	ktap_ok(process_id() > 0, "the kernel goes on");
	ktap_diagnose("figure: %lu cells of pointers passed", cells_passed);
	return ktap_end();
}
