/*
 * mkfifo: makes fifos.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: mkfifo [-m MODE] NAME...\n"
			    "Makes fifos: pipes with a name. Who opens one to read waits for somebody who\n"
			    "writes, and the other way round.\n"
			    "  -m MODE  with these permissions, an octal number\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	mode_t mode = 0666;
	int option, status = 0;
	while ((option = getopt(argc, argv, "m:")) != -1) {
		char *end;
		unsigned long number = option == 'm' ? strtoul(optarg, &end, 8) : 0;
		if (option == '?' || end == optarg || *end != '\0' || number > 0777)
			return tool_usage(usage, 1);
		mode = (mode_t)number;
		(void)umask(0); /* the mode is what was asked for */
	}
	if (optind == argc)
		return tool_usage(usage, 1);
	for (int i = optind; i < argc; i++)
		if (mkfifo(argv[i], mode) != 0) {
			tool_complain("mkfifo", argv[i]);
			status = 1;
		}
	return status;
}
