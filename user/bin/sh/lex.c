/*
 * The lexer. How far a word goes depends on what is quoted in it, and on commands within it: to find the end of
 * `$(`, the parser is asked.
 */
#include "lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct document {
	struct document *next;
	struct redirect *redirect;
	const char *end;
	bool tabs;
};

void lexer_refuse(struct lexer *lexer, const char *format, ...)
{
	char text[256], place[128] = "";
	const struct source *source = lexer->source;
	va_list arguments;
	if (lexer->result == PARSE_OK && !source->quiet) {
		va_start(arguments, format);
		vsnprintf(text, sizeof text, format, arguments);
		va_end(arguments);
		if (source->name[0] != '\0')
			snprintf(place, sizeof place, "%s: ", source->name);
		if (source->name[0] != '\0' || lexer->token.line > 1)
			snprintf(place + strlen(place), sizeof place - strlen(place),
				"line %d: ", lexer->token.line);
		complain("%s%s", place, text);
	}
	if (lexer->result == PARSE_OK)
		lexer->result = PARSE_ERROR;
	lexer->token.kind = TOKEN_END;
}

/* What an alias begins has to end in it, as nothing that is typed behind it could. */
static const char *incomplete(struct lexer *lexer)
{
	if (lexer->insertion != NULL)
		lexer_refuse(lexer,
			"syntax error: something begins in the alias '%.*s' that does not end there",
			(int)lexer->insertion->name_length, lexer->insertion->name);
	if (lexer->result == PARSE_OK)
		lexer->result = PARSE_INCOMPLETE;
	return NULL;
}

static int newlines(const char *from, const char *to)
{
	int count = 0;
	for (; from < to; from++)
		count += *from == '\n';
	return count;
}

static const char *skip_any(struct lexer *lexer, const char *p, bool in_quotes);

static bool is_special(const char *p, bool in_quotes)
{
	return *p == '\\' || *p == '`' || *p == '$' || (!in_quotes && (*p == '\'' || *p == '"'));
}

/* Up to the closing brace, quote or the like: behind it. What is special on the way is skipped as a whole. */
static const char *skip_to(struct lexer *lexer, const char *p, char close, bool in_quotes)
{
	while (p != NULL && *p != close) {
		if (*p == '\0')
			return incomplete(lexer);
		bool quotes = in_quotes && close != '"' && *p == '"'; /* "${a:-"b"}" */
		p = is_special(p, in_quotes) || quotes ? skip_any(lexer, p, in_quotes) : p + 1;
	}
	return p != NULL ? p + 1 : NULL;
}

static const char *skip_arithmetic(struct lexer *lexer, const char *p, bool *is_other)
{
	int open = 0;
	for (p += 3; p != NULL;) {
		if (*p == '\0')
			return incomplete(lexer);
		if (*p == ')' && open == 0) {
			*is_other = p[1] != ')';
			return *is_other ? NULL : p + 2;
		}
		open += (*p == '(') - (*p == ')');
		p = is_special(p, false) ? skip_any(lexer, p, false) : p + 1;
	}
	return NULL;
}

static const char *skip_command(struct lexer *lexer, const char *p)
{
	struct source inner = {
		.name = lexer->source->name,
		.at = p,
		.line = lexer->token.line + newlines(lexer->token.start, p),
		.quiet = lexer->source->quiet,
	};
	enum parse_result result;
	const char *end = parse_until_parenthesis(&inner, lexer->depth, &result);
	if (end != NULL)
		return end + 1;
	if (result == PARSE_INCOMPLETE)
		return incomplete(lexer);
	if (lexer->result == PARSE_OK)
		lexer->result = result;
	return NULL;
}

static const char *skip_dollar(struct lexer *lexer, const char *p, bool in_quotes)
{
	if (p[1] == '{')
		return skip_to(lexer, p + 2, '}', in_quotes);
	if (p[1] != '(')
		return p + 1;
	bool is_other = false;
	if (p[2] == '(') {
		const char *end = skip_arithmetic(lexer, p, &is_other);
		if (!is_other)
			return end;
	}
	return skip_command(lexer, p + 2);
}

static const char *skip_backquote(struct lexer *lexer, const char *p)
{
	for (p++; *p != '`'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '\0')
			return incomplete(lexer);
	}
	return p + 1;
}

