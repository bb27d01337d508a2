/*
 * Puts tokens together into a tree, by the grammar of POSIX: a function for each of its levels. Whoever finds
 * something wrong says so and ends the input; all levels above return null then.
 */
#include <ctype.h>
#include <string.h>

#include "lex.h"

static const char *const closing_words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
static const char *const other_words[] = {"!", "{", "case", "for", "if", "in", "until", "while"};

static struct node *parse_list(struct lexer *lexer);
static struct node *parse_command(struct lexer *lexer);

static bool is_word(const struct lexer *lexer, const char *text)
{
	const struct token *token = &lexer->token;
	return token->kind == TOKEN_WORD && token->length == strlen(text) &&
	       memcmp(token->start, text, token->length) == 0;
}

bool word_is_reserved(const char *word)
{
	bool found = false;
	for (size_t i = 0; i < sizeof closing_words / sizeof *closing_words; i++)
		found |= strcmp(word, closing_words[i]) == 0;
	for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
		found |= strcmp(word, other_words[i]) == 0;
	return found;
}

static bool is_closing_word(const struct lexer *lexer)
{
	for (size_t i = 0; i < sizeof closing_words / sizeof *closing_words; i++)
		if (is_word(lexer, closing_words[i]))
			return true;
	return false;
}

static bool is_other_word(const struct lexer *lexer)
{
	for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
		if (is_word(lexer, other_words[i]))
			return true;
	return false;
}

/* At the end of the input more may come; anything else that stands here is a mistake. */
static void *refuse(struct lexer *lexer, const char *missing)
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

static void *out_of_memory(struct lexer *lexer)
{
	lexer_refuse(lexer, "out of memory");
	return NULL;
}

static struct node *node_make(struct lexer *lexer, enum node_kind kind)
{
	struct node *node = program_memory(lexer->program, sizeof *node);
	if (node == NULL)
		return out_of_memory(lexer);
	node->kind = kind;
	return node;
}

static struct node *node_join(struct lexer *lexer, enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = left != NULL ? node_make(lexer, kind) : NULL;
	if (node != NULL) {
		node->left = left;
		node->right = right;
	}
	return node;
}

/* The text of the token as a string. */
static const char *token_string(struct lexer *lexer)
{
	const char *text = program_string(lexer->program, lexer->token.start, lexer->token.length);
	return text != NULL ? text : out_of_memory(lexer);
}

/* Adds the token to the end of a list and goes on. */
static bool word_append(struct lexer *lexer, struct word ***end)
{
	struct word *word = program_memory(lexer->program, sizeof *word);
	if (word == NULL || (word->text = token_string(lexer)) == NULL)
		return out_of_memory(lexer) != NULL;
	**end = word;
	*end = &word->next;
	lexer_next(lexer);
	return true;
}

static void skip_newlines(struct lexer *lexer)
{
	while (lexer->token.kind == TOKEN_NEWLINE)
		lexer_next(lexer);
}

/* Goes past a word that has to stand here. */
static bool expect_word(struct lexer *lexer, const char *text)
{
	char missing[16] = "'";
	if (is_word(lexer, text)) {
		lexer_next(lexer);
		return true;
	}
	strcat(strcat(missing, text), "'");
	return refuse(lexer, missing) != NULL;
}

/* A list of commands between two words, the first of which was passed. */
static struct node *parse_between(struct lexer *lexer, const char *end)
{
	struct node *list = parse_list(lexer);
	return list != NULL && (end == NULL || expect_word(lexer, end)) ? list : NULL;
}

