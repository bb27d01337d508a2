/*
 * diff: what is to be changed in one file to make it the other.
 */
#include <sys/stat.h>

#include "../tool.h"
#include "diff.h"

static const char usage[] = "usage: diff [-biqu] [-U LINES] FILE FILE\n"
			    "Prints the lines in which two files differ; - is standard input, and of a\n"
			    "directory the file with the other's name is taken. The status is 0 if they are\n"
			    "the same, 1 if they differ, 2 after an error.\n"
			    "  -u  with three lines before and after, as patch takes it; -U: so many lines\n"
			    "  -q  says only that they differ\n"
			    "  -b  more blanks are the same as one, and none at the end of a line\n"
			    "  -i  upper as lower case\n";

enum { SAME, DIFFER, TROUBLE, CONTEXT = 3 };

static bool is_directory(const char *name)
{
	struct stat status;
	return strcmp(name, "-") != 0 && stat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The file that is meant by `name`: of a directory, the one that is called as `other` is. */
static const char *file_of(const char *name, char *other)
{
	if (!is_directory(name) || is_directory(other) || strcmp(other, "-") == 0)
		return name;
	return tool_join("diff", name, tool_base(other));
}

static bool differ(const struct side *a, const struct side *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->changed[i])
			return true;
	for (size_t i = 0; i < b->count; i++)
		if (b->changed[i])
			return true;
	return false;
}

int main(int argc, char **argv)
{
	long long context = -1;
	enum reading ignored = READ_EXACT;
	static struct side a, b;
	bool quiet = false;
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "biquU:")) != -1) {
		if (option == 'b')
			ignored |= READ_BLANKS;
		else if (option == 'i')
			ignored |= READ_CASE;
		else if (option == 'q')
			quiet = true;
		else if (option == 'u')
			context = CONTEXT;
		else if (option != 'U' || !tool_number(optarg, &context) || context < 0)
			return tool_usage(usage, TROUBLE);
	}
	if (argc - optind != 2)
		return tool_usage(usage, TROUBLE);
	char *first = argv[optind], *second = argv[optind + 1];
	if (!side_read(&a, file_of(first, second), ignored) ||
		!side_read(&b, file_of(second, first), ignored))
		return TROUBLE;
	sides_compare(&a, &b);
	if (!differ(&a, &b))
		return tool_end("diff", 0) != 0 ? TROUBLE : SAME;
	if (quiet)
		printf("Files %s and %s differ\n", a.name, b.name);
	else if (context >= 0)
		print_unified(&a, &b, (size_t)context);
	else
		print_changes(&a, &b);
	return tool_end("diff", 0) != 0 ? TROUBLE : DIFFER;
}
