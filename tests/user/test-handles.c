/*
 * Handles: what is no handle, is one of another type or lacks a right is refused, for every handle argument of
 * every call; rights never grow; a full table is an error and all of it comes back.
 */
#include "calls.h"

enum { TYPES = 8, TABLE_SIZE = 1 << 14 };

static uint32_t rights_of_type(uint32_t type)
{
	static const uint32_t all[] = {0, RIGHTS_PROCESS_ALL, RIGHTS_THREAD_ALL, RIGHTS_MEMORY_ALL,
		RIGHTS_SYSTEM_ALL, RIGHTS_ENDPOINT_ALL, RIGHTS_NOTIFICATION_ALL, RIGHTS_TIMER_ALL,
		RIGHTS_INTERRUPT_ALL};

	return all[type];
}

static bool is_handle_error(long result)
{
	return result == -EBADF || result == -EFTYPE || result == -EACCES;
}

/* Handles are the last thing that is found wrong in a call that is otherwise in order, so nothing happens. */
static void expect(struct checks *c, const struct call_info *call, unsigned i, uint64_t value, long expected)
{
	struct arguments a = good_arguments(call);
	long result;

	a.value[i] = value;
	if (call->number == SYS_process_start || call->number == SYS_thread_create ||
		call->number == SYS_thread_create_like || call->number == SYS_thread_create_with)
		a.value[1] = 1; /* an entry that is refused after the handles */
	if (call->number == SYS_log_print)
		a.value[2] = 0; /* no bits: the same */
	result = call_make(call, &a);
	call_undo(call, result);
	if (expected)
		check(c, result == expected, "%s(%s = %#lx) gave %ld, not %ld", call->name,
			call->args[i].name, (unsigned long)value, result, expected);
	else
		check(c, !is_handle_error(result), "%s(%s = %#lx) gave %ld", call->name, call->args[i].name,
			(unsigned long)value, result);
}

static void each_handle(void (*try)(struct checks *, const struct call_info *, unsigned), const char *what)
{
	struct checks c = {0};

	for (unsigned k = 0; k < CALLS; k++)
		for (unsigned i = 0; i < calls[k].arity; i++)
			if (calls[k].args[i].kind == VALUE_HANDLE)
				try(&c, &calls[k], i);
	checks_report(&c, what);
}

static int32_t closed_handle(void)
{
	memory_handle memory = memory_create(PAGE_SIZE);

	handle_close(ANY(memory));
	return memory.value;
}

/* A handle whose slot names something else now. */
static int32_t stale_handle(memory_handle *now)
{
	int32_t stale = closed_handle();

	*now = memory_create(PAGE_SIZE);
	return stale;
}

static void try_numbers(struct checks *c, const struct call_info *call, unsigned i)
{
	memory_handle now;
	int32_t stale = stale_handle(&now);
	int32_t live = subjects.memory.value;
	const uint64_t bad[] = {
		0,
		1,
		(uint32_t)stale,
		(uint32_t)closed_handle(),
		(uint32_t)live + (1u << 14), /* the slot's next generation */
		(uint32_t)live & ((1u << 14) - 1), /* generation 0 */
		(uint32_t)live | 1u << 31,
		(uint32_t)live ^ (1u << 13), /* a slot whose page is not there */
		(1u << 14) - 1,
		1u << 14 | ((1u << 14) - 1),
		0x7fffffff,
		0x80000000,
		0xffffffff,
		UINT64_MAX,
		(uint64_t)INT64_MIN,
		0xffffffff00000000,
	};

	check(c, stale != now.value, "a slot gives the same number again");
	for (unsigned k = 0; k < COUNT(bad); k++)
		expect(c, call, i, bad[k], -EBADF);
	handle_close(ANY(now));
}

static void try_types(struct checks *c, const struct call_info *call, unsigned i)
{
	const struct object_info *wanted = call->args[i].object;

	for (uint32_t type = 1; type <= TYPES; type++)
		if (rights_of_type(type) && wanted && wanted->number != type)
			expect(c, call, i, (uint32_t)subject_of(type), -EFTYPE);
}

static uint32_t needed_rights(const struct arg_info *arg)
{
	return arg->rights;
}