static const char *skip_apostrophes(struct lexer *lexer, const char *p)
{
	const char *end = strchr(p + 1, '\'');
	return end != NULL ? end + 1 : incomplete(lexer);
}

static const char *skip_any(struct lexer *lexer, const char *p, bool in_quotes)
{
	if (lexer->depth >= DEPTH_MAX) {
		lexer_refuse(lexer, "syntax error: quotes and commands stand too deep within each other");
		return NULL;
	}
	lexer->depth++;
	const char *end = NULL;
	if (*p == '\\')
		end = p[1] != '\0' ? p + 2 : incomplete(lexer);
	else if (*p == '\'')
		end = skip_apostrophes(lexer, p);
	else if (*p == '"')
		end = skip_to(lexer, p + 1, '"', true);
	else if (*p == '`')
		end = skip_backquote(lexer, p);
	else
		end = skip_dollar(lexer, p, in_quotes);
	lexer->depth--;
	return end;
}

/* The same for words that were accepted once, or that nobody would read a complaint about. */
static struct lexer quiet_lexer(struct source *source)
{
	return (struct lexer){.source = source, .token = {.start = source->at}};
}

const char *lex_skip(const char *p, bool in_quotes)
{
	struct source source = {.name = "", .at = p, .quiet = true};
	struct lexer lexer = quiet_lexer(&source);
	return skip_any(&lexer, p, in_quotes);
}

const char *lex_arithmetic_end(const char *p)
{
	struct source source = {.name = "", .at = p, .quiet = true};
	struct lexer lexer = quiet_lexer(&source);
	bool is_other;
	return strncmp(p, "$((", 3) == 0 ? skip_arithmetic(&lexer, p, &is_other) : NULL;
}

bool lexer_expect_document(struct lexer *lexer, struct redirect *redirect, const char *end, bool tabs)
{
	struct document *document = program_memory(lexer->program, sizeof *document);
	if (document == NULL)
		return false;
	*document = (struct document){.redirect = redirect, .end = end, .tabs = tabs};
	struct document **last = &lexer->documents;
	while (*last != NULL)
		last = &(*last)->next;
	*last = document;
	return true;
}

/* Takes the lines of one document. */
static bool document_read(struct lexer *lexer, const struct document *document)
{
	struct text text = {0};
	size_t end_length = strlen(document->end);
	for (;;) {
		if (*lexer->at == '\0') {
			text_free(&text);
			incomplete(lexer);
			return false;
		}
		const char *line = lexer->at + (document->tabs ? strspn(lexer->at, "\t") : 0);
		size_t length = strcspn(line, "\n");
		lexer->at = line + length + (line[length] == '\n');
		lexer->line++;
		if (length == end_length && memcmp(line, document->end, length) == 0)
			break;
		text_add(&text, line, (size_t)(lexer->at - line));
	}
	document->redirect->target = program_string(lexer->program, text_string(&text), text.length);
	bool done = document->redirect->target != NULL && !text.failed;
	text_free(&text);
	if (!done)
		lexer_refuse(lexer, "a here-document is too long");
	return done;
}

static void documents_read(struct lexer *lexer)
{
	bool done = true;
	for (; lexer->documents != NULL && done; lexer->documents = lexer->documents->next)
		done = document_read(lexer, lexer->documents);
	if (!done)
		lexer->token.kind = TOKEN_END;
}

static const char *skip_blanks(const char *p, bool *comment)
{
	*comment = false;
	for (;;) {
		p += strspn(p, " \t\r");
		if (p[0] == '\\' && p[1] == '\n')
			p += 2;
		else if (*p == '#' && (*comment = true))
			p += strcspn(p, "\n");
		else
			return p;
	}
}

static const struct {
	const char *text;
	enum token_kind kind;
} operators[] = {/* longer ones first */
	{"<<-", TOKEN_DOCUMENT_TABS}, {"<<", TOKEN_DOCUMENT}, {"<&", TOKEN_COPY_IN}, {"<>", TOKEN_BOTH},
	{"<", TOKEN_READ}, {">>", TOKEN_APPEND}, {">&", TOKEN_COPY_OUT}, {">|", TOKEN_CLOBBER},
	{">", TOKEN_WRITE}, {";;", TOKEN_CASE_END}, {";", TOKEN_SEMICOLON}, {"&&", TOKEN_AND},
	{"&", TOKEN_AMPERSAND}, {"||", TOKEN_OR}, {"|", TOKEN_BAR}, {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE},
	{"\n", TOKEN_NEWLINE}};

