/* Signals of POSIX: handlers, masks, what interrupts which call, exceptions. Runs the parts one after the other. */
#include "signals.h"

int main(int argc, char **argv)
{
	if (argc > 1)
		return be_child(argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(29);
	test_actions();
	test_raise();
	test_masks();
	test_registers();
	test_many();
	test_safe();
	test_interrupted();
	test_restarted();
	test_pipe_storm(0, "a pipe loses nothing between two who are interrupted");
	test_pipe_storm(SA_RESTART, "nor when their calls go on");
	test_children();
	test_pipe_signal();
	test_faults();
	test_faults_not_caught();
	test_ends();
	test_threads();
	test_alarm();
	test_values();
	test_values_taken();
	test_values_refused();
	test_realtime_order();
	test_realtime_kill();
	test_realtime_actions();
	test_realtime_full();
	test_realtime_exec();
	test_realtime_flood();
	test_realtime_threads();
	test_realtime_nested();
	test_realtime_names();
	return ktap_end();
}
