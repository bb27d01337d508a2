/* Memory lent with a call: what is copied, what can't be reached, and callers that go away meanwhile. */
#include "windows.h"

/* On several harts, what others have set aside is not counted. */
static void test_balance(long tolerance)
{
	struct checks c = {0};
	long before, after;

	for (unsigned i = 0; i < 2; i++)
		test_end_meanwhile();
	before = frames_settled();
	test_other_process();
	test_end_meanwhile();
	after = frames_again(before, tolerance);
	check(&c, labs(before - after) <= tolerance, "%ld pages were free, %ld are now", before, after);
	checks_report(&c, "windows leave nothing behind");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(16);
	random_start(argc > 1 ? argv[1] : NULL);
	test_sizes();
	test_pages();
	test_ends();
	test_calls();
	test_short();
	test_faults();
	test_device();
	test_tokens();
	test_window_after_the_call(8 * PAGE_SIZE);
	test_window_after_the_call(256);
	test_unmap_meanwhile();
	test_balance(frames_elsewhere());
	return ktap_end();
}
