/*
 * uname: what system this is.
 */
#include <sys/utsname.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: uname [-amnrsv]\n"
			    "Prints the name of the system, or\n"
			    "  -s  that    -n  the name of the machine   -r  the version of the kernel\n"
			    "  -v  which build of it   -m  what hardware   -a  all of it\n";

static const char letters[] = "snrvm";

int main(int argc, char **argv)
{
	struct utsname name;
	bool wanted[sizeof letters] = {false};
	tool_help(argc, argv, usage);
	for (int option; (option = getopt(argc, argv, "amnrsv")) != -1;) {
		if (option == '?')
			return tool_usage(usage, 1);
		for (size_t i = 0; letters[i] != '\0'; i++)
			wanted[i] |= option == 'a' || option == letters[i];
	}
	if (optind < argc)
		return tool_usage(usage, 1);
	wanted[0] |= argc == 1;
	uname(&name);
	const char *const parts[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
	const char *between = "";
	for (size_t i = 0; letters[i] != '\0'; i++)
		if (wanted[i]) {
			printf("%s%s", between, parts[i]);
			between = " ";
		}
	putchar('\n');
	return tool_end("uname", 0);
}
