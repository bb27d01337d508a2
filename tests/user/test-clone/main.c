/*
 * Copies of memory that are made when somebody writes, clones of processes, and mappings that are changed: against a
 * model, with writers on other harts, in pieces, and when memory is out.
 */
#include "clone.h"

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(10);
	random_start(argc > 1 ? argv[1] : NULL);
	test_model();
	test_writers();
	test_process();
	test_pieces();
	test_handles();
	test_wrong();
	test_protect();
	test_protect_running();
	test_nothing_is_lost(use_everything, LEFT, "copies and clones leave nothing behind");
	test_dry();
	return ktap_end();
}