static bool operator_take(struct lexer *lexer)
{
	struct token *token = &lexer->token;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		size_t length = strlen(operators[i].text);
		if (strncmp(token->start, operators[i].text, length) == 0) {
			token->kind = operators[i].kind;
			token->length = length;
			lexer->at = token->start + length;
			return true;
		}
	}
	return false;
}

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n;&|<>()", c) != NULL;
}

static void word_take(struct lexer *lexer)
{
	struct token *token = &lexer->token;
	const char *p = token->start;
	while (p != NULL && !ends_word(*p))
		p = is_special(p, false) ? skip_any(lexer, p, false) : p + 1;
	if (p == NULL) {
		token->kind = TOKEN_END;
		return;
	}
	token->kind = TOKEN_WORD;
	token->length = (size_t)(p - token->start);
	lexer->at = p;
	lexer->line += newlines(token->start, p);
	if (*p == '<' || *p == '>') {
		const char *digits = token->start;
		while (isdigit((unsigned char)*digits))
			digits++;
		if (digits == p)
			token->kind = TOKEN_NUMBER;
	}
}

enum {
	INSERTED_MAX = 1 << 16
}; /* bytes of one input: aliases of aliases twice, and so on, have no end in sight */

bool lexer_insert(struct lexer *lexer)
{
	const struct token *token = &lexer->token;
	const char *value = NULL;
	if (token->kind == TOKEN_WORD && !lexer->plain)
		value = alias_find(token->start, token->length);
	for (const struct insertion *outer = lexer->insertion; outer != NULL && value != NULL;
		outer = outer->outer)
		if (outer->value == value)
			return false;
	if (value == NULL)
		return false;
	struct insertion *insertion = program_memory(lexer->program, sizeof *insertion);
	lexer->inserted += strlen(value) + 1;
	if (insertion == NULL || lexer->inserted > INSERTED_MAX) {
		lexer_refuse(lexer, "aliases stand for more than %d bytes", INSERTED_MAX);
		return false;
	}
	*insertion = (struct insertion){.outer = lexer->insertion,
		.depth = lexer->insertion != NULL ? lexer->insertion->depth + 1 : 1,
		.value = value,
		.name = token->start,
		.resume = lexer->at,
		.name_length = token->length,
		.line = lexer->line};
	bool after_blank = token->after_blank;
	lexer->insertion = insertion;
	lexer->at = value;
	lexer_next(lexer);
	lexer->token.after_blank |= after_blank; /* what it stands for may be one as well */
	return true;
}

/* Goes on behind an alias; whether its value ends with a blank. */
static bool insertion_leave(struct lexer *lexer, bool comment)
{
	const struct insertion *insertion = lexer->insertion;
	size_t length = strlen(insertion->value);
	lexer->at = insertion->resume;
	lexer->line = insertion->line;
	lexer->insertion = insertion->outer;
	if (comment)
		lexer->at += strcspn(lexer->at, "\n");
	return length > 0 && strchr(" \t", insertion->value[length - 1]) != NULL;
}

/* Past blanks, and past the ends of aliases; whether the word there may be one wherever it stands. */
static bool skip_to_token(struct lexer *lexer)
{
	bool comment, after_blank = false;
	for (;;) {
		const char *start = skip_blanks(lexer->at, &comment);
		lexer->line += newlines(lexer->at, start);
		lexer->at = start;
		if (*start != '\0' || lexer->insertion == NULL)
			return after_blank;
		after_blank |= insertion_leave(lexer, comment);
	}
}

void lexer_next(struct lexer *lexer)
{
	if (lexer->result != PARSE_OK)
		return;
	bool after_blank = skip_to_token(lexer);
	const char *start = lexer->at;
	lexer->token = (struct token){TOKEN_END, start, 0, lexer->line, lexer->insertion, after_blank};
	if (*start == '\0')
		return;
	if (!operator_take(lexer)) {
		word_take(lexer);
	} else if (lexer->token.kind == TOKEN_NEWLINE) {
		lexer->line++;
		documents_read(lexer);
	}
}
