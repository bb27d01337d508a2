/*
 * Cuts an input into words and operators. For the parser, which says where it is, and for the expansion of
 * words, which asks where something quoted ends.
 */
#pragma once

#include "sh.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_NUMBER, /* of a file, right before a redirection */
	TOKEN_NEWLINE,
	TOKEN_END,
	TOKEN_SEMICOLON,
	TOKEN_CASE_END, /* ;; */
	TOKEN_AMPERSAND,
	TOKEN_AND,
	TOKEN_BAR,
	TOKEN_OR,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_READ,
	TOKEN_WRITE,
	TOKEN_CLOBBER,
	TOKEN_APPEND,
	TOKEN_BOTH,
	TOKEN_COPY_IN,
	TOKEN_COPY_OUT,
	TOKEN_DOCUMENT,
	TOKEN_DOCUMENT_TABS, /* <<-: tabs before its lines are no part of them */
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
	int line;
};

struct document;

struct lexer {
	struct source *source;
	struct program *program;
	struct token token; /* where the parser is */
	const char *at; /* behind that token */
	int line;
	int depth; /* of commands and quotes within each other */
	enum parse_result result; /* what went wrong, once the token is TOKEN_END because of it */
	struct document *documents; /* here-documents that begin behind the next newline */
};

void lexer_next(struct lexer *lexer);

/* Complains, with the place, unless the source is quiet, and ends the input. */
__attribute__((format(printf, 2, 3))) void lexer_refuse(struct lexer *lexer, const char *format, ...);

/* The document of `redirect` begins behind the next newline and ends with a line that is `end`. */
bool lexer_expect_document(struct lexer *lexer, struct redirect *redirect, const char *end, bool tabs);

/*
 * Where the quotes or the expansion at `p` ends: ' " \ ` or $. Null if it does not. Within double quotes, an
 * apostrophe is nothing special.
 */
const char *lex_skip(const char *p, bool in_quotes);

/* Behind the `))` of the arithmetic expansion at `p`, which is `$((`; null if it is something else. */
const char *lex_arithmetic_end(const char *p);