/* How the end of a here-document is written, without its quotes; `*quoted` tells that there were some. */
static const char *document_end(struct lexer *lexer, bool *quoted)
{
	char *end = program_string(lexer->program, lexer->token.start, lexer->token.length);
	if (end == NULL)
		return out_of_memory(lexer);
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

static bool is_redirect(const struct lexer *lexer)
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

/* One redirection, behind those there are. */
static bool parse_redirect(struct lexer *lexer, struct redirect **list)
{
	struct redirect *redirect = program_memory(lexer->program, sizeof *redirect);
	if (redirect == NULL)
		return out_of_memory(lexer) != NULL;
	int number = -1, fd;
	if (lexer->token.kind == TOKEN_NUMBER) {
		number = token_number(&lexer->token);
		lexer_next(lexer);
	}
	enum token_kind mark = lexer->token.kind;
	if (!redirect_kind_of(mark, &redirect->kind, &fd))
		return refuse(lexer, "a redirection") != NULL;
	redirect->fd = number >= 0 ? number : fd;
	lexer_next(lexer);
	if (lexer->token.kind != TOKEN_WORD && lexer->token.kind != TOKEN_NUMBER)
		return refuse(lexer, "the name of a file") != NULL;
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
		return refuse(lexer, "')'");
	if (variable_name_length(node->words->text) != strlen(node->words->text)) {
		lexer_refuse(lexer, "syntax error: '%s' can't be the name of a function", node->words->text);
		return NULL;
	}
	lexer_next(lexer);
	skip_newlines(lexer);
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

/* Puts in what aliases stand for where a command begins. What means something to the grammar there is none. */
static void insert_aliases(struct lexer *lexer)
{
	while (!is_closing_word(lexer) && !is_other_word(lexer) && lexer_insert(lexer))
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
		if (is_redirect(lexer))
			done = parse_redirect(lexer, &node->redirects);
		else if (lexer->token.kind == TOKEN_OPEN && node->words != NULL &&
			 node->words->next == NULL && node->assignments == NULL && node->redirects == NULL)
			return parse_function(lexer, node);
		else if (lexer->token.kind != TOKEN_WORD)
			break;
		else if ((node->words == NULL || lexer->token.after_blank) && lexer_insert(lexer))
			continue;
		else
			done = word_append(lexer,
				node->words == NULL && is_assignment(&lexer->token) ? &assignments : &words);
	}
	bool empty = node->words == NULL && node->assignments == NULL && node->redirects == NULL;
	if (done && empty)
		return refuse(lexer, "a command");
	return done && lexer->result == PARSE_OK ? node : NULL;
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
		if (!is_word(lexer, "elif"))
			break;
		lexer_next(lexer);
	}
	if (is_word(lexer, "else")) {
		lexer_next(lexer);
		if ((*place = parse_between(lexer, NULL)) == NULL)
			return NULL;
	}
	return expect_word(lexer, "fi") ? first : NULL;
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
		return refuse(lexer, "the name of a variable");
	node->name = token_string(lexer);
	lexer_next(lexer);
	node->arguments = true;
	if (lexer->token.kind == TOKEN_SEMICOLON)
		lexer_next(lexer);
	skip_newlines(lexer);
	if (is_word(lexer, "in")) {
		struct word **words = &node->words;
		node->arguments = false;
		lexer_next(lexer);
		while (lexer->token.kind == TOKEN_WORD)
			if (!word_append(lexer, &words))
				return NULL;
		if (lexer->token.kind != TOKEN_SEMICOLON && lexer->token.kind != TOKEN_NEWLINE)
			return refuse(lexer, "';'");
		lexer_next(lexer);
		skip_newlines(lexer);
	}
	if (!expect_word(lexer, "do"))
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
			return refuse(lexer, "a pattern") != NULL;
		if (!word_append(lexer, &patterns))
			return false;
		if (lexer->token.kind != TOKEN_BAR)
			break;
		lexer_next(lexer);
	}
	if (lexer->token.kind != TOKEN_CLOSE)
		return refuse(lexer, "')'") != NULL;
	lexer_next(lexer);
	skip_newlines(lexer);
	if (lexer->token.kind != TOKEN_CASE_END && !is_word(lexer, "esac")) {
		item->body = parse_list(lexer);
		if (item->body == NULL)
			return false;
	}
	if (lexer->token.kind == TOKEN_CASE_END)
		lexer_next(lexer);
	else if (!is_word(lexer, "esac"))
		return refuse(lexer, "';;'") != NULL;
	skip_newlines(lexer);
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
		return refuse(lexer, "a word");
	if (!word_append(lexer, &words))
		return NULL;
	skip_newlines(lexer);
	if (!expect_word(lexer, "in"))
		return NULL;
	skip_newlines(lexer);
	while (!is_word(lexer, "esac")) {
		*items = program_memory(lexer->program, sizeof **items);
		if (*items == NULL)
			return out_of_memory(lexer);
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
		return refuse(lexer, "')'");
	lexer_next(lexer);
	return node_join(lexer, NODE_SUBSHELL, list, NULL);
}

