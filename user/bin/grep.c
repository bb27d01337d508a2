/*
 * grep: prints the lines that match a pattern. Patterns are regular expressions of POSIX, which the library
 * compiles; fixed strings become such by escaping what is special in them.
 */
#include <dirent.h>
#include <regex.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: grep [-EFchilnqrsvx] PATTERN [FILE]...\n"
	"       grep [-EFchilnqrsvx] -e PATTERN... [FILE]...\n"
	"Prints the lines that match the pattern; no file or - is standard input. Status 0: some did; 1: none.\n"
	"  -E  extended expressions   -F  plain strings        -e  a pattern; may be given several times\n"
	"  -i  upper as lower case    -v  lines without it     -x  lines that match as a whole\n"
	"  -n  with line numbers      -c  only how many        -l  only the names of files\n"
	"  -q  nothing, only status   -r  through directories  -h  no names   -s  no word of missing files\n";

enum { FOUND, NOT_FOUND, TROUBLE };

static bool ignore_case, invert, numbers, only_count, only_names, quiet, recursive, silent, whole, no_names;
static bool extended, fixed;
static bool with_names, found, trouble;

static regex_t *patterns;
static size_t pattern_count;

static void pattern_compile(const char *text)
{
	patterns = tool_need("grep", realloc(patterns, (pattern_count + 1) * sizeof *patterns));
	int flags = (extended ? REG_EXTENDED : 0) | (ignore_case ? REG_ICASE : 0);
	int error = regcomp(&patterns[pattern_count], text, flags);
	if (error != 0) {
		char why[128];
		regerror(error, &patterns[pattern_count], why, sizeof why);
		fprintf(stderr, "grep: %s: %s\n", text, why);
		exit(TROUBLE);
	}
	pattern_count++;
}

/* Makes one line of a pattern an expression for regcomp: what is special in a fixed string is escaped. */
static char *pattern_prepare(const char *text, size_t length)
{
	char *made = tool_need("grep", malloc(2 * length + 3)), *end = made;
	for (size_t i = 0; i < length; i++) {
		if (fixed && strchr(".[*^$\\", text[i]) != NULL)
			*end++ = '\\';
		*end++ = text[i];
	}
	*end = '\0';
	return made;
}

/* A newline stands between alternatives. */
static void pattern_add(const char *text)
{
	for (;;) {
		size_t length = strcspn(text, "\n");
		char *one = pattern_prepare(text, length);
		pattern_compile(one);
		free(one);
		if (text[length] == '\0')
			return;
		text += length + 1;
	}
}

static bool pattern_matches(const regex_t *pattern, const char *line)
{
	regmatch_t match;
	int flags = 0;
	for (const char *from = line;; flags = REG_NOTBOL) {
		if (regexec(pattern, from, 1, &match, flags) != 0)
			return false;
		if (!whole)
			return true;
		/* The longest match from the first place is found, so only one from the start can be all. */
		return from == line && match.rm_so == 0 && from[match.rm_eo] == '\0';
	}
}

static bool line_matches(const char *line)
{
	for (size_t i = 0; i < pattern_count; i++)
		if (pattern_matches(&patterns[i], line))
			return true;
	return false;
}

static void line_print(const char *name, unsigned long long number, const char *line)
{
	if (with_names)
		printf("%s:", name);
	if (numbers)
		printf("%llu:", number);
	puts(line);
}

/* Of a file, the first line that is found is enough when only that is asked. */
static bool search(FILE *stream, const char *name)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	unsigned long long number = 0, count = 0;
	while ((length = getline(&line, &room, stream)) >= 0) {
		number++;
		if (length > 0 && line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (line_matches(line) == invert)
			continue;
		count++;
		if (quiet || only_names)
			break;
		if (!only_count)
			line_print(name, number, line);
	}
	free(line);
	if (only_count && !quiet && !only_names)
		printf("%s%s%llu\n", with_names ? name : "", with_names ? ":" : "", count);
	if (only_names && !quiet && count > 0)
		puts(name);
	found |= count > 0;
	return true;
}

static void search_operand(const char *name);

static void search_directory(const char *name)
{
	DIR *directory = opendir(name);
	struct dirent *entry;
	if (directory == NULL) {
		tool_complain("grep", name);
		trouble = true;
		return;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *path = tool_join("grep", name, entry->d_name);
		search_operand(path);
		free(path);
	}
	(void)closedir(directory);
}

static void search_operand(const char *name)
{
	struct stat status;
	char *operands[] = {(char[]){"-"}, NULL};
	char *copy = NULL;
	if (strcmp(name, "-") != 0) {
		if (stat(name, &status) != 0) {
			if (!silent)
				tool_complain("grep", name);
			trouble = true;
			return;
		}
		if (S_ISDIR(status.st_mode) && recursive) {
			search_directory(name);
			return;
		}
		operands[0] = copy = tool_need("grep", strdup(name));
	}
	if (!tool_each("grep", operands, search))
		trouble = true;
	free(copy);
}

static bool option_take(int option)
{
	switch (option) {
	case 'E':
		return extended = true;
	case 'F':
		return fixed = true;
	case 'c':
		return only_count = true;
	case 'h':
		return no_names = true;
	case 'i':
		return ignore_case = true;
	case 'l':
		return only_names = true;
	case 'n':
		return numbers = true;
	case 'q':
		return quiet = true;
	case 'r':
		return recursive = true;
	case 's':
		return silent = true;
	case 'v':
		return invert = true;
	case 'x':
		return whole = true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	char **texts = tool_need("grep", calloc((size_t)argc, sizeof *texts));
	size_t count = 0;
	int option;
	while ((option = getopt(argc, argv, "EFchilnqrsvxe:")) != -1) {
		if (option == 'e')
			texts[count++] = optarg;
		else if (!option_take(option))
			return tool_usage(usage, TROUBLE);
	}
	if (count == 0 && optind == argc)
		return tool_usage(usage, TROUBLE);
	if (count == 0)
		texts[count++] = argv[optind++];
	for (size_t i = 0; i < count; i++) /* only now are all options known */
		pattern_add(texts[i]);
	with_names = !no_names && (argc - optind > 1 || recursive);
	if (optind == argc)
		search_operand(recursive ? "." : "-");
	for (int i = optind; i < argc; i++)
		search_operand(argv[i]);
	for (size_t i = 0; i < pattern_count; i++)
		regfree(&patterns[i]);
	free(patterns);
	free(texts);
	int status = tool_end("grep", found ? FOUND : NOT_FOUND);
	return trouble && !(quiet && found) ? TROUBLE : status;
}
