/* Call numbers: every one that the table does not have is -ENOSYS, and the upper bits of a7 count. */
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

int main(int argc, char **argv)
{
	ktap_plan(4);
	random_start(argc > 1 ? argv[1] : NULL);
	test_small_numbers();
	test_random_numbers();
	test_high_bits();
	test_names();
	return ktap_end();
}
