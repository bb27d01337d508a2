/*
 * wc: counts lines, words and bytes.
 */
#include <ctype.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: wc [-lwcm] [FILE]...\n"
			    "Counts lines, words and bytes of each file; no file or - is standard input.\n"
			    "  -l  lines\n"
			    "  -w  words\n"
			    "  -c  bytes\n"
			    "  -m  characters, of UTF-8\n";

struct counts {
	unsigned long long lines, words, bytes, characters;
};

static bool lines, words, bytes, characters, with_name;
static int width = 7; /* of a number: 1 for one that stands alone */
static struct counts total;

static void print(const struct counts *counts, const char *name)
{
	const bool wanted[] = {lines, words, bytes, characters};
	const unsigned long long numbers[] = {
		counts->lines, counts->words, counts->bytes, counts->characters};
	const char *between = "";
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (!wanted[i])
			continue;
		printf("%s%*llu", between, width, numbers[i]);
		between = " ";
	}
	printf("%s%s\n", name != NULL ? " " : "", name != NULL ? name : "");
}

static bool count(FILE *stream, const char *name)
{
	struct counts counts = {0};
	bool in_word = false;
	int c;
	while ((c = getc(stream)) != EOF) {
		counts.bytes++;
		counts.characters += (c & 0xc0) != 0x80;
		counts.lines += c == '\n';
		bool blank = isspace(c) != 0;
		counts.words += !blank && !in_word;
		in_word = !blank;
	}
	total.lines += counts.lines;
	total.words += counts.words;
	total.bytes += counts.bytes;
	total.characters += counts.characters;
	print(&counts, with_name ? name : NULL);
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "lwcm")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		lines |= option == 'l';
		words |= option == 'w';
		bytes |= option == 'c';
		characters |= option == 'm';
	}
	if (!lines && !words && !bytes && !characters)
		lines = words = bytes = true;
	with_name = optind < argc;
	if (lines + words + bytes + characters == 1 && argc - optind <= 1)
		width = 1;
	bool done = tool_each("wc", argv + optind, count);
	if (argc - optind > 1)
		print(&total, "total");
	return tool_end("wc", done ? 0 : 1);
}