/* A compound command, if one begins here: `*is` tells. */
static struct node *parse_compound(struct lexer *lexer, bool *is)
{
	static const char *const openings[] = {"{", "if", "while", "until", "for", "case"};
	size_t i = 0;
	while (i < sizeof openings / sizeof *openings && !is_word(lexer, openings[i]))
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

static struct node *parse_command(struct lexer *lexer)
{
	bool compound;
	if (lexer->depth >= DEPTH_MAX) {
		lexer_refuse(lexer, "syntax error: commands stand too deep within each other");
		return NULL;
	}
	insert_aliases(lexer);
	if (is_closing_word(lexer))
		return refuse(lexer, "a command");
	lexer->depth++;
	struct node *node = parse_compound(lexer, &compound);
	if (!compound)
		node = parse_simple(lexer);
	while (compound && node != NULL && is_redirect(lexer))
		if (!parse_redirect(lexer, &node->redirects))
			node = NULL;
	lexer->depth--;
	return lexer->result == PARSE_OK ? node : NULL;
}

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
	return node->source != NULL ? node : out_of_memory(lexer);
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
		skip_newlines(lexer);
	}
}

static struct node *parse_not(struct lexer *lexer)
{
	bool inverted = false;
	while (is_word(lexer, "!")) {
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
		skip_newlines(lexer);
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
			return out_of_memory(lexer);
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
	return kind == TOKEN_END || kind == TOKEN_CLOSE || kind == TOKEN_CASE_END || is_closing_word(lexer);
}

/* Commands with newlines between them, too, one at least. Leans to the right, so that it can be walked. */
static struct node *parse_list(struct lexer *lexer)
{
	struct node *first = NULL, **place = &first;
	bool more;
	do {
		do {
			skip_newlines(lexer);
			insert_aliases(lexer);
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
	for (insert_aliases(lexer);
		more && lexer->token.kind != TOKEN_NEWLINE && lexer->token.kind != TOKEN_END;) {
		*place = parse_item(lexer, &more);
		if (*place != NULL && more)
			*place = node_join(lexer, NODE_SEQUENCE, *place, NULL);
		if (*place == NULL)
			return NULL;
		place = &(*place)->right;
		if (more)
			insert_aliases(lexer);
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
		return out_of_memory(lexer) != NULL;
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
	skip_newlines(&lexer);
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
	skip_newlines(&lexer);
	while (lexer.token.kind != TOKEN_END) {
		struct node *line = parse_line(&lexer);
		if (line != NULL && (*place = node_join(&lexer, NODE_SEQUENCE, line, NULL)) != NULL)
			place = &(*place)->right;
		skip_newlines(&lexer);
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
	skip_newlines(&lexer);
	if (lexer.token.kind != TOKEN_CLOSE && lexer.result == PARSE_OK)
		(void)parse_list(&lexer);
	if (lexer.result == PARSE_OK && lexer.token.kind == TOKEN_CLOSE)
		end = lexer.token.start;
	else if (lexer.result == PARSE_OK)
		(void)refuse(&lexer, "')'");
	*result = lexer.result;
	program_drop(lexer.program);
	return end;
}
