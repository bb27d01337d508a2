/* Files as POSIX has them: the C library over the file server. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--child"))
		return child();
	if (argc > 1 && !strcmp(argv[1], "--lost"))
		return child_of_lost();
	ktap_plan(16);
	int open_before = count_open();
	if (mkdir(HERE, 0755) || chdir(HERE))
		ktap_bail_out("no place for the test: %s", strerror(errno));
	test_open();
	test_offsets();
	test_descriptors();
	test_threads();
	test_names();
	test_status();
	test_listing();
	test_working_directory();
	test_archive_files();
	test_devices();
	test_pipes();
	test_streams();
	test_inheritance();
	test_spawn_actions();
	test_lost_server();
	ktap_ok(count_open() == open_before && !chdir("/") && !rmdir(HERE), "nothing is left");
	return ktap_end();
}
