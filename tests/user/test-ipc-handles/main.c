/* Handles that move with calls: offered and taken, given with a reply; tables that are full, and others that close. */
#include "moving.h"

static void round_of_all(void)
{
	test_other_process();
	test_self();
	test_badge();
	test_badge_of_client();
	test_receivers();
	test_server_ends();
	test_server_quits(false);
	test_server_quits(true);
	test_receiver_quits();
}

/* On several harts, what others have set aside is not counted. */
static void test_balance(long tolerance)
{
	struct checks c = {0};
	long before, after;

	for (unsigned i = 0; i < 2; i++)
		round_of_all();
	before = frames_settled();
	for (unsigned i = 0; i < 4; i++)
		round_of_all();
	after = frames_again(before, tolerance);
	check(&c, labs(before - after) <= tolerance, "%ld pages were free, %ld are now", before, after);
	checks_report(&c, "handles that moved leave nothing behind");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(63);
	random_start(argc > 1 ? argv[1] : NULL);
	test_take();
	test_copy();
	test_plain_call();
	test_give();
	test_give_badge();
	test_full_server();
	test_full_client();
	test_close_meanwhile();
	test_balance(frames_elsewhere());
	return ktap_end();
}
