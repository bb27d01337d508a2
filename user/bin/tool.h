/*
 * What the small tools share: --help, complaints that begin with the tool's name, operands that are files or
 * numbers, and an end that does not hide a failed write.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Prints the usage and ends the program if the only argument is --help. */
static inline void tool_help(int argc, char **argv, const char *usage)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		exit(0);
	}
}

/* After a mistake on the command line: says how the tool is used. Returns `status`. */
static inline int tool_usage(const char *usage, int status)
{
	fflush(stdout);
	fputs(usage, stderr);
	return status;
}

/* "ls: /x: No such file or directory"; what is left in stdout goes first. */
static inline void tool_complain(const char *tool, const char *what)
{
	int error = errno;
	fflush(stdout);
	fprintf(stderr, "%s: %s: %s\n", tool, what, strerror(error));
}

/* A line as printf has it, for standard error; what is left in stdout goes first. */
__attribute__((format(printf, 1, 2))) static inline void tool_say(const char *format, ...)
{
	va_list arguments;
	fflush(stdout);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* What was printed has to arrive. Returns `status`, or 1, after a complaint, if it did not. */
static inline int tool_end(const char *tool, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	tool_complain(tool, "standard output");
	return 1;
}

/* Memory that a tool can't go on without. */
static inline void *tool_need(const char *tool, void *memory)
{
	if (memory == NULL) {
		errno = ENOMEM;
		tool_complain(tool, "memory");
		exit(2);
	}
	return memory;
}

/* The name of a file in a directory, to be freed. */
static inline char *tool_join(const char *tool, const char *directory, const char *name)
{
	size_t length = strlen(directory);
	bool slash = length > 0 && directory[length - 1] == '/';
	size_t size = length + 1 + strlen(name) + 1;
	char *path = tool_need(tool, malloc(size));
	snprintf(path, size, "%s%s%s", directory, slash ? "" : "/", name);
	return path;
}

/* The last component of a path, with the slashes behind it cut off in place. */
static inline char *tool_base(char *path)
{
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	char *slash = strrchr(path, '/');
	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Whether a word is a decimal number and nothing else; it is at `*number` then. */
static inline bool tool_number(const char *word, long long *number)
{
	char *end;
	errno = 0;
	*number = strtoll(word, &end, 10);
	return end != word && *end == '\0' && errno == 0;
}

enum { TOOL_SIZE_TEXT = 32 };

/* A number of bytes for people, as 999, 1.5K, 20M; in `text`, which it returns. */
static inline const char *tool_size(char text[TOOL_SIZE_TEXT], long long size)
{
	static const char units[] = " KMGTPE";
	int unit = 0;
	double shown = (double)size;
	for (; shown >= 1024; shown /= 1024)
		unit++;
	if (unit == 0)
		snprintf(text, TOOL_SIZE_TEXT, "%lld", size);
	else
		snprintf(text, TOOL_SIZE_TEXT, "%.*f%c", shown < 10 ? 1 : 0, shown, units[unit]);
	return text;
}

/* Asks on standard error, and reads the answer; only one that begins with y is yes. */
static inline bool tool_asks(const char *tool, const char *what, const char *name)
{
	char answer[2] = "";
	int c;
	fflush(stdout);
	fprintf(stderr, "%s: %s %s? ", tool, what, name);
	fflush(stderr);
	answer[0] = (char)(c = getchar());
	while (c != '\n' && c != EOF)
		c = getchar();
	return answer[0] == 'y' || answer[0] == 'Y';
}

/* Takes the first argument if it is an option that is a number, as in head -5; that is at `*number` then. */
static inline void tool_number_option(int argc, char **argv, long long *number)
{
	long long found;
	bool is_one = argc > 1 && argv[1][0] == '-' && argv[1][1] >= '0' && argv[1][1] <= '9';
	if (is_one && tool_number(argv[1] + 1, &found)) {
		*number = found;
		optind = 2;
	}
}

/* As getline, but without the newline. */
static inline ssize_t tool_line(FILE *stream, char **line, size_t *room)
{
	ssize_t length = getline(line, room, stream);
	if (length > 0 && (*line)[length - 1] == '\n')
		(*line)[--length] = '\0';
	return length;
}

/* What a tool does with one file; false if that failed, after a complaint. */
typedef bool tool_work(FILE *stream, const char *name);

/* Does the work with each operand, - being standard input, or with that alone if there is none. All went well? */
static inline bool tool_each(const char *tool, char **operands, tool_work *work)
{
	static char input[] = "-";
	static char *alone[] = {input, NULL};
	bool done = true;
	for (char **name = *operands != NULL ? operands : alone; *name != NULL; name++) {
		bool standard = strcmp(*name, "-") == 0;
		FILE *stream = standard ? stdin : fopen(*name, "r");
		if (stream == NULL) {
			tool_complain(tool, *name);
			done = false;
			continue;
		}
		errno = 0;
		if (!work(stream, standard ? "standard input" : *name))
			done = false;
		if (ferror(stream)) {
			tool_complain(tool, *name);
			done = false;
		}
		if (!standard)
			fclose(stream);
	}
	return done;
}
