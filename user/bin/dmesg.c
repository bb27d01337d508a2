/*
 * dmesg: what the kernel has logged.
 */
#include <unistd.h>
#include <tabula/handles.h>

#include "tool.h"

static const char usage[] = "usage: dmesg\nPrints the kernel's messages, as far as it still has them.\n";

static int fail(int error)
{
	errno = -error;
	tool_complain("dmesg", "the kernel's log");
	return 1;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	static char buffer[4096];
	struct system_info info;
	int error = system_info(own_system(), &info);
	if (error != 0)
		return fail(error);
	uint64_t position = info.log_start;
	for (;;) {
		long count = log_read(own_system(), position, (uint8_t *)buffer, sizeof buffer);
		if (count == -EINVAL && system_info(own_system(), &info) == 0 && position < info.log_start) {
			position = info.log_start; /* what was there has been overwritten meanwhile */
			continue;
		}
		if (count < 0)
			return fail((int)count);
		if (count == 0)
			break;
		(void)fwrite(buffer, 1, (size_t)count, stdout);
		position += (uint64_t)count;
	}
	return tool_end("dmesg", 0);
}
