/*
 * Puts tokens together into a tree, by the grammar of POSIX: a function for each of its levels. Here are those above a
 * command, up to whole inputs; see parse.h for the others. Whoever finds something wrong says so and ends the input; all
 * levels above return null then.
 */
#include "parse.h"

#include <ctype.h>

static int depth_of(const struct insertion *insertion)
{
	return insertion != NULL ? insertion->depth : 0;
}

/* How it was written from a token to this one: where it begins, and its length. An alias that only one stands in is its name. */
static const char *source_since(const struct lexer *lexer, const struct token *begin, size_t *length)
{
	const char *start = begin->start, *end = lexer->token.start;
	const struct insertion *from = begin->from, *to = lexer->token.from;
	while (from != to) {
		if (depth_of(from) >= depth_of(to)) {
			start = from->name;
			from = from->outer;
		} else {
			end = to->name;
			to = to->outer;
		}
	}
	*length = (size_t)(end - start);
	return start;
}

/* Keeps how a job was written; a function is run when the text that it stood in has gone. */
static struct node *source_keep(struct lexer *lexer, struct node *node, const struct token *begin)
{
	size_t length;
	const char *start = source_since(lexer, begin, &length);
	while (length > 0 && isspace((unsigned char)start[length - 1]))
		length--;
	node->source = program_string(lexer->program, start, length);
	node->source_length = length;
	return node->source != NULL ? node : parse_out_of_memory(lexer);
}

static struct node *parse_pipe(struct lexer *lexer)
{
	const struct token begin = lexer->token;
	struct node *first = NULL, **place = &first;
	for (;;) {
		*place = parse_command(lexer);
		if (*place == NULL)
			return NULL;
		if (lexer->token.kind != TOKEN_BAR)
			return source_keep(lexer, first, &begin);
		*place = node_join(lexer, NODE_PIPE, *place, NULL);
		if (*place == NULL)
			return NULL;
		place = &(*place)->right;
		lexer_next(lexer);
		token_skip_newlines(lexer);
	}
}

static struct node *parse_not(struct lexer *lexer)
{
	bool inverted = false;
	while (token_is_word(lexer, "!")) {
		inverted = !inverted;
		lexer_next(lexer);
	}
	struct node *node = parse_pipe(lexer);
	return inverted ? node_join(lexer, NODE_NOT, node, NULL) : node;
}

/* Leans to the right: a && b || c is AND(a, OR(b, c)), and is run from left to right. */
static struct node *parse_and_or(struct lexer *lexer)
{
	struct node *first = NULL, **place = &first;
	for (;;) {
		*place = parse_not(lexer);
		if (*place == NULL)
			return NULL;
		if (lexer->token.kind != TOKEN_AND && lexer->token.kind != TOKEN_OR)
			return first;
		enum node_kind kind = lexer->token.kind == TOKEN_AND ? NODE_AND : NODE_OR;
		*place = node_join(lexer, kind, *place, NULL);
		if (*place == NULL)
			return NULL;
		place = &(*place)->right;
		lexer_next(lexer);
		token_skip_newlines(lexer);
	}
}

/* One command with the `;` or `&` behind it. `*more`: such a thing stood there. */
static struct node *parse_item(struct lexer *lexer, bool *more)
{
	const struct token begin = lexer->token;
	struct node *item = parse_and_or(lexer);
	if (item == NULL)
		return NULL;
	size_t length;
	const char *start = source_since(lexer, &begin, &length);
	*more = lexer->token.kind == TOKEN_SEMICOLON || lexer->token.kind == TOKEN_AMPERSAND;
	if (lexer->token.kind == TOKEN_AMPERSAND) {
		item = node_join(lexer, NODE_BACKGROUND, item, NULL);
		if (item == NULL || (item->source = program_string(lexer->program, start, length)) == NULL)
			return parse_out_of_memory(lexer);
		item->source_length = length;
	}
	if (*more)
		lexer_next(lexer);
	return item;
}

/* Whether what is here can't begin one more command of a list. */
static bool at_list_end(const struct lexer *lexer)
{
	enum token_kind kind = lexer->token.kind;
	return kind == TOKEN_END || kind == TOKEN_CLOSE || kind == TOKEN_CASE_END || token_is_closing(lexer);
}

struct node *parse_list(struct lexer *lexer)
{
	struct node *first = NULL, **place = &first;
	bool more;
	do {
		do {
			token_skip_newlines(lexer);
			parse_insert_aliases(lexer);
		} while (lexer->token.kind == TOKEN_NEWLINE); /* one may stand for nothing */
		if (first != NULL && at_list_end(lexer))
			break;
		*place = parse_item(lexer, &more);
		if (*place == NULL)
			return NULL;
		more = more || lexer->token.kind == TOKEN_NEWLINE;
		if (more) {
			*place = node_join(lexer, NODE_SEQUENCE, *place, NULL);
			if (*place == NULL)
				return NULL;
			place = &(*place)->right;
		}
	} while (more);
	return lexer->result == PARSE_OK ? first : NULL;
}

