/*
 * Redirections: what stands behind the command or the word that they belong to. Called for simple and compound commands.
 * Opens nothing, and reads no here-document: the lexer does, behind the next newline.
 */
#include "parse.h"

#include <string.h>

/* How the end of a here-document is written, without its quotes; `*quoted` tells that there were some. */
static const char *document_end(struct lexer *lexer, bool *quoted)
{
	char *end = program_string(lexer->program, lexer->token.start, lexer->token.length);
	if (end == NULL)
		return parse_out_of_memory(lexer);
	char *to = end;
	*quoted = false;
	for (const char *from = end; *from != '\0'; from++) {
		if (strchr("'\"\\", *from) == NULL) {
			*to++ = *from;
			continue;
		}
		*quoted = true;
		if (*from == '\\' && from[1] != '\0')
			*to++ = *++from;
	}
	*to = '\0';
	return end;
}

static bool redirect_kind_of(enum token_kind token, enum redirect_kind *kind, int *fd)
{
	static const struct {
		enum token_kind token;
		enum redirect_kind kind;
		int fd;
	} kinds[] = {{TOKEN_READ, REDIRECT_READ, 0}, {TOKEN_WRITE, REDIRECT_WRITE, 1},
		{TOKEN_CLOBBER, REDIRECT_CLOBBER, 1}, {TOKEN_APPEND, REDIRECT_APPEND, 1},
		{TOKEN_BOTH, REDIRECT_BOTH, 0}, {TOKEN_COPY_IN, REDIRECT_COPY, 0},
		{TOKEN_COPY_OUT, REDIRECT_COPY, 1}, {TOKEN_DOCUMENT, REDIRECT_DOCUMENT, 0},
		{TOKEN_DOCUMENT_TABS, REDIRECT_DOCUMENT, 0}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (kinds[i].token == token) {
			*kind = kinds[i].kind;
			*fd = kinds[i].fd;
			return true;
		}
	}
	return false;
}

bool parse_at_redirect(const struct lexer *lexer)
{
	enum redirect_kind kind;
	int fd;
	return lexer->token.kind == TOKEN_NUMBER || redirect_kind_of(lexer->token.kind, &kind, &fd);
}

static int token_number(const struct token *token)
{
	int number = 0;
	for (size_t i = 0; i < token->length && number < 1000; i++)
		number = number * 10 + token->start[i] - '0';
	return number;
}

bool parse_redirect(struct lexer *lexer, struct redirect **list)
{
	struct redirect *redirect = program_memory(lexer->program, sizeof *redirect);
	if (redirect == NULL)
		return parse_out_of_memory(lexer) != NULL;
	int number = -1, fd;
	if (lexer->token.kind == TOKEN_NUMBER) {
		number = token_number(&lexer->token);
		lexer_next(lexer);
	}
	enum token_kind mark = lexer->token.kind;
	if (!redirect_kind_of(mark, &redirect->kind, &fd))
		return token_refuse(lexer, "a redirection") != NULL;
	redirect->fd = number >= 0 ? number : fd;
	lexer_next(lexer);
	if (lexer->token.kind != TOKEN_WORD && lexer->token.kind != TOKEN_NUMBER)
		return token_refuse(lexer, "the name of a file") != NULL;
	bool quoted = false, done = true;
	if (redirect->kind == REDIRECT_DOCUMENT) {
		const char *end = document_end(lexer, &quoted);
		redirect->target = "";
		redirect->kind = quoted ? REDIRECT_LITERAL : REDIRECT_DOCUMENT;
		done = end != NULL &&
		       lexer_expect_document(lexer, redirect, end, mark == TOKEN_DOCUMENT_TABS);
	} else {
		redirect->target = token_string(lexer);
		done = redirect->target != NULL;
	}
	while (*list != NULL)
		list = &(*list)->next;
	*list = redirect;
	lexer_next(lexer);
	return done && lexer->result == PARSE_OK;
}
