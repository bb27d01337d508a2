/*
 * grep: prints the lines that match a pattern. Patterns are regular expressions of POSIX, which the library
 * compiles; fixed strings become such by escaping what is special in them.
 */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <regex.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: grep [-EFHLchilnoqrsvwx] [-ABCm NUMBER] PATTERN [FILE]...\n"
	"       grep [-EFHLchilnoqrsvwx] [-ABCm NUMBER] -e PATTERN | -f FILE... [FILE]...\n"
	"Prints the lines that match the pattern; no file or - is standard input. Status\n"
	"0: some did; 1: none.\n"
	"  -E  extended expressions    -F  plain strings\n"
	"  -e  a pattern; may be given several times      -f  each line of a file is one\n"
	"  -i  upper as lower case     -v  lines without it\n"
	"  -w  words: no letter, digit or _ next to it    -x  lines that match as a whole\n"
	"  -n  with line numbers       -H  with names     -h  no names\n"
	"  -c  only how many           -l  only names of files, -L of those without it\n"
	"  -o  only what matches, a line each             -q  nothing, only status\n"
	"  -r  through directories     -s  no word of missing files\n"
	"  -A  so many lines behind each, -B before it, -C both\n"
	"  -m  no more than so many of a file\n";

enum { FOUND, NOT_FOUND, TROUBLE };

static bool ignore_case, invert, numbers, only_count, only_names, only_without, quiet, recursive, silent,
	whole, no_names, all_names;
static bool words, only_matches;
static bool extended, fixed;
static bool with_names, found, trouble;
static long long lines_before, lines_behind, lines_most = LLONG_MAX;

static regex_t *patterns;
static size_t pattern_count;

/* What -e and -f say: lines that are compiled once all options are known. */
static struct {
	char *bytes;
	size_t length;
	bool some; /* it was said; a file may hold no pattern at all */
} texts;

static void texts_add(const char *bytes, size_t length)
{
	texts.bytes = tool_need("grep", realloc(texts.bytes, texts.length + length + 2));
	memcpy(texts.bytes + texts.length, bytes, length);
	texts.length += length;
	texts.bytes[texts.length++] = '\n';
	texts.bytes[texts.length] = '\0';
	texts.some = true;
}

/* False, told, if the file can't be read. */
static bool texts_read(const char *name)
{
	char *line = NULL;
	size_t room = 0;
	errno = 0;
	FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	texts.some = true;
	for (ssize_t length; stream != NULL && (length = tool_line(stream, &line, &room)) >= 0;)
		texts_add(line, (size_t)length);
	bool done = stream != NULL && !ferror(stream);
	if (!done)
		tool_complain("grep", name);
	if (stream != NULL && stream != stdin)
		(void)fclose(stream);
	free(line);
	return done;
}

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

/*
 * Makes one line of a pattern an expression for regcomp: what is special in a fixed string is escaped, and one without a
 * character, which regcomp may refuse, becomes a group without one.
 */
static char *pattern_prepare(const char *text, size_t length)
{
	if (length == 0)
		return tool_need("grep", strdup(extended ? "()" : "\\(\\)"));
	char *made = tool_need("grep", malloc(2 * length + 3)), *end = made;
	for (size_t i = 0; i < length; i++) {
		if (fixed && strchr(".[*^$\\", text[i]) != NULL)
			*end++ = '\\';
		*end++ = text[i];
	}
	*end = '\0';
	return made;
}

