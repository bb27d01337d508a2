/*
 * What all levels of the grammar do with the token that the parser is at: see which word it is, keep it in the tree, go past
 * it, or refuse it. Called by the other parse*.c; knows of no command what it looks like.
 */
#include "parse.h"

#include <string.h>

static const char *const closing_words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
static const char *const other_words[] = {"!", "{", "case", "for", "if", "in", "until", "while"};

bool word_is_reserved(const char *word)
{
	bool found = false;
	for (size_t i = 0; i < sizeof closing_words / sizeof *closing_words; i++)
		found |= strcmp(word, closing_words[i]) == 0;
	for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
		found |= strcmp(word, other_words[i]) == 0;
	return found;
}

bool token_is_word(const struct lexer *lexer, const char *text)
{
	const struct token *token = &lexer->token;
	return token->kind == TOKEN_WORD && token->length == strlen(text) &&
	       memcmp(token->start, text, token->length) == 0;
}

bool token_is_closing(const struct lexer *lexer)
{
	for (size_t i = 0; i < sizeof closing_words / sizeof *closing_words; i++)
		if (token_is_word(lexer, closing_words[i]))
			return true;
	return false;
}

bool token_is_other(const struct lexer *lexer)
{
	for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
		if (token_is_word(lexer, other_words[i]))
			return true;
	return false;
}

void *token_refuse(struct lexer *lexer, const char *missing)
{
	const struct token *token = &lexer->token;
	if (lexer->result == PARSE_OK && token->kind == TOKEN_END)
		lexer->result = PARSE_INCOMPLETE;
	else if (token->kind == TOKEN_NEWLINE)
		lexer_refuse(lexer, "syntax error: %s is missing before the end of the line", missing);
	else
		lexer_refuse(lexer, "syntax error: %s is missing before '%.*s'", missing,
			(int)(token->length < 40 ? token->length : 40), token->start);
	lexer->token.kind = TOKEN_END;
	return NULL;
}

void *parse_out_of_memory(struct lexer *lexer)
{
	lexer_refuse(lexer, "out of memory");
	return NULL;
}

struct node *node_make(struct lexer *lexer, enum node_kind kind)
{
	struct node *node = program_memory(lexer->program, sizeof *node);
	if (node == NULL)
		return parse_out_of_memory(lexer);
	node->kind = kind;
	return node;
}

struct node *node_join(struct lexer *lexer, enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = left != NULL ? node_make(lexer, kind) : NULL;
	if (node != NULL) {
		node->left = left;
		node->right = right;
	}
	return node;
}

const char *token_string(struct lexer *lexer)
{
	const char *text = program_string(lexer->program, lexer->token.start, lexer->token.length);
	return text != NULL ? text : parse_out_of_memory(lexer);
}

bool token_append(struct lexer *lexer, struct word ***end)
{
	struct word *word = program_memory(lexer->program, sizeof *word);
	if (word == NULL || (word->text = token_string(lexer)) == NULL)
		return parse_out_of_memory(lexer) != NULL;
	**end = word;
	*end = &word->next;
	lexer_next(lexer);
	return true;
}

void token_skip_newlines(struct lexer *lexer)
{
	while (lexer->token.kind == TOKEN_NEWLINE)
		lexer_next(lexer);
}

bool token_expect(struct lexer *lexer, const char *text)
{
	char missing[16] = "'";
	if (token_is_word(lexer, text)) {
		lexer_next(lexer);
		return true;
	}
	strcat(strcat(missing, text), "'");
	return token_refuse(lexer, missing) != NULL;
}
