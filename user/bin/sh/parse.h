/*
 * What the parts of the parser share: each takes what the lexer is at as far as it can, and leaves the token behind it. Null
 * or false: it was refused, or the input ended too early; then the lexer says so, and its token is the end.
 */
#pragma once

#include "lex.h"

/* parse_token.c: whether the token is this word, and whether one that ends or begins something in the grammar. */
bool token_is_word(const struct lexer *lexer, const char *text);
bool token_is_closing(const struct lexer *lexer);
bool token_is_other(const struct lexer *lexer);

/* At the end of the input more may come; anything else that stands here is a mistake. Null. */
void *token_refuse(struct lexer *lexer, const char *missing);
void *parse_out_of_memory(struct lexer *lexer);

/* A part of the tree; the second makes none of no `left`. */
struct node *node_make(struct lexer *lexer, enum node_kind kind);
struct node *node_join(struct lexer *lexer, enum node_kind kind, struct node *left, struct node *right);

/* The text of the token as a string. */
const char *token_string(struct lexer *lexer);

/* Adds the token to the end of a list and goes on. */
bool token_append(struct lexer *lexer, struct word ***end);

void token_skip_newlines(struct lexer *lexer);

/* Goes past a word that has to stand here. */
bool token_expect(struct lexer *lexer, const char *text);

/* parse_redirect.c: whether one begins here; and takes one, behind those there are. */
bool parse_at_redirect(const struct lexer *lexer);
bool parse_redirect(struct lexer *lexer, struct redirect **list);

/* parse_command.c: puts in what aliases stand for where a command begins. What means something to the grammar there is none. */
void parse_insert_aliases(struct lexer *lexer);
struct node *parse_command(struct lexer *lexer);

/* parse_compound.c: a compound command, if one begins here: `*is` tells. */
struct node *parse_compound(struct lexer *lexer, bool *is);

/* parse.c: commands with newlines between them, too, one at least. Leans to the right, so that it can be walked. */
struct node *parse_list(struct lexer *lexer);
