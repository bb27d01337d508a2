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

/* The value of an alias, which is read in its place. */
struct insertion {
	struct insertion *outer; /* where this one's alias stood; null: in the text itself */
	int depth; /* 1 and more */
	const char *value, *name, *resume; /* how the alias was written, and what is behind it */
	size_t name_length;
	int line;
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
	int line;
	const struct insertion *from; /* what it stands in; null: the text itself */
	bool after_blank; /* it comes right after the value of an alias that ends with a blank: it may be one, too */
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
	bool plain; /* there are no aliases */
	struct insertion *insertion; /* that is being read */
	size_t inserted; /* bytes of all */
	struct document *documents; /* here-documents that begin behind the next newline */
};

void lexer_next(struct lexer *lexer);

/* If the token is an alias that is not being read already, reads what it stands for: the token is the first of that then. */
bool lexer_insert(struct lexer *lexer);

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