/* A newline ends each of the alternatives. */
static void patterns_compile(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char *one = pattern_prepare(text, length);
		pattern_compile(one);
		free(one);
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

static void head_print(const char *name, unsigned long long number, char mark)
{
	if (with_names)
		printf("%s%c", name, mark);
	if (numbers)
		printf("%llu%c", number, mark);
}

static void line_print(const char *name, unsigned long long number, char *line)
{
	struct part part = {0, 0};
	if (!only_matches) {
		head_print(name, number, ':');
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
		head_print(name, number, ':');
		printf("%.*s\n", (int)(part.end - part.start), line + part.start);
	}
}

/* ---- lines around those that are found */

/* The last lines of a file that were not printed, at most so many as may be wanted: a ring. */
static struct {
	char **lines;
	long long count, next;
} kept;

static void line_keep(const char *line)
{
	if (lines_before == 0)
		return;
	if (kept.lines == NULL)
		kept.lines = tool_need("grep", calloc((size_t)lines_before, sizeof *kept.lines));
	free(kept.lines[kept.next]);
	kept.lines[kept.next] = tool_need("grep", strdup(line));
	kept.next = (kept.next + 1) % lines_before;
	kept.count += kept.count < lines_before;
}

/* Prints them before the line with this number, and -- if others are left out before them. */
static void kept_print(const char *name, unsigned long long number, unsigned long long last)
{
	static bool some;
	unsigned long long first = number - (unsigned long long)kept.count;
	if (some && (lines_before > 0 || lines_behind > 0) && (last == 0 || first > last + 1))
		puts("--");
	some = true;
	for (; kept.count > 0; kept.count--) {
		head_print(name, number - (unsigned long long)kept.count, '-');
		puts(kept.lines[(kept.next - kept.count + lines_before) % lines_before]);
	}
}

/* Of a file, the first line that is found is enough when only that is asked. */
static bool search(FILE *stream, const char *name)
{
	char *line = NULL;
	size_t room = 0;
	unsigned long long number = 0, last = 0; /* the last that was printed */
	long long count = 0, behind = 0; /* so many are to be printed yet for the last that was found */
	bool prints = !quiet && !only_names && !only_without && !only_count;
	kept.count = 0;
	while ((count < lines_most || behind > 0) && tool_line(stream, &line, &room) >= 0) {
		number++;
		if (count < lines_most && line_matches(line) != invert) {
			count++;
			if (quiet || only_names || only_without)
				break;
			if (!prints)
				continue;
			kept_print(name, number, last);
			line_print(name, number, line);
			behind = lines_behind;
			last = number;
		} else if (prints && behind > 0) {
			head_print(name, number, '-');
			puts(line);
			behind--;
			last = number;
		} else if (prints) {
			line_keep(line);
		}
	}
	free(line);
	if (only_count && !quiet && !only_names && !only_without)
		printf("%s%s%lld\n", with_names ? name : "", with_names ? ":" : "", count);
	if (only_names && !quiet && count > 0)
		puts(name);
	if (only_without && !quiet && count == 0)
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
	case 'H':
		return all_names = true;
	case 'L':
		return only_without = true;
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

/* Those with a number. False if it is none. */
static bool number_take(int option, const char *text)
{
	enum { LINES_KEPT_MAX = 100000 };
	long long number;
	if (strchr("ABCm", option) == NULL || !tool_number(text, &number) || number < 0 ||
		(option != 'm' && number > LINES_KEPT_MAX))
		return false;
	if (option == 'm')
		lines_most = number;
	if (option == 'A' || option == 'C')
		lines_behind = number;
	if (option == 'B' || option == 'C')
		lines_before = number;
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "A:B:C:EFHLcf:hilm:noqrsvwxe:")) != -1) {
		if (option == 'e')
			texts_add(optarg, strlen(optarg));
		else if (option == 'f' && !texts_read(optarg))
			return TROUBLE;
		else if (option == 'f')
			continue;
		else if (optarg != NULL && option != '?' ? !number_take(option, optarg)
							 : !option_take(option))
			return tool_usage(usage, TROUBLE);
	}
	if (only_matches)
		lines_before = lines_behind = 0;
	if (!texts.some && optind == argc)
		return tool_usage(usage, TROUBLE);
	if (!texts.some) {
		texts_add(argv[optind], strlen(argv[optind]));
		optind++;
	}
	if (texts.length > 0)
		patterns_compile(texts.bytes);
	with_names = !no_names && (all_names || argc - optind > 1 || recursive);
	if (optind == argc)
		search_operand(recursive ? "." : "-");
	for (int i = optind; i < argc; i++)
		search_operand(argv[i]);
	for (long long i = 0; kept.lines != NULL && i < lines_before; i++)
		free(kept.lines[i]);
	free(kept.lines);
	for (size_t i = 0; i < pattern_count; i++)
		regfree(&patterns[i]);
	free(patterns);
	free(texts.bytes);
	int status = tool_end("grep", found ? FOUND : NOT_FOUND);
	return trouble && !(quiet && found) ? TROUBLE : status;
}
