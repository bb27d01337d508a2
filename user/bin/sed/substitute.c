/*
 * What matches in a line, and what s puts in its place. Lines may hold any byte, so their length is told to regexec.
 */
#include "sed.h"

static const regex_t *last_pattern; /* that was tried: what an empty pattern stands for */

bool pattern_find(const regex_t *pattern, const struct text *line, size_t from, regmatch_t groups[GROUPS])
{
	if (pattern == NULL)
		pattern = last_pattern;
	if (pattern == NULL)
		fail("an empty pattern is the one before it; there was none");
	last_pattern = pattern;
	groups[0].rm_so = (regoff_t)from;
	groups[0].rm_eo = (regoff_t)line->length;
	return regexec(pattern, line->bytes, GROUPS, groups, REG_STARTEND | (from > 0 ? REG_NOTBOL : 0)) == 0;
}

static void replacement_add(
	const struct piece *piece, struct text *made, const char *line, const regmatch_t *groups)
{
	for (;; piece++) {
		text_add(made, piece->text.bytes, piece->text.length);
		if (piece->group < 0)
			return;
		const regmatch_t *group = &groups[piece->group];
		if (group->rm_so >= 0)
			text_add(made, line + group->rm_so, (size_t)(group->rm_eo - group->rm_so));
	}
}

bool substitute(const struct substitution *how, struct text *line)
{
	static struct text made;
	regmatch_t groups[GROUPS];
	unsigned long count = 0;
	size_t done = 0; /* what is before it is in `made` */
	bool replaced = false;
	text_clear(&made);
	for (size_t from = 0; from <= line->length && pattern_find(how->pattern, line, from, groups);) {
		size_t start = (size_t)groups[0].rm_so, end = (size_t)groups[0].rm_eo;
		bool empty = start == end;
		from = empty ? end + 1 : end;
		if (empty && count > 0 && start == done)
			continue; /* right behind a match nothing is no other one */
		text_add(&made, line->bytes + done, start - done);
		done = end;
		if (++count < how->first) {
			text_add(&made, line->bytes + start, end - start);
			continue;
		}
		replacement_add(how->pieces, &made, line->bytes, groups);
		replaced = true;
		if (!how->all)
			break;
	}
	if (!replaced)
		return false;
	text_add(&made, line->bytes + done, line->length - done);
	struct text old = *line;
	*line = made;
	made = old;
	return true;
}
