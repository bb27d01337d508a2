/*
 * Clients that wish a server ill: every method of every protocol, with each of its arguments spoiled in turn as the tables
 * tell, sent to everything that the servers serve; then floods of calls from processes whose threads unmap what they
 * lend and close what they give meanwhile, and which die in the middle of it. The servers answer errors that are
 * declared, serve honest clients all the while, and have in the end what they had before.
 *
 * The file server and the process server are this suite's own; the console is the one that there is, so what is
 * written to it is empty lines.
 */
#include "hostile.h"

#include <tabula/protocol/terminal.h>

int main(int argc, char **argv)
{
	long mode;

	make_pages();
	if (argc > 2 && !strcmp(argv[1], "--flood"))
		return flooder(strtoull(argv[2], NULL, 0));
	if (argc > 2 && !strcmp(argv[1], "--dry"))
		return dry(strtoull(argv[2], NULL, 0));
	/*
	 * One client after the other gains nothing from several harts, and its calls between them take long where the machine
	 * below has fewer: floods are for them.
	 */
	bool floods_only = argc > 1 && !strcmp(argv[argc - 1], "floods");

	ktap_plan(floods_only ? 2 : 5);
	random_start(argc > 1 + floods_only ? argv[1] : NULL);
	start_servers();
	mode = console.value > 0 ? terminal_get_mode(console) : 0;
	if (!floods_only)
		test_arguments();
	test_floods();
	if (!floods_only)
		test_dry();
	if (console.value > 0) {
		(void)terminal_set_size(console, 0, 0);
		(void)terminal_set_mode(console, (enum terminal_mode)mode);
	}
	process_kill(file_server, 0);
	process_kill(program_server, 0);
	return ktap_end();
}
