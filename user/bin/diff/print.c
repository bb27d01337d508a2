/*
 * What diff prints: changes with the numbers of their lines, or with the lines around them.
 */
#include "../tool.h"
#include "diff.h"

/* A run of lines of each side that are changed; behind it both go on alike. */
struct change {
	size_t a_start, a_end, b_start, b_end;
};

/* The first change from a place on that is the same line on both sides; false when there is none. */
static bool find_change(const struct side *a, const struct side *b, size_t i, size_t j, struct change *found)
{
	while (i < a->count && j < b->count && !a->changed[i] && !b->changed[j])
		i++, j++;
	*found = (struct change){i, i, j, j};
	while (found->a_end < a->count && a->changed[found->a_end])
		found->a_end++;
	while (found->b_end < b->count && b->changed[found->b_end])
		found->b_end++;
	return found->a_end > i || found->b_end > j;
}

static void print_line(const char *before, const struct side *side, size_t i)
{
	fputs(before, stdout);
	fwrite(side->lines[i].text, 1, side->lines[i].length, stdout);
	fputs(i + 1 == side->count && !side->ends ? "\n\\ No newline at end of file\n" : "\n", stdout);
}

static void print_lines(const char *before, const struct side *side, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		print_line(before, side, i);
}

/* Numbers of lines begin at 1; of none the one before is named. */
static void print_range(size_t start, size_t end)
{
	if (end - start > 1)
		printf("%zu,%zu", start + 1, end);
	else
		printf("%zu", end);
}

void print_changes(const struct side *a, const struct side *b)
{
	struct change change = {0, 0, 0, 0};
	while (find_change(a, b, change.a_end, change.b_end, &change)) {
		bool takes = change.a_end > change.a_start, puts_in = change.b_end > change.b_start;
		print_range(change.a_start, change.a_end);
		putchar(takes && puts_in ? 'c' : takes ? 'd' : 'a');
		print_range(change.b_start, change.b_end);
		putchar('\n');
		print_lines("< ", a, change.a_start, change.a_end);
		if (takes && puts_in)
			puts("---");
		print_lines("> ", b, change.b_start, change.b_end);
	}
}

/* ---- with the lines around */

static size_t before(size_t line, size_t context)
{
	return line > context ? line - context : 0;
}

static size_t after(size_t line, size_t context, size_t count)
{
	return count - line > context ? line + context : count;
}

static void print_extent(char sign, size_t start, size_t end)
{
	printf(" %c%zu", sign, end > start ? start + 1 : start);
	if (end - start != 1)
		printf(",%zu", end - start);
}

/* The changes from the first on that are so near to each other that their lines around meet; the last of them. */
static struct change last_of_hunk(
	const struct side *a, const struct side *b, struct change change, size_t context)
{
	struct change next;
	while (find_change(a, b, change.a_end, change.b_end, &next) &&
		next.a_start - change.a_end <= 2 * context)
		change = next;
	return change;
}

static void print_hunk(
	const struct side *a, const struct side *b, struct change first, struct change last, size_t context)
{
	struct change change = first;
	size_t start = before(first.a_start, context), end = after(last.a_end, context, a->count);
	size_t lead = first.a_start - start, trail = end - last.a_end;
	fputs("@@", stdout);
	print_extent('-', start, end);
	print_extent('+', first.b_start - lead, last.b_end + trail);
	puts(" @@");
	for (size_t shown = start;;
		shown = change.a_end, find_change(a, b, change.a_end, change.b_end, &change)) {
		print_lines(" ", a, shown, change.a_start);
		print_lines("-", a, change.a_start, change.a_end);
		print_lines("+", b, change.b_start, change.b_end);
		if (change.a_end == last.a_end && change.b_end == last.b_end)
			break;
	}
	print_lines(" ", a, last.a_end, end);
}

void print_unified(const struct side *a, const struct side *b, size_t context)
{
	struct change first, last = {0, 0, 0, 0};
	printf("--- %s\n+++ %s\n", a->name, b->name);
	while (find_change(a, b, last.a_end, last.b_end, &first)) {
		last = last_of_hunk(a, b, first, context);
		print_hunk(a, b, first, last, context);
	}
}