/* With all rights but one the call is refused exactly if it needs that one; with just the needed ones it is not. */
static void try_rights(struct checks *c, const struct call_info *call, unsigned i)
{
	const struct arg_info *arg = &call->args[i];
	struct arguments good = good_arguments(call);
	uint32_t type = arg->object ? arg->object->number : OBJECT_MEMORY, have, needed = needed_rights(arg);
	any_handle source = {(int32_t)good.value[i]}, copy;
	struct handle_info info;

	handle_info(source, &info);
	have = info.rights;
	if (needed & ~have) { /* ours lacks it from the start */
		expect(c, call, i, (uint32_t)source.value, -EACCES);
		return;
	}
	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(rights_of_type(type) & have & bit))
			continue;
		copy = handle_duplicate(source, have & ~bit);
		check(c, copy.value > 0, "no duplicate without %#x of %s", (unsigned)bit, call->name);
		if (!(is_final(call) && !(needed & bit))) /* that would be the end */
			expect(c, call, i, (uint32_t)copy.value, needed & bit ? -EACCES : 0);
		handle_close(copy);
	}
	copy = handle_duplicate(source, needed);
	if (!is_final(call))
		expect(c, call, i, (uint32_t)copy.value, 0);
	handle_close(copy);
	copy = handle_duplicate(source, 0);
	expect(c, call, i, (uint32_t)copy.value, needed ? -EACCES : 0);
	handle_close(copy);
}

/* The rights that vm_map needs follow from the protection it is asked for. */
static void test_map_rights(void)
{
	struct checks c = {0};

	for (uint32_t rights = 0; rights < 8; rights++)
		for (uint32_t prot = 1; prot < 8; prot++) {
			any_handle copy = handle_duplicate(ANY(subjects.memory), rights << 8);
			uint32_t needed = prot | PROT_READ;
			long result =
				vm_map(subjects.idle, 0, (memory_handle){copy.value}, 0, PAGE_SIZE, prot, 0);
			bool both = prot & PROT_WRITE && prot & PROT_EXEC;

			if (needed & ~rights)
				check(&c, result == -EACCES, "rights %u, prot %u gave %ld", (unsigned)rights,
					(unsigned)prot, result);
			else
				check(&c, both ? result == -EINVAL : result > 0,
					"rights %u, prot %u gave %ld", (unsigned)rights, (unsigned)prot,
					result);
			if (result > 0)
				vm_unmap(subjects.idle, (uint64_t)result, PAGE_SIZE);
			handle_close(copy);
		}
	checks_report(&c, "vm_map by rights of the memory and protection");
}

/* No subset of rights turns into more by duplicating or giving. */
static void test_amplification(void)
{
	struct checks c = {0};
	struct handle_info info;

	for (uint32_t have = 0; have < 32; have++) {
		uint32_t rights = (have & 3) | (have >> 2) << 8;
		any_handle copy = handle_duplicate(ANY(subjects.memory), rights);

		check(&c,
			handle_info(copy, &info) == 0 && info.rights == rights && info.type == OBJECT_MEMORY,
			"%#x became %#x", (unsigned)rights, (unsigned)info.rights);
		for (uint32_t want = 0; want <= 32; want++) {
			uint32_t asked = want == 32 ? RIGHTS_SAME : (want & 3) | (want >> 2) << 8;
			any_handle second = handle_duplicate(copy, asked);
			long given = process_give(subjects.idle, copy, asked);
			bool fits = asked == RIGHTS_SAME || !(asked & ~rights);

			if (rights & RIGHT_DUPLICATE && fits)
				check(&c,
					handle_info(second, &info) == 0 &&
						info.rights == (asked == RIGHTS_SAME ? rights : asked),
					"%#x asked for %#x", (unsigned)rights, (unsigned)asked);
			else
				check(&c, second.value == -EACCES, "%#x asked for %#x gave %d",
					(unsigned)rights, (unsigned)asked, second.value);
			if (rights & RIGHT_TRANSFER && fits)
				check(&c, given > 0, "%#x given as %#x: %ld", (unsigned)rights,
					(unsigned)asked, given);
			else
				check(&c, given == -EACCES, "%#x given as %#x: %ld", (unsigned)rights,
					(unsigned)asked, given);
			if (second.value > 0)
				handle_close(second);
		}
		handle_close(copy);
	}
	for (unsigned bit = 0; bit < 32; bit++) /* bits that are no rights */
		if (!(RIGHTS_MEMORY_ALL & 1u << bit)) {
			any_handle second = handle_duplicate(ANY(subjects.memory), 1u << bit);

			check(&c, second.value == -EACCES, "unknown right %u gave %d", bit, second.value);
		}
	checks_report(&c, "duplicate and give never amplify");
}

/* clang-format off */
CHILD_PROGRAM(handle_user,
	"	li	a7, " SUITE_TEXT(SYS_memory_size) "\n	ecall\n"
	CHILD_EXIT);
/* clang-format on */

/* A number is good in the table it was given to, and in no other. */
static void test_other_process(void)
{
	struct checks c = {0};
	size_t size = (size_t)(handle_user_end - handle_user);
	struct process_result result;
	struct child child;

	result = child_run(handle_user, size, (uint64_t)subjects.memory.value);
	check(&c, child_exited(&result, -EBADF), "our number in another process: %d", (int)result.status);

	check(&c, !child_make(&child, handle_user, size), "a child");
	long given = process_give(child.process, ANY(subjects.memory), 0);

	check(&c, given > 0 && !child_start(&child, (uint64_t)given), "giving: %ld", given);
	check(&c, !process_wait(child.process, DEADLINE_NEVER, &result), "waiting");
	check(&c, child_exited(&result, 4 * PAGE_SIZE), "a given handle: %d", (int)result.status);
	check(&c, process_give(child.process, ANY(subjects.memory), 0) == -EBUSY,
		"giving to an ended process");
	child_close(&child);
	checks_report(&c, "a handle means nothing in another process");
}

