/* What POSIX programs use of the C library beside files, processes and signals. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	ktap_plan(15);
	if (mkdir(HERE, 0755) || chdir(HERE))
		ktap_bail_out("no place for the test: %s", strerror(errno));
	tree_make();
	test_realpath();
	test_glob();
	test_walk();
	test_temporary();
	test_streams();
	test_buffers();
	test_messages();
	test_users();
	test_use();
	test_memory_use();
	test_search();
	test_ends();
	test_no_terminal();
	test_mappings();
	test_mapped_files();
	tree_remove();
	(void)!chdir("/");
	rmdir(HERE);
	return ktap_end();
}
