/*
 * shutdown: ends the machine with an exit status.
 */
#include <unistd.h>
#include <tabula/handles.h>

#include "tool.h"

static const char usage[] =
	"usage: shutdown [STATUS]\nEnds the machine; QEMU exits with STATUS, 0 to 255 (0).\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	long status = 0;
	if (argc == 2) {
		char *end;
		errno = 0;
		status = strtol(argv[1], &end, 10);
		if (errno != 0 || end == argv[1] || *end != '\0' || status < 0 || status > 255) {
			fprintf(stderr, "shutdown: '%s' is not a number from 0 to 255\n", argv[1]);
			return 2;
		}
	} else if (argc > 2) {
		fputs(usage, stderr);
		return 2;
	}
	struct handle_info info;
	if (handle_info(ANY(own_system()), &info) != 0 || !(info.rights & RIGHT_SYSTEM_SHUTDOWN)) {
		fputs("shutdown: this program was not given the right to end the machine\n", stderr);
		return 1;
	}
	(void)fsync(STDOUT_FILENO); /* what others have written is seen */
	errno = -system_shutdown(own_system(), (uint8_t)status);
	tool_complain("shutdown", "the machine");
	return 1;
}
