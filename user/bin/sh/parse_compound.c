/*
 * Compound commands: those that reserved words or parentheses stand around, and lists of commands in between. Called by
 * parse_command, which takes the redirections behind them.
 */
#include "parse.h"

/* A list of commands between two words, the first of which was passed. */
static struct node *parse_between(struct lexer *lexer, const char *end)
{
	struct node *list = parse_list(lexer);
	return list != NULL && (end == NULL || token_expect(lexer, end)) ? list : NULL;
}

/* Behind `if` or `elif`. The innermost part takes the `fi`. */
static struct node *parse_if(struct lexer *lexer)
{
	struct node *first = NULL, **place = &first;
	for (;;) {
		struct node *node = *place = node_make(lexer, NODE_IF);
		if (node == NULL || (node->left = parse_between(lexer, "then")) == NULL ||
			(node->right = parse_between(lexer, NULL)) == NULL)
			return NULL;
		place = &node->other;
		if (!token_is_word(lexer, "elif"))
			break;
		lexer_next(lexer);
	}
	if (token_is_word(lexer, "else")) {
		lexer_next(lexer);
		if ((*place = parse_between(lexer, NULL)) == NULL)
			return NULL;
	}
	return token_expect(lexer, "fi") ? first : NULL;
}

static struct node *parse_while(struct lexer *lexer, enum node_kind kind)
{
	struct node *node = node_make(lexer, kind);
	if (node == NULL || (node->left = parse_between(lexer, "do")) == NULL)
		return NULL;
	node->right = parse_between(lexer, "done");
	return node->right != NULL ? node : NULL;
}

static struct node *parse_for(struct lexer *lexer)
{
	struct node *node = node_make(lexer, NODE_FOR);
	if (node == NULL)
		return NULL;
	if (lexer->token.kind != TOKEN_WORD ||
		variable_name_length(lexer->token.start) != lexer->token.length)
		return token_refuse(lexer, "the name of a variable");
	node->name = token_string(lexer);
	lexer_next(lexer);
	node->arguments = true;
	if (lexer->token.kind == TOKEN_SEMICOLON)
		lexer_next(lexer);
	token_skip_newlines(lexer);
	if (token_is_word(lexer, "in")) {
		struct word **words = &node->words;
		node->arguments = false;
		lexer_next(lexer);
		while (lexer->token.kind == TOKEN_WORD)
			if (!token_append(lexer, &words))
				return NULL;
		if (lexer->token.kind != TOKEN_SEMICOLON && lexer->token.kind != TOKEN_NEWLINE)
			return token_refuse(lexer, "';'");
		lexer_next(lexer);
		token_skip_newlines(lexer);
	}
	if (!token_expect(lexer, "do"))
		return NULL;
	node->right = parse_between(lexer, "done");
	return node->right != NULL ? node : NULL;
}

/* One `pattern | pattern) commands ;;`, the first word of which is here. */
static bool parse_case_item(struct lexer *lexer, struct case_item *item)
{
	struct word **patterns = &item->patterns;
	if (lexer->token.kind == TOKEN_OPEN)
		lexer_next(lexer);
	for (;;) {
		if (lexer->token.kind != TOKEN_WORD)
			return token_refuse(lexer, "a pattern") != NULL;
		if (!token_append(lexer, &patterns))
			return false;
		if (lexer->token.kind != TOKEN_BAR)
			break;
		lexer_next(lexer);
	}
	if (lexer->token.kind != TOKEN_CLOSE)
		return token_refuse(lexer, "')'") != NULL;
	lexer_next(lexer);
	token_skip_newlines(lexer);
	if (lexer->token.kind != TOKEN_CASE_END && !token_is_word(lexer, "esac")) {
		item->body = parse_list(lexer);
		if (item->body == NULL)
			return false;
	}
	if (lexer->token.kind == TOKEN_CASE_END)
		lexer_next(lexer);
	else if (!token_is_word(lexer, "esac"))
		return token_refuse(lexer, "';;'") != NULL;
	token_skip_newlines(lexer);
	return lexer->result == PARSE_OK;
}

static struct node *parse_case(struct lexer *lexer)
{
	struct node *node = node_make(lexer, NODE_CASE);
	if (node == NULL)
		return NULL;
	struct word **words = &node->words;
	struct case_item **items = &node->items;
	if (lexer->token.kind != TOKEN_WORD)
		return token_refuse(lexer, "a word");
	if (!token_append(lexer, &words))
		return NULL;
	token_skip_newlines(lexer);
	if (!token_expect(lexer, "in"))
		return NULL;
	token_skip_newlines(lexer);
	while (!token_is_word(lexer, "esac")) {
		*items = program_memory(lexer->program, sizeof **items);
		if (*items == NULL)
			return parse_out_of_memory(lexer);
		if (!parse_case_item(lexer, *items))
			return NULL;
		items = &(*items)->next;
	}
	lexer_next(lexer);
	return node;
}

static struct node *parse_group(struct lexer *lexer)
{
	struct node *list = parse_between(lexer, "}");
	return node_join(lexer, NODE_GROUP, list, NULL);
}

static struct node *parse_subshell(struct lexer *lexer)
{
	struct node *list = parse_between(lexer, NULL);
	if (list == NULL)
		return NULL;
	if (lexer->token.kind != TOKEN_CLOSE)
		return token_refuse(lexer, "')'");
	lexer_next(lexer);
	return node_join(lexer, NODE_SUBSHELL, list, NULL);
}

struct node *parse_compound(struct lexer *lexer, bool *is)
{
	static const char *const openings[] = {"{", "if", "while", "until", "for", "case"};
	size_t i = 0;
	while (i < sizeof openings / sizeof *openings && !token_is_word(lexer, openings[i]))
		i++;
	*is = lexer->token.kind == TOKEN_OPEN || i < sizeof openings / sizeof *openings;
	if (!*is)
		return NULL;
	lexer_next(lexer);
	switch (i) {
	case 0:
		return parse_group(lexer);
	case 1:
		return parse_if(lexer);
	case 2:
		return parse_while(lexer, NODE_WHILE);
	case 3:
		return parse_while(lexer, NODE_UNTIL);
	case 4:
		return parse_for(lexer);
	case 5:
		return parse_case(lexer);
	default:
		return parse_subshell(lexer);
	}
}
