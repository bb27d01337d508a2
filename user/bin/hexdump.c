/*
 * hexdump: shows bytes as numbers and as characters.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: hexdump [-v] [-n BYTES] [-s BYTES] [FILE]...\n"
			    "Shows the files, one after the other, in rows of 16 bytes; no file or - is\n"
			    "standard input.\n"
			    "  -n BYTES  only so many\n"
			    "  -s BYTES  without the first so many\n"
			    "  -v        rows that repeat the one before, too; else a * stands for them\n";

enum { ROW = 16 };

static long long skip, limit = -1;
static bool show_all;

static unsigned char row[ROW], row_before[ROW];
static size_t row_length;
static unsigned long long offset;
static bool repeating;

static void row_print(void)
{
	printf("%08llx ", offset);
	for (size_t i = 0; i < ROW; i++) {
		if (i % 8 == 0)
			putchar(' ');
		if (i < row_length)
			printf("%02x ", row[i]);
		else
			fputs("   ", stdout);
	}
	fputs(" |", stdout);
	for (size_t i = 0; i < row_length; i++)
		putchar(row[i] >= ' ' && row[i] < 127 ? row[i] : '.');
	fputs("|\n", stdout);
}

static void row_end(void)
{
	bool same = row_length == ROW && offset > (unsigned long long)skip && !show_all &&
		    memcmp(row, row_before, ROW) == 0;
	if (!same)
		row_print();
	else if (!repeating)
		puts("*");
	repeating = same;
	offset += row_length;
	memcpy(row_before, row, ROW);
	row_length = 0;
}

static bool dump(FILE *stream, const char *name)
{
	int c;
	(void)name;
	while (limit != 0 && (c = getc(stream)) != EOF) {
		if (offset < (unsigned long long)skip) {
			offset++;
			continue;
		}
		row[row_length++] = (unsigned char)c;
		if (row_length == ROW)
			row_end();
		if (limit > 0)
			limit--;
	}
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "Cvn:s:")) != -1) { /* -C, which others want for this format */
		bool good = option != '?';
		show_all |= option == 'v';
		if (option == 'n')
			good = tool_number(optarg, &limit) && limit >= 0;
		else if (option == 's')
			good = tool_number(optarg, &skip) && skip >= 0;
		if (!good)
			return tool_usage(usage, 1);
	}
	bool done = tool_each("hexdump", argv + optind, dump);
	if (row_length > 0)
		row_end();
	if (offset > 0)
		printf("%08llx\n", offset);
	return tool_end("hexdump", done ? 0 : 1);
}
