/* The process server: this suite starts one of its own, and is the first program to it. */
#include "programs.h"

#include <tabula/programs.h>

endpoint_handle place, self;
memory_handle kept;
process_handle process;

void start_server(void)
{
	const struct spawn_handle handles[] = {
		{STARTUP_ENDPOINT, ANY(place), RIGHTS_SAME}, {STARTUP_KEPT, ANY(kept), RIGHTS_SAME}};
	char *const argv[] = {(char[]){"process"}, NULL}, *const envp[] = {NULL};

	process = spawn_with("/servers/process", argv, envp, 0, handles, 2);
	if (process.value < 0)
		ktap_bail_out("no server: %d", process.value);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(13);
	place = endpoint_create();
	self = endpoint_badge(place, PROGRAMS_INIT);
	kept = memory_create(PROCESS_KEPT_SIZE);
	if (place.value < 0 || self.value < 0 || kept.value < 0)
		ktap_bail_out("no endpoint, or no memory");
	start_server();
	test_family();
	test_wait();
	test_deadline();
	test_signals();
	test_catching();
	test_births();
	test_values();
	test_interrupt();
	test_exec();
	test_ends();
	test_restart();
	test_restart_alone();
	test_rubbish();
	process_kill(process, 0);
	return ktap_end();
}
