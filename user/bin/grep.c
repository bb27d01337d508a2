/*
 * grep: prints the lines that match a pattern. Patterns are regular expressions of POSIX, which the library
 * compiles; fixed strings become such by escaping what is special in them.
 */
#include <ctype.h>
#include <dirent.h>
#include <regex.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: grep [-EFchilnoqrsvwx] PATTERN [FILE]...\n"
	"       grep [-EFchilnoqrsvwx] -e PATTERN... [FILE]...\n"
	"Prints the lines that match the pattern; no file or - is standard input. Status 0: some did; 1: none.\n"
	"  -E  extended expressions   -F  plain strings        -e  a pattern; may be given several times\n"
	"  -i  upper as lower case    -v  lines without it     -x  lines that match as a whole\n"
	"  -n  with line numbers      -c  only how many        -l  only the names of files\n"
	"  -w  words: no letter, digit or _ next to it         -o  only what matches, a line each\n"
	"  -q  nothing, only status   -r  through directories  -h  no names   -s  no word of missing files\n";

enum { FOUND, NOT_FOUND, TROUBLE };

static bool ignore_case, invert, numbers, only_count, only_names, quiet, recursive, silent, whole, no_names;
static bool words, only_matches;
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

/* A part of a line. */
struct part {
	size_t start, end;
};

/* The first match that begins at `from` or behind it: of those there, the longest. */
static bool match_find(const regex_t *pattern, const char *line, size_t from, int flags, struct part *part)
{
	regmatch_t match;
	if (regexec(pattern, line + from, 1, &match, flags | (from > 0 ? REG_NOTBOL : 0)) != 0)
		return false;
	*part = (struct part){from + (size_t)match.rm_so, from + (size_t)match.rm_eo};
	return true;
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_word(const char *line, struct part part)
{
	return (part.start == 0 || !is_of_word(line[part.start - 1])) && !is_of_word(line[part.end]);
}

/* Whether a shorter match that begins at the same place is a word; the line is cut off behind it meanwhile. */
static bool word_shorten(const regex_t *pattern, char *line, struct part *part)
{
	bool is_one = is_word(line, *part);
	while (!is_one && part->end > part->start) {
		size_t end = part->end - 1, start = part->start;
		char cut = line[end];
		line[end] = '\0';
		bool matches = match_find(pattern, line, start, REG_NOTEOL, part) && part->start == start;
		line[end] = cut;
		if (!matches)
			return false;
		is_one = is_word(line, *part);
	}
	return is_one;
}

static bool word_find(const regex_t *pattern, char *line, size_t from, struct part *part)
{
	for (; match_find(pattern, line, from, 0, part); from = part->start + 1) {
		size_t start = part->start;
		if (word_shorten(pattern, line, part))
			return true;
		if (line[start] == '\0')
			return false;
		part->start = start;
	}
	return false;
}

static bool pattern_find(const regex_t *pattern, char *line, size_t from, struct part *part)
{
	if (words && !whole)
		return word_find(pattern, line, from, part);
	if (!match_find(pattern, line, from, 0, part))
		return false;
	/* The longest match from the first place is found, so only one from the start can be all. */
	return !whole || (part->start == 0 && line[part->end] == '\0');
}

static bool line_matches(char *line)
{
	struct part part;
	for (size_t i = 0; i < pattern_count; i++)
		if (pattern_find(&patterns[i], line, 0, &part))
			return true;
	return false;
}

/* The first match of any pattern; of those that begin there, the longest. */
static bool any_find(char *line, size_t from, struct part *first)
{
	struct part part = {0, 0};
	bool some = false;
	for (size_t i = 0; i < pattern_count; i++) {
		if (!pattern_find(&patterns[i], line, from, &part))
			continue;
		if (!some || part.start < first->start ||
			(part.start == first->start && part.end > first->end))
			*first = part;
		some = true;
	}
	return some;
}

static void head_print(const char *name, unsigned long long number)
{
	if (with_names)
		printf("%s:", name);
	if (numbers)
		printf("%llu:", number);
}

static void line_print(const char *name, unsigned long long number, char *line)
{
	struct part part = {0, 0};
	if (!only_matches) {
		head_print(name, number);
		puts(line);
		return;
	}
	for (size_t from = 0; !invert && any_find(line, from, &part);) {
		bool empty = part.end == part.start;
		if (empty && line[part.end] == '\0')
			return;
		from = part.end + empty;
		if (empty)
			continue;
		head_print(name, number);
		printf("%.*s\n", (int)(part.end - part.start), line + part.start);
	}
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

static bool is_fifo(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

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
		if (!is_fifo(path)) /* opened, it would wait for somebody who writes */
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
	case 'o':
		return only_matches = true;
	case 'q':
		return quiet = true;
	case 'r':
		return recursive = true;
	case 's':
		return silent = true;
	case 'v':
		return invert = true;
	case 'w':
		return words = true;
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
	while ((option = getopt(argc, argv, "EFchilnoqrsvwxe:")) != -1) {
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
