/*
 * tee: passes its input on and keeps a copy in files.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: tee [-a] [FILE]...\n"
			    "Copies standard input to standard output and to the files.\n"
			    "  -a  behind what is in the files\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	const char *mode = "w";
	int option, status = 0, c;
	while ((option = getopt(argc, argv, "a")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		mode = "a";
	}
	size_t count = (size_t)(argc - optind);
	FILE **files = tool_need("tee", calloc(count + 1, sizeof *files));
	for (size_t i = 0; i < count; i++) {
		files[i] = fopen(argv[optind + (int)i], mode);
		if (files[i] == NULL) {
			tool_complain("tee", argv[optind + (int)i]);
			status = 1;
		}
	}
	while ((c = getchar()) != EOF) {
		putchar(c);
		for (size_t i = 0; i < count; i++)
			if (files[i] != NULL)
				putc(c, files[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (files[i] != NULL && fclose(files[i]) != 0) {
			tool_complain("tee", argv[optind + (int)i]);
			status = 1;
		}
	}
	free(files);
	return tool_end("tee", status);
}
