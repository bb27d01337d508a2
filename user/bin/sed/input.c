/*
 * What sed reads: the lines of all files as if they were one, or, with -i, of each for itself.
 */
#include <sys/stat.h>

#include "sed.h"

static bool complain(struct input *input, const char *name)
{
	tool_complain("sed", name);
	input->trouble = true;
	return false;
}

static char *made; /* the file that takes the place of the one that is read, or null */

static void made_forget(void)
{
	free(made);
	made = NULL;
}

/* When the program ends early. */
static void made_remove(void)
{
	if (made != NULL)
		(void)unlink(made);
	made_forget();
}

/* The file beside this one that is to take its place. */
static bool replacement_open(struct input *input, const char *name)
{
	static struct output output;
	static const char ending[] = ".XXXXXX";
	struct stat status;
	size_t size = strlen(name) + sizeof ending;
	made = tool_need("sed", malloc(size));
	snprintf(made, size, "%s%s", name, ending);
	int fd = mkstemp(made);
	FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (stream == NULL || fstat(fileno(input->stream), &status) != 0 ||
		fchmod(fd, status.st_mode & 07777) != 0) {
		(void)complain(input, made);
		if (stream != NULL)
			(void)fclose(stream);
		made_remove();
		return false;
	}
	output = (struct output){.stream = stream, .name = made};
	input->output = &output;
	input->line = 0;
	return true;
}

/* A directory can be opened; that it can't be edited is told before anything is made beside it. */
static bool is_file(struct input *input, const char *name)
{
	struct stat status;
	if (fstat(fileno(input->stream), &status) == 0 && S_ISREG(status.st_mode))
		return true;
	fprintf(stderr, "sed: %s: only files can be edited in place\n", name);
	input->trouble = true;
	return false;
}

static bool file_open(struct input *input, const char *name)
{
	bool standard = !input->in_place && strcmp(name, "-") == 0;
	input->stream = standard ? stdin : fopen(name, "r");
	if (input->stream == NULL)
		return complain(input, name);
	input->name = standard ? "standard input" : name;
	if (!input->in_place || (is_file(input, name) && replacement_open(input, name)))
		return true;
	(void)fclose(input->stream);
	input->stream = NULL;
	return false;
}

static char *kept_name(const struct input *input)
{
	size_t size = strlen(input->name) + strlen(input->suffix) + 1;
	char *kept = tool_need("sed", malloc(size));
	snprintf(kept, size, "%s%s", input->name, input->suffix);
	return kept;
}

/* The new file takes the place of the old one, once all of it has arrived. */
static void replace(struct input *input)
{
	bool whole = fflush(input->output->stream) == 0 && !ferror(input->output->stream);
	if (!whole)
		(void)complain(input, made);
	(void)fclose(input->output->stream);
	input->output = &standard_output;
	if (whole && input->suffix != NULL) {
		char *kept = kept_name(input);
		if (rename(input->name, kept) != 0)
			whole = complain(input, kept);
		free(kept);
	}
	if (whole && rename(made, input->name) != 0)
		whole = complain(input, input->name);
	if (whole)
		made_forget();
	made_remove();
}

static void file_close(struct input *input)
{
	bool failed = ferror(input->stream);
	if (failed)
		(void)complain(input, input->name);
	if (input->stream != stdin)
		(void)fclose(input->stream);
	input->stream = NULL;
	if (input->in_place)
		replace(input);
}

/* Whether this file has another byte. */
static bool has_more(struct input *input)
{
	errno = 0;
	int c = getc(input->stream);
	if (c != EOF)
		(void)ungetc(c, input->stream);
	return c != EOF;
}

/* Goes to the next file that has a line; false if there is none. */
static bool line_reach(struct input *input)
{
	while (input->stream == NULL || !has_more(input)) {
		if (input->stream != NULL)
			file_close(input);
		do
			if (*input->names == NULL)
				return false;
		while (!file_open(input, *input->names++));
	}
	return true;
}

bool input_is_last(struct input *input)
{
	if (input->in_place)
		return input->stream == NULL || !has_more(input);
	return !line_reach(input);
}

bool input_line(struct input *input, struct text *line)
{
	static char *bytes;
	static size_t room;
	if (!line_reach(input))
		return false;
	ssize_t length = getline(&bytes, &room, input->stream);
	if (length < 0)
		return false;
	input->unended = bytes[length - 1] != '\n';
	text_add(line, bytes, (size_t)length - !input->unended);
	input->line++;
	return true;
}

void input_finish(struct input *input)
{
	if (input->stream != NULL)
		file_close(input);
}

void input_begin(void)
{
	(void)atexit(made_remove);
}
