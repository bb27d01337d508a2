/*
 * Makes a tree of the words of an expression: a function for each of the levels that its operators have.
 */
#include "find.h"

enum { DEPTH_MOST = 500 }; /* of parentheses and negations within each other */

struct parser {
	struct find *find;
	char **words; /* the next one */
	int depth;
};

static bool is_next(const struct parser *parser, const char *word)
{
	return *parser->words != NULL && strcmp(*parser->words, word) == 0;
}

static struct expression *make(holds_function *holds)
{
	struct expression *made = tool_need("find", calloc(1, sizeof *made));
	made->holds = holds;
	return made;
}

static bool all_hold(struct expression *expression, struct found *found)
{
	bool holds = true;
	for (struct expression *part = expression->first; part != NULL && holds; part = part->next)
		holds = part->holds(part, found);
	return holds;
}

static bool any_holds(struct expression *expression, struct found *found)
{
	bool holds = false;
	for (struct expression *part = expression->first; part != NULL && !holds; part = part->next)
		holds = part->holds(part, found);
	return holds;
}

static bool holds_not(struct expression *expression, struct found *found)
{
	return !expression->first->holds(expression->first, found);
}

static struct expression *parse_any(struct parser *parser);

static const struct primary *look_up(const struct primary *list, const char *name)
{
	while (list->name != NULL && strcmp(list->name, name) != 0)
		list++;
	return list->name != NULL ? list : NULL;
}

static struct expression *parse_primary(struct parser *parser)
{
	const char *name = *parser->words;
	const struct primary *primary = look_up(tests, name);
	if (primary == NULL)
		primary = look_up(actions, name);
	if (primary == NULL && *name != '-')
		refuse(name, "files stand before the expression");
	if (primary == NULL)
		refuse(name, "there is no such test; find --help lists them");
	parser->words++;
	struct expression *made = make(primary->holds);
	if (primary->has_words && *parser->words == NULL)
		refuse(name, "a word is missing behind it");
	if (primary->take != NULL)
		parser->words = primary->take(parser->find, made, parser->words);
	return made;
}

/* Whether a whole expression ends here. */
static bool at_end(const struct parser *parser)
{
	return *parser->words == NULL || is_next(parser, ")") || is_next(parser, "-o");
}

static struct expression *parse_not(struct parser *parser)
{
	struct expression *made = NULL;
	if (++parser->depth > DEPTH_MOST)
		refuse(*parser->words, "too many of them are within each other");
	if (is_next(parser, "!")) {
		parser->words++;
		if (at_end(parser) || is_next(parser, "-a"))
			refuse("!", "nothing stands behind it");
		made = make(holds_not);
		made->first = parse_not(parser);
	} else if (is_next(parser, "(")) {
		parser->words++;
		if (is_next(parser, ")"))
			refuse("( )", "nothing stands between them");
		made = parse_any(parser);
		if (!is_next(parser, ")"))
			refuse("(", "the ) is missing");
		parser->words++;
	} else {
		made = parse_primary(parser);
	}
	parser->depth--;
	return made;
}

static struct expression *parse_all(struct parser *parser)
{
	if (at_end(parser) || is_next(parser, "-a"))
		refuse(*parser->words != NULL ? *parser->words : "(", "a test is missing there");
	struct expression *made = make(all_hold), **place = &made->first;
	while (!at_end(parser)) {
		*place = parse_not(parser);
		place = &(*place)->next;
		if (is_next(parser, "-a")) {
			parser->words++;
			if (at_end(parser) || is_next(parser, "-a"))
				refuse("-a", "nothing stands behind it");
		}
	}
	return made;
}

static struct expression *parse_any(struct parser *parser)
{
	struct expression *made = make(any_holds), **place = &made->first;
	for (;;) {
		*place = parse_all(parser);
		place = &(*place)->next;
		if (!is_next(parser, "-o"))
			return made;
		parser->words++;
		if (*parser->words == NULL)
			refuse("-o", "nothing stands behind it");
	}
}

/* What holds is printed, unless the expression says what is done with it. */
static struct expression *with_print(struct expression *expression)
{
	struct expression *both = make(all_hold);
	both->first = expression;
	struct expression **place = expression != NULL ? &expression->next : &both->first;
	*place = make(look_up(actions, "-print")->holds);
	return both;
}

struct expression *expression_parse(struct find *find, char **words)
{
	struct parser parser = {.find = find, .words = words};
	struct expression *expression = *words != NULL ? parse_any(&parser) : NULL;
	if (is_next(&parser, ")"))
		refuse(")", "there is no ( before it");
	if (find->deletes && find->prunes && !find->depth_first)
		refuse("-prune",
			"has no effect, as -delete begins with what is in a directory; -depth says that you know");
	find->depth_first |= find->deletes;
	return find->acts ? expression : with_print(expression);
}

void expression_free(struct expression *expression)
{
	while (expression != NULL) {
		struct expression *next = expression->next;
		expression_free(expression->first);
		arguments_free(&expression->command);
		free(expression);
		expression = next;
	}
}
