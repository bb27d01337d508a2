/*
 * One command: a simple one with its assignments, words and redirections, or the definition of a function, which begins like
 * one; a compound one is parse_compound.c's. Called by the levels above it, and for the body of a function.
 */
#include "parse.h"

#include <string.h>

static bool is_assignment(const struct token *token)
{
	size_t length = variable_name_length(token->start);
	return length > 0 && length < token->length && token->start[length] == '=';
}

/* What stands behind `name(`. */
static struct node *parse_function(struct lexer *lexer, struct node *node)
{
	lexer_next(lexer);
	if (lexer->token.kind != TOKEN_CLOSE)
		return token_refuse(lexer, "')'");
	if (variable_name_length(node->words->text) != strlen(node->words->text)) {
		lexer_refuse(lexer, "syntax error: '%s' can't be the name of a function", node->words->text);
		return NULL;
	}
	lexer_next(lexer);
	token_skip_newlines(lexer);
	node->kind = NODE_FUNCTION;
	node->name = node->words->text;
	node->words = NULL;
	node->program = lexer->program;
	node->left = parse_command(lexer);
	if (node->left != NULL && node->left->kind == NODE_SIMPLE) {
		lexer_refuse(lexer, "syntax error: a function's commands stand in { }");
		return NULL;
	}
	return node->left != NULL ? node : NULL;
}

void parse_insert_aliases(struct lexer *lexer)
{
	while (!token_is_closing(lexer) && !token_is_other(lexer) && lexer_insert(lexer))
		continue;
}

static struct node *parse_simple(struct lexer *lexer)
{
	struct node *node = node_make(lexer, NODE_SIMPLE);
	if (node == NULL)
		return NULL;
	struct word **assignments = &node->assignments, **words = &node->words;
	bool done = true;
	while (done) {
		if (parse_at_redirect(lexer))
			done = parse_redirect(lexer, &node->redirects);
		else if (lexer->token.kind == TOKEN_OPEN && node->words != NULL &&
			 node->words->next == NULL && node->assignments == NULL && node->redirects == NULL)
			return parse_function(lexer, node);
		else if (lexer->token.kind != TOKEN_WORD)
			break;
		else if ((node->words == NULL || lexer->token.after_blank) && lexer_insert(lexer))
			continue;
		else
			done = token_append(lexer,
				node->words == NULL && is_assignment(&lexer->token) ? &assignments : &words);
	}
	bool empty = node->words == NULL && node->assignments == NULL && node->redirects == NULL;
	if (done && empty)
		return token_refuse(lexer, "a command");
	return done && lexer->result == PARSE_OK ? node : NULL;
}

struct node *parse_command(struct lexer *lexer)
{
	bool compound;
	if (lexer->depth >= DEPTH_MAX) {
		lexer_refuse(lexer, "syntax error: commands stand too deep within each other");
		return NULL;
	}
	parse_insert_aliases(lexer);
	if (token_is_closing(lexer))
		return token_refuse(lexer, "a command");
	lexer->depth++;
	struct node *node = parse_compound(lexer, &compound);
	if (!compound)
		node = parse_simple(lexer);
	while (compound && node != NULL && parse_at_redirect(lexer))
		if (!parse_redirect(lexer, &node->redirects))
			node = NULL;
	lexer->depth--;
	return lexer->result == PARSE_OK ? node : NULL;
}