static int32_t many[TABLE_SIZE];

static unsigned fill_table(struct checks *c)
{
	unsigned n = 0;

	for (;; n++) {
		any_handle copy = handle_duplicate(ANY(subjects.memory), RIGHTS_SAME);

		if (copy.value < 0) {
			check(c, copy.value == -EMFILE, "the full table gave %d", copy.value);
			return n;
		}
		many[n] = copy.value;
	}
}

static void try_full_table(struct checks *c)
{
	struct child child = {.process = process_create((const uint8_t *)"x", 1)};

	check(c, child.process.value == -EMFILE, "process_create gave %d", child.process.value);
	check(c, memory_create(PAGE_SIZE).value == -EMFILE, "memory_create");
	check(c, process_thread(own_process(), 0).value == -EMFILE, "process_thread");
	check(c, thread_create(subjects.idle, CHILD_CODE, 0, 0).value == -EMFILE, "thread_create");
	check(c, memory_size(subjects.memory) == 4 * PAGE_SIZE, "old handles");
	for (unsigned k = 0; k < CALLS; k++) {
		struct arguments a = good_arguments(&calls[k]);

		/* What comes from a caller has a suite of its own: test-ipc-handles. An idle process has no thread. */
		if (calls[k].result_kind == VALUE_HANDLE && call_declares(&calls[k], EMFILE) &&
			calls[k].number != SYS_ipc_take && calls[k].number != SYS_ipc_copy &&
			calls[k].number != SYS_process_thread)
			check(c, call_make(&calls[k], &a) == -EMFILE, "%s", calls[k].name);
	}
}

static void test_full_table(void)
{
	struct checks c = {0};
	unsigned first = 0;

	for (unsigned round = 0; round < 3; round++) {
		unsigned n = fill_table(&c);

		if (!round)
			first = n;
		check(&c, n == first && n > TABLE_SIZE - 100, "round %u has %u handles, the first %u", round,
			n, first);
		try_full_table(&c);
		for (unsigned i = 0; i < n; i++) { /* in another order than they came */
			unsigned k = round == 1 ? n - 1 - i : i;

			check(&c, handle_close((any_handle){many[k]}) == 0, "closing %#x", (unsigned)many[k]);
			check(&c, handle_close((any_handle){many[k]}) == -EBADF, "closing %#x twice",
				(unsigned)many[k]);
		}
	}
	checks_report(&c, "a full table, and all of it again");
}

/* The table of another process is full: it is not the caller's, so the caller can still make handles. */
static void test_full_table_of_another(void)
{
	struct checks c = {0};
	process_handle other = process_create((const uint8_t *)"full", 4);
	any_handle copy;
	unsigned n = 0;
	long given;

	while ((given = process_give(other, ANY(subjects.memory), 0)) > 0)
		n++;
	check(&c, given == -EMFILE && n >= TABLE_SIZE, "after %u handles: %ld", n, given);
	copy = handle_duplicate(ANY(subjects.memory), 0);
	check(&c, copy.value > 0, "duplicate gave %d", copy.value);
	handle_close(copy);
	handle_close(ANY(other));
	checks_report(&c, "a full table of another process");
}

/* One slot through all its generations, twice: 0 is never one of them, and no number comes back too soon. */
static void test_generations(void)
{
	struct checks c = {0};
	int32_t first = 0, last = 0;
	unsigned again = 0;

	for (unsigned i = 0; i < 2u << 17; i++) {
		any_handle copy = handle_duplicate(ANY(subjects.memory), 0);

		if (!first)
			first = copy.value;
		if (copy.value == first)
			again++;
		if (copy.value <= 0 || copy.value >> 14 == 0 || copy.value == last)
			check(&c, false, "round %u gave %#x", i, (unsigned)copy.value);
		last = copy.value;
		handle_close(copy);
	}
	check(&c, again == 3, "the first number came %u times", again);
	checks_report(&c, "the generations of a slot");
}

int main(void)
{
	ktap_plan(9);
	subjects_make();
	each_handle(try_numbers, "each handle argument with what is no handle");
	each_handle(try_types, "each handle argument with every other type");
	each_handle(try_rights, "each handle argument with each right missing");
	test_map_rights();
	test_amplification();
	test_other_process();
	test_full_table();
	test_full_table_of_another();
	test_generations();
	ktap_diagnose("figure: %lu cells of handles and rights passed", cells_passed);
	return ktap_end();
}
