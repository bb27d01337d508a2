/*
 * The shortest way from one file to the other (E. W. Myers, An O(ND) difference algorithm and its variations, 1986): paths from
 * both ends, as far as they come with so many changes, until they meet; then the same for what lies before that place and behind it.
 * It needs memory for two numbers for each line only.
 */
#include <stdlib.h>

#include "../tool.h"
#include "diff.h"

/* A part of both files, and room for how far the paths have come on each diagonal. */
struct part {
	struct side *a, *b;
	size_t a_start, a_end, b_start, b_end;
	long *forward, *backward;
};

static void skip_same(struct part *part)
{
	while (part->a_start < part->a_end && part->b_start < part->b_end &&
		side_is_same(part->a, part->a_start, part->b, part->b_start))
		part->a_start++, part->b_start++;
	while (part->a_start < part->a_end && part->b_start < part->b_end &&
		side_is_same(part->a, part->a_end - 1, part->b, part->b_end - 1))
		part->a_end--, part->b_end--;
}

static long rows(const struct part *part)
{
	return (long)(part->a_end - part->a_start);
}

static long columns(const struct part *part)
{
	return (long)(part->b_end - part->b_start);
}

/* Whether line x of the part of `a` is line y of that of `b`, counted from the start or from the end. */
static bool matches(const struct part *part, long x, long y, bool from_end)
{
	size_t i = from_end ? part->a_end - 1 - (size_t)x : part->a_start + (size_t)x;
	size_t j = from_end ? part->b_end - 1 - (size_t)y : part->b_start + (size_t)y;
	return side_is_same(part->a, i, part->b, j);
}

/* How far a path comes on a diagonal with a change more, from its neighbours. It may leave the part, where nothing matches. */
static long go(const struct part *part, const long *reached, long diagonal, long changes, bool from_end)
{
	bool down = diagonal == -changes ||
		    (diagonal != changes && reached[diagonal - 1] < reached[diagonal + 1]);
	long x = down ? reached[diagonal + 1] : reached[diagonal - 1] + 1;
	while (x < rows(part) && x - diagonal < columns(part) && matches(part, x, x - diagonal, from_end))
		x++;
	return x;
}

static long least(long a, long b)
{
	return a < b ? a : b;
}

/*
 * A line of `a` at which the paths meet on a diagonal; with that the line of `b`. Both have `changes` changes, or one less. Of the
 * part there are lines on both sides, and neither the first ones nor the last ones are the same.
 */
static long meet(const struct part *part, long *diagonal)
{
	long skew = rows(part) - columns(part);
	bool odd = skew & 1;
	part->forward[1] = part->backward[1] = 0;
	for (long changes = 0;; changes++) {
		for (long k = -changes; k <= changes; k += 2) {
			long x = part->forward[k] = go(part, part->forward, k, changes, false),
			     other = skew - k;
			bool met = odd && labs(other) < changes && x + part->backward[other] >= rows(part);
			if (met) {
				*diagonal = k;
				return least(least(x, rows(part)), columns(part) + k);
			}
		}
		for (long k = -changes; k <= changes; k += 2) {
			long x = part->backward[k] = go(part, part->backward, k, changes, true),
			     other = skew - k;
			if (!odd && labs(other) <= changes && x + part->forward[other] >= rows(part)) {
				*diagonal = other;
				return rows(part) - least(least(x, rows(part)), columns(part) + k);
			}
		}
	}
}

static void mark(bool *changed, size_t start, size_t end)
{
	while (start < end)
		changed[start++] = true;
}

static void compare(struct part part)
{
	long diagonal, x;
	struct part rest;
	skip_same(&part);
	if (rows(&part) == 0 || columns(&part) == 0) {
		mark(part.a->changed, part.a_start, part.a_end);
		mark(part.b->changed, part.b_start, part.b_end);
		return;
	}
	x = meet(&part, &diagonal);
	rest = part;
	part.a_end = rest.a_start = part.a_start + (size_t)x;
	part.b_end = rest.b_start = part.b_start + (size_t)(x - diagonal);
	compare(part);
	compare(rest);
}

void sides_compare(struct side *a, struct side *b)
{
	size_t room = a->count + b->count + 3, middle = room / 2 + 1;
	long *reached = tool_need("diff", calloc(2 * room + 2, sizeof *reached));
	struct part whole = {a, b, 0, a->count, 0, b->count, reached + middle, reached + room + middle};
	compare(whole);
	free(reached);
}
