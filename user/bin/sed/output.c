/*
 * Where sed prints to: standard output, files that are replaced, and those of w.
 */
#include "sed.h"

static char standard_name[] = "standard output";
struct output standard_output = {.name = standard_name};

static struct output *outputs; /* of w */

static struct output *output_make(const char *name)
{
	struct output *made = tool_need("sed", calloc(1, sizeof *made));
	made->name = tool_need("sed", strdup(name));
	made->stream = fopen(name, "w");
	if (made->stream == NULL)
		fail("%s: %s", name, strerror(errno));
	made->next = outputs;
	return outputs = made;
}

struct output *output_open(const char *name)
{
	if (strcmp(name, "/dev/stdout") == 0)
		return &standard_output;
	for (struct output *output = outputs; output != NULL; output = output->next)
		if (strcmp(output->name, name) == 0)
			return output;
	return output_make(name);
}

void output_write(struct output *output, const char *bytes, size_t length)
{
	if (output->unended)
		putc('\n', output->stream);
	output->unended = false;
	(void)fwrite(bytes, 1, length, output->stream);
}

void output_line(struct output *output, const struct text *line, bool unended)
{
	output_write(output, line->bytes, line->length);
	if (!unended)
		putc('\n', output->stream);
	output->unended = unended;
}

void output_file(struct output *output, const char *name)
{
	char bytes[4096];
	size_t count;
	FILE *stream = fopen(name, "r");
	if (stream == NULL)
		return; /* as POSIX has it: as if it were empty */
	while ((count = fread(bytes, 1, sizeof bytes, stream)) > 0)
		output_write(output, bytes, count);
	(void)fclose(stream);
}

static int output_end(struct output *output, int status)
{
	if (fflush(output->stream) == 0 && !ferror(output->stream))
		return status;
	tool_complain("sed", output->name);
	return STATUS_TROUBLE;
}

int outputs_end(int status)
{
	for (struct output *output = outputs, *next; output != NULL; output = next) {
		next = output->next;
		status = output_end(output, status);
		(void)fclose(output->stream);
		free(output->name);
		free(output);
	}
	return output_end(&standard_output, status);
}
