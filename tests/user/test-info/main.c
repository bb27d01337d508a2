/*
 * What the calls that tell about objects say: of each type, in each state that it can be brought into, against what is
 * known of it otherwise. Some of it is looked at from another hart while it changes.
 */
#include "info.h"

int main(int argc, char **argv)
{
	ktap_plan(11);
	random_start(argc > 1 ? argv[1] : NULL);
	test_own_process();
	test_life_of_process();
	test_peak();
	test_charges();
	test_waits();
	test_running();
	test_changing();
	test_timers_and_interrupts();
	test_system();
	test_all_threads();
	test_log();
	return ktap_end();
}
