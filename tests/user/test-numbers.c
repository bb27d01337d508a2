/*
 * Numbers: a call's that the table does not have is -ENOSYS, and the upper bits of a7 count; flags and members of an enum that
 * the tables do not have are -EINVAL, in the upper half of a register, too; of any other argument that is narrower than one
 * only its own bits count.
 */
#include "calls.h"

static long call_number(uint64_t number)
{
	const uint64_t some[6] = {1, 2, 3, 4, 5, 6};

	return raw(number, some);
}

static void test_small_numbers(void)
{
	struct checks c = {0};

	for (uint64_t number = 0; number <= 1 << 16; number++)
		if (!call_by_number(number)) {
			long result = call_number(number);

			check(&c, result == -ENOSYS, "number %lu gave %ld", (unsigned long)number, result);
		}
	checks_report(&c, "numbers to 65536 without a call");
}

static void test_random_numbers(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t number = random_next() >> random_below(48);
		long result;

		if (call_by_number(number))
			continue;
		result = call_number(number);
		check(&c, result == -ENOSYS, "number %#lx gave %ld", (unsigned long)number, result);
	}
	checks_report(&c, "random numbers");
}

/* A real number with other bits set is another number. */
static void test_high_bits(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < CALLS; i++)
		for (unsigned bit = 7; bit < 64; bit++) {
			long result = call_number(calls[i].number | 1ul << bit);

			check(&c, result == -ENOSYS, "%s with bit %u gave %ld", calls[i].name, bit, result);
		}
	for (unsigned bit = 7; bit < 64; bit++)
		check(&c, call_number(-(1ul << bit)) == -ENOSYS, "bits from %u up", bit);
	checks_report(&c, "numbers of calls with a high bit set");
}

static void test_names(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < CALLS; i++) {
		check(&c, call_by_name(calls[i].name) == &calls[i], "%s", calls[i].name);
		check(&c, call_by_number(calls[i].number) == &calls[i], "%s", calls[i].name);
	}
	check(&c, !call_by_name("no_such_call") && !call_by_name(""), "a name that is none");
	checks_report(&c, "lookup by name and by number");
}

/* ---- arguments */

static bool is_known(const struct arg_info *arg, uint64_t value)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < arg->set->count; i++) {
		all |= arg->set->values[i].value;
		if (!arg->set->flags && arg->set->values[i].value == value)
			return true;
	}
	return arg->set->flags && !(value & ~all);
}

static long call_with(const struct call_info *call, unsigned i, uint64_t value)
{
	struct arguments a = good_arguments(call);
	long result;

	a.value[i] = value;
	result = call_make(call, &a);
	call_undo(call, result);
	return result;
}

/* Each bit of a register by itself, all below it, all from it up. */
static void test_sets(void)
{
	struct checks c = {0};

	for (unsigned k = 0; k < CALLS; k++)
		for (unsigned i = 0; i < calls[k].arity; i++)
			for (unsigned bit = 0; bit < 64 * 3 && calls[k].args[i].set; bit++) {
				uint64_t one = 1ul << bit % 64;
				uint64_t value = bit < 64 ? one : bit < 128 ? one - 1 : -one;
				long result;

				if (calls[k].attributes & CALL_PACKED) /* it has no upper half there */
					value = (uint32_t)value;
				if (is_known(&calls[k].args[i], value))
					continue;
				result = call_with(&calls[k], i, value);
				check(&c, result == -EINVAL, "%s(%s = %#lx) gave %ld", calls[k].name,
					calls[k].args[i].name, (unsigned long)value, result);
			}
	checks_report(&c, "flags and members of an enum that there are not");
}

/* Calls after which the same call finds something else. */
static bool is_once(const struct call_info *call)
{
	return call->number == SYS_handle_close || call->number == SYS_process_exit ||
	       call->number == SYS_process_give || call->number == SYS_ipc_give || is_final(call);
}

static bool is_narrow(const struct arg_info *arg)
{
	return arg->direction == DIRECTION_VALUE && !arg->set && arg->size && arg->size < 8;
}

/* What a check of a thunk says. */
static bool is_refusal(long result)
{
	return result == -EBADF || result == -EFTYPE || result == -EACCES || result == -EINVAL;
}

/* With any bits above it is not refused where it was not; what else it gives may depend on what was done before. */
static void test_upper_bits(void)
{
	struct checks c = {0};

	for (unsigned k = 0; k < CALLS; k++)
		for (unsigned i = 0; i < calls[k].arity && !is_once(&calls[k]) && is_allowed(&calls[k]); i++)
			for (unsigned round = 0; round < 8 && is_narrow(&calls[k].args[i]); round++) {
				unsigned bits = 8 * calls[k].args[i].size;
				uint64_t good =
					good_value(&calls[k], &calls[k].args[i]) & ((1ul << bits) - 1);
				uint64_t above = (round ? random_next() : UINT64_MAX) << bits;
				long first = call_with(&calls[k], i, good);
				long second = call_with(&calls[k], i, good | above);

				check(&c, first == second || (!is_refusal(first) && !is_refusal(second)),
					"%s(%s = %#lx) gave %ld, not %ld", calls[k].name,
					calls[k].args[i].name, (unsigned long)(good | above), second, first);
			}
	checks_report(&c, "bits above a narrow argument");
}

int main(int argc, char **argv)
{
	ktap_plan(6);
	random_start(argc > 1 ? argv[1] : NULL);
	test_small_numbers();
	test_random_numbers();
	test_high_bits();
	test_names();
	subjects_make();
	test_sets();
	test_upper_bits();
	return ktap_end();
}
