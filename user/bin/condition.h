/*
 * The expressions of test and [, for the program and for the shell: files, strings and numbers compared.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONDITION_DEPTH_MOST = 100, CONDITION_WRONG = 2 };

/* Says what is wrong, as printf does, with its own name in front. */
typedef void condition_complain(const char *format, ...);

/* The words that are left, and whether something is wrong with them, which was told then. */
struct condition {
	char **words;
	size_t left;
	bool wrong;
	int depth;
	condition_complain *complain;
};

static inline bool condition_or(struct condition *c);

static inline bool condition_wrong(struct condition *c, const char *what, const char *word)
{
	if (!c->wrong)
		c->complain("test: %s%s%s", what, *word != '\0' ? ": " : "", word);
	c->wrong = true;
	return false;
}

static inline const char *condition_take(struct condition *c)
{
	c->left--;
	return *c->words++;
}

static inline bool condition_is_next(const struct condition *c, const char *text)
{
	return c->left > 0 && strcmp(*c->words, text) == 0;
}

static inline bool condition_is_unary(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && word[2] == '\0' &&
	       strchr("bcdefhLnprstwxzS", word[1]) != NULL;
}

static inline bool condition_unary(struct condition *c, char letter, const char *word)
{
	struct stat status;
	switch (letter) {
	case 'n':
		return *word != '\0';
	case 'z':
		return *word == '\0';
	case 'r':
		return access(word, R_OK) == 0;
	case 'w':
		return access(word, W_OK) == 0;
	case 'x':
		return access(word, X_OK) == 0;
	case 't':
		return isatty(atoi(word)) != 0;
	}
	if ((strchr("hL", letter) != NULL ? lstat : stat)(word, &status) != 0)
		return false;
	switch (letter) {
	case 'e':
		return true;
	case 'd':
		return S_ISDIR(status.st_mode);
	case 'f':
		return S_ISREG(status.st_mode);
	case 's':
		return status.st_size > 0;
	case 'c':
		return S_ISCHR(status.st_mode);
	case 'b':
		return S_ISBLK(status.st_mode);
	case 'p':
		return S_ISFIFO(status.st_mode);
	case 'h':
	case 'L':
		return S_ISLNK(status.st_mode);
	case 'S':
		return false; /* there are none */
	default:
		return condition_wrong(c, "not understood", (char[]){'-', letter, '\0'});
	}
}

static inline long condition_number(struct condition *c, const char *word)
{
	char *end;
	long value = strtol(word, &end, 10);
	if (end == word || *end != '\0')
		(void)condition_wrong(c, "not a number", word);
	return value;
}

/* Files by when they were changed; one that is not there is older than any that is. */
static inline bool condition_is_newer(const char *a, const char *b)
{
	struct stat x, y;
	if (stat(a, &x) != 0)
		return false;
	if (stat(b, &y) != 0)
		return true;
	return x.st_mtim.tv_sec != y.st_mtim.tv_sec ? x.st_mtim.tv_sec > y.st_mtim.tv_sec
						    : x.st_mtim.tv_nsec > y.st_mtim.tv_nsec;
}

static inline bool condition_is_same(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Numbers, then strings, then files. */
enum { FIRST_OF_STRINGS = 6, UNEQUAL = 8, NEWER, OLDER, SAME };

static const char *const condition_comparisons[] = {
	"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "=", "==", "!=", "-nt", "-ot", "-ef"};

static inline int condition_comparison(const char *word)
{
	for (int i = 0; i < (int)(sizeof condition_comparisons / sizeof *condition_comparisons); i++)
		if (strcmp(condition_comparisons[i], word) == 0)
			return i;
	return -1;
}

static inline bool condition_compare(struct condition *c, const char *a, int which, const char *b)
{
	switch (which) {
	case NEWER:
		return condition_is_newer(a, b);
	case OLDER:
		return condition_is_newer(b, a);
	case SAME:
		return condition_is_same(a, b);
	}
	if (which >= FIRST_OF_STRINGS)
		return (strcmp(a, b) == 0) == (which != UNEQUAL);
	long x = condition_number(c, a), y = condition_number(c, b);
	const bool results[] = {x == y, x != y, x<y, x <= y, x> y, x >= y};
	return results[which];
}

static inline bool condition_primary(struct condition *c)
{
	if (c->left == 0)
		return condition_wrong(c, "something is missing at the end", "");
	/* Two operands around a comparison come first: "( = (" compares. */
	if (c->left >= 3 && condition_comparison(c->words[1]) >= 0) {
		const char *a = condition_take(c);
		int which = condition_comparison(condition_take(c));
		return condition_compare(c, a, which, condition_take(c));
	}
	if (condition_is_next(c, "(") && c->left > 1) {
		(void)condition_take(c);
		bool holds = condition_or(c);
		if (!condition_is_next(c, ")"))
			return condition_wrong(c, "')' is missing", "");
		(void)condition_take(c);
		return holds;
	}
	if (c->left >= 2 && condition_is_unary(*c->words)) {
		char letter = condition_take(c)[1];
		return condition_unary(c, letter, condition_take(c));
	}
	return *condition_take(c) != '\0';
}

static inline bool condition_not(struct condition *c)
{
	bool inverted = false;
	while (c->left > 1 && condition_is_next(c, "!") &&
		!(c->left == 3 && condition_comparison(c->words[1]) >= 0)) {
		(void)condition_take(c);
		inverted = !inverted;
	}
	return condition_primary(c) != inverted;
}

static inline bool condition_and(struct condition *c)
{
	bool holds = condition_not(c);
	while (condition_is_next(c, "-a") && !c->wrong) {
		(void)condition_take(c);
		holds = condition_not(c) && holds;
	}
	return holds;
}

static inline bool condition_or(struct condition *c)
{
	if (++c->depth > CONDITION_DEPTH_MOST)
		return condition_wrong(c, "too many parentheses", "");
	bool holds = condition_and(c);
	while (condition_is_next(c, "-o") && !c->wrong) {
		(void)condition_take(c);
		holds = condition_and(c) || holds;
	}
	c->depth--;
	return holds;
}

/* What test, or [, makes of its words: 0 if they hold, 1 if not, CONDITION_WRONG, told, if they are no expression. */
static inline int condition_status(char **words, condition_complain *say)
{
	struct condition c = {.words = words + 1, .complain = say};
	while (c.words[c.left] != NULL)
		c.left++;
	if (strcmp(words[0], "[") == 0) {
		if (c.left == 0 || strcmp(c.words[c.left - 1], "]") != 0) {
			say("[: ']' is missing at the end");
			return CONDITION_WRONG;
		}
		c.left--;
	}
	if (c.left == 0)
		return 1;
	bool holds = condition_or(&c);
	if (c.left > 0)
		(void)condition_wrong(&c, "not understood", *c.words);
	return c.wrong ? CONDITION_WRONG : holds ? 0 : 1;
}
