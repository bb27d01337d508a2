/*
 * date: the date and the time, which the machine's clock told init at power-on.
 */
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: date [-u] [+FORMAT]\n"
	"Prints the date and the time, in the zone that TZ says.\n"
	"  -u       of UTC\n"
	"  +FORMAT  as strftime has it: %Y-%m-%d %H:%M:%S, %s seconds since 1970, %j day\n"
	"           of the year\n";

/* The longest that a date may be. */
enum { TEXT_MOST = 4096 };

/* strftime returns 0 for what it can't print and for no text: so there is a byte behind the format that counts. */
static bool print(const char *format, const struct tm *when)
{
	static char text[TEXT_MOST];
	char *marked = tool_need("date", malloc(strlen(format) + 2));
	sprintf(marked, "%s.", format);
	size_t length = strftime(text, sizeof text, marked, when);
	free(marked);
	if (length == 0) {
		errno = EINVAL;
		tool_complain("date", format);
		return false;
	}
	printf("%.*s\n", (int)length - 1, text);
	return true;
}

int main(int argc, char **argv)
{
	const char *format = "%a %b %e %H:%M:%S %Z %Y";
	tool_help(argc, argv, usage);
	for (int option; (option = getopt(argc, argv, "u")) != -1;) {
		if (option != 'u')
			return tool_usage(usage, 1);
		setenv("TZ", "UTC0", 1);
	}
	if (optind < argc && argv[optind][0] == '+')
		format = argv[optind++] + 1;
	if (optind < argc) {
		fprintf(stderr, "date: %s: the clock can't be set\n", argv[optind]);
		return tool_usage(usage, 1);
	}
	time_t now = time(NULL);
	return tool_end("date", print(format, localtime(&now)) ? 0 : 1);
}
