/*
 * sed: changes lines on their way from files to standard output, as a script says.
 */
#include "sed.h"

static const char usage[] =
	"usage: sed [-En] [-i[SUFFIX]] SCRIPT [FILE]...\n"
	"       sed [-En] [-i[SUFFIX]] -e SCRIPT | -f FILE... [FILE]...\n"
	"Prints each line after the commands of the script are done to it; no file or -\n"
	"is standard input.\n"
	"  -n  only what p and the like print    -E  extended expressions\n"
	"  -i  each file is replaced by what would be printed; with a suffix, the old one\n"
	"      is kept with it\n"
	"  -e, -f  more of the script\n"
	"A command is [FROM[,TO]][!]LETTER, where a line is 12, $ (the last), /PATTERN/\n"
	"or \\xPATTERNx:\n"
	"  s/PATTERN/TEXT/[g][p][N][i][w FILE]\n"
	"                  & is what matched, \\1 a group; g: all; N: the Nth\n"
	"  y/abc/xyz/      characters\n"
	"  d  D            no more of it; of its first line\n"
	"  p  P  l  =      print it, its first line, all bytes of it, its number\n"
	"  n  N            the next line, in its place, behind it\n"
	"  h  H  g  G      keep it, and have it back; in place of, behind what is there\n"
	"  x               exchanges it with what is kept\n"
	"  a TEXT, i, c    behind, before, instead of the line\n"
	"  r FILE, w FILE  print a file behind it; add it to a file\n"
	"  { COMMANDS }    several\n"
	"  : LABEL         where b [LABEL] goes, and t [LABEL] if s has replaced any\n"
	"  q [STATUS]      the end\n"
	"Commands end with the line, or, but for a, c, i, r and w, with a semicolon.\n";

/* What -e and -f say, a line each. */
static void part_end(struct text *script)
{
	if (script->length > 0 && script->bytes[script->length - 1] != '\n')
		text_add(script, "\n", 1);
}

static void file_add(struct text *script, const char *name)
{
	char bytes[4096];
	size_t count;
	FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	if (stream == NULL)
		fail("%s: %s", name, strerror(errno));
	while ((count = fread(bytes, 1, sizeof bytes, stream)) > 0)
		text_add(script, bytes, count);
	if (ferror(stream))
		fail("%s: %s", name, strerror(errno));
	if (stream != stdin)
		(void)fclose(stream);
}

static void free_all(struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		free(script->commands[i].text.bytes);
	free(script->commands);
}

int main(int argc, char **argv)
{
	static char standard[] = "-", *alone[] = {standard, NULL};
	struct script script = {0};
	struct input input = {.output = &standard_output};
	struct text text = {0};
	bool told = false;
	int option;
	tool_help(argc, argv, usage);
	standard_output.stream = stdout;
	text_clear(&text);
	while ((option = getopt(argc, argv, "e:Ef:i::nr")) != -1) {
		if (option == '?')
			return tool_usage(usage, STATUS_TROUBLE);
		script.quiet |= option == 'n';
		script.extended |= option == 'E' || option == 'r';
		if (option == 'i') {
			input.in_place = true;
			input.suffix = optarg;
		}
		if (option != 'e' && option != 'f')
			continue;
		if (told)
			part_end(&text);
		told = true;
		if (option == 'e')
			text_add(&text, optarg, strlen(optarg));
		else
			file_add(&text, optarg);
	}
	if (!told && optind == argc)
		return tool_usage(usage, STATUS_TROUBLE);
	if (!told) {
		text_add(&text, argv[optind], strlen(argv[optind]));
		optind++;
	}
	script_parse(&script, text.bytes);
	input.names = optind < argc ? argv + optind : alone;
	if (input.in_place && optind == argc)
		fail("-i: the files are missing");
	input_begin();
	int status = script_execute(&script, &input);
	free_all(&script);
	free(text.bytes);
	return outputs_end(status == 0 && input.trouble ? STATUS_INPUT : status);
}