/* Up to the end of the line. */
static struct node *parse_line(struct lexer *lexer)
{
	struct node *first = NULL, **place = &first;
	bool more = true;
	for (parse_insert_aliases(lexer);
		more && lexer->token.kind != TOKEN_NEWLINE && lexer->token.kind != TOKEN_END;) {
		*place = parse_item(lexer, &more);
		if (*place != NULL && more)
			*place = node_join(lexer, NODE_SEQUENCE, *place, NULL);
		if (*place == NULL)
			return NULL;
		place = &(*place)->right;
		if (more)
			parse_insert_aliases(lexer);
	}
	if (lexer->token.kind != TOKEN_NEWLINE && lexer->token.kind != TOKEN_END) {
		lexer_refuse(lexer, "syntax error: '%.*s' has no beginning", (int)lexer->token.length,
			lexer->token.start);
		return NULL;
	}
	return first;
}

/* An alias may stand for several lines, and for the beginning of one that goes on behind it. */
static struct node *parse_whole_line(struct lexer *lexer)
{
	struct node *first = parse_line(lexer);
	while (lexer->token.kind == TOKEN_NEWLINE && lexer->insertion != NULL) {
		lexer_next(lexer);
		struct node *next = parse_line(lexer);
		first = first != NULL && next != NULL ? node_join(lexer, NODE_SEQUENCE, first, next)
			: first != NULL               ? first
						      : next;
	}
	return first;
}

static bool lexer_start(struct lexer *lexer, struct source *source, int depth)
{
	*lexer = (struct lexer){.source = source, .at = source->at, .line = source->line, .depth = depth};
	lexer->program = program_create();
	if (lexer->program == NULL)
		return parse_out_of_memory(lexer) != NULL;
	lexer_next(lexer);
	return true;
}

/* At the end of the input, a document that was announced is missing. */
static enum parse_result lexer_finish(struct lexer *lexer, struct program **program)
{
	if (lexer->result == PARSE_OK && lexer->documents != NULL)
		lexer->result = PARSE_INCOMPLETE;
	if (lexer->result != PARSE_OK) {
		program_drop(lexer->program);
		return lexer->result;
	}
	*program = lexer->program;
	return PARSE_OK;
}

enum parse_result parse_next(struct source *source, struct program **program)
{
	struct lexer lexer;
	if (!lexer_start(&lexer, source, 0))
		return PARSE_ERROR;
	token_skip_newlines(&lexer);
	if (lexer.result == PARSE_OK && lexer.token.kind == TOKEN_END) {
		program_drop(lexer.program);
		return PARSE_END;
	}
	lexer.program->root = parse_whole_line(&lexer);
	enum parse_result result = lexer_finish(&lexer, program);
	if (result == PARSE_OK) {
		source->at = lexer.at;
		source->line = lexer.line;
	}
	return result;
}

enum parse_result parse_all(struct source *source, struct program **program)
{
	struct lexer lexer;
	if (!lexer_start(&lexer, source, 0))
		return PARSE_ERROR;
	struct node **place = &lexer.program->root;
	token_skip_newlines(&lexer);
	while (lexer.token.kind != TOKEN_END) {
		struct node *line = parse_line(&lexer);
		if (line != NULL && (*place = node_join(&lexer, NODE_SEQUENCE, line, NULL)) != NULL)
			place = &(*place)->right;
		token_skip_newlines(&lexer);
	}
	return lexer_finish(&lexer, program);
}

bool input_is_incomplete(const char *input)
{
	struct source source = {.name = "", .at = input, .line = 1, .quiet = true};
	struct program *program = NULL;
	enum parse_result result = parse_all(&source, &program);
	if (result == PARSE_OK)
		program_drop(program);
	return result == PARSE_INCOMPLETE;
}

const char *parse_until_parenthesis(struct source *source, int depth, enum parse_result *result)
{
	struct lexer lexer;
	const char *end = NULL;
	*result = PARSE_ERROR;
	if (!lexer_start(&lexer, source, depth + 1))
		return NULL;
	lexer.plain = true; /* the end that is looked for stands in the text */
	token_skip_newlines(&lexer);
	if (lexer.token.kind != TOKEN_CLOSE && lexer.result == PARSE_OK)
		(void)parse_list(&lexer);
	if (lexer.result == PARSE_OK && lexer.token.kind == TOKEN_CLOSE)
		end = lexer.token.start;
	else if (lexer.result == PARSE_OK)
		(void)token_refuse(&lexer, "')'");
	*result = lexer.result;
	program_drop(lexer.program);
	return end;
}
