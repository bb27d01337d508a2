/*
 * test and [: files, strings and numbers compared.
 */
#include "sh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_LIMIT = 100 };

/* The words that are left, and whether something is wrong with them, which was told then. */
struct test {
	char **words;
	size_t left;
	bool wrong;
	int depth;
};

static bool test_or(struct test *t);

static bool wrong(struct test *t, const char *what, const char *word)
{
	if (!t->wrong)
		complain("test: %s%s%s", what, *word != '\0' ? ": " : "", word);
	t->wrong = true;
	return false;
}

static const char *take(struct test *t)
{
	t->left--;
	return *t->words++;
}

static bool is_next(const struct test *t, const char *text)
{
	return t->left > 0 && strcmp(*t->words, text) == 0;
}

static bool is_unary(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && word[2] == '\0' &&
	       strchr("bcdefhLnprstwxzS", word[1]) != NULL;
}

static bool unary(struct test *t, char letter, const char *word)
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
		return wrong(t, "not understood", (char[]){'-', letter, '\0'});
	}
}

static long number(struct test *t, const char *word)
{
	char *end;
	long value = strtol(word, &end, 10);
	if (end == word || *end != '\0')
		(void)wrong(t, "not a number", word);
	return value;
}

/* Files by when they were changed; one that is not there is older than any that is. */
static bool is_newer(const char *a, const char *b)
{
	struct stat x, y;
	if (stat(a, &x) != 0)
		return false;
	if (stat(b, &y) != 0)
		return true;
	return x.st_mtim.tv_sec != y.st_mtim.tv_sec ? x.st_mtim.tv_sec > y.st_mtim.tv_sec
						    : x.st_mtim.tv_nsec > y.st_mtim.tv_nsec;
}

static bool is_same(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Numbers, then strings, then files. */
enum { FIRST_OF_STRINGS = 6, UNEQUAL = 8, NEWER, OLDER, SAME };

static const char *const comparisons[] = {
	"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "=", "==", "!=", "-nt", "-ot", "-ef"};

static int comparison_find(const char *word)
{
	for (int i = 0; i < (int)(sizeof comparisons / sizeof *comparisons); i++)
		if (strcmp(comparisons[i], word) == 0)
			return i;
	return -1;
}

static bool compare(struct test *t, const char *a, int which, const char *b)
{
	switch (which) {
	case NEWER:
		return is_newer(a, b);
	case OLDER:
		return is_newer(b, a);
	case SAME:
		return is_same(a, b);
	}
	if (which >= FIRST_OF_STRINGS)
		return (strcmp(a, b) == 0) == (which != UNEQUAL);
	long x = number(t, a), y = number(t, b);
	const bool results[] = {x == y, x != y, x<y, x <= y, x> y, x >= y};
	return results[which];
}

static bool primary(struct test *t)
{
	if (t->left == 0)
		return wrong(t, "something is missing at the end", "");
	/* Two operands around a comparison come first: "( = (" compares. */
	if (t->left >= 3 && comparison_find(t->words[1]) >= 0) {
		const char *a = take(t);
		int which = comparison_find(take(t));
		return compare(t, a, which, take(t));
	}
	if (is_next(t, "(") && t->left > 1) {
		(void)take(t);
		bool holds = test_or(t);
		if (!is_next(t, ")"))
			return wrong(t, "')' is missing", "");
		(void)take(t);
		return holds;
	}
	if (t->left >= 2 && is_unary(*t->words)) {
		char letter = take(t)[1];
		return unary(t, letter, take(t));
	}
	return *take(t) != '\0';
}

static bool test_not(struct test *t)
{
	bool inverted = false;
	while (t->left > 1 && is_next(t, "!") && !(t->left == 3 && comparison_find(t->words[1]) >= 0)) {
		(void)take(t);
		inverted = !inverted;
	}
	return primary(t) != inverted;
}

static bool test_and(struct test *t)
{
	bool holds = test_not(t);
	while (is_next(t, "-a") && !t->wrong) {
		(void)take(t);
		holds = test_not(t) && holds;
	}
	return holds;
}

static bool test_or(struct test *t)
{
	if (++t->depth > DEPTH_LIMIT)
		return wrong(t, "too many parentheses", "");
	bool holds = test_and(t);
	while (is_next(t, "-o") && !t->wrong) {
		(void)take(t);
		holds = test_and(t) || holds;
	}
	t->depth--;
	return holds;
}

int builtin_test(struct shell *shell, char **words)
{
	struct test t = {.words = words + 1};
	(void)shell;
	while (t.words[t.left] != NULL)
		t.left++;
	if (strcmp(words[0], "[") == 0) {
		if (t.left == 0 || strcmp(t.words[t.left - 1], "]") != 0) {
			complain("[: ']' is missing at the end");
			return STATUS_USAGE;
		}
		t.left--;
	}
	if (t.left == 0)
		return 1;
	bool holds = test_or(&t);
	if (t.left > 0)
		(void)wrong(&t, "not understood", *t.words);
	return t.wrong ? STATUS_USAGE : holds ? 0 : 1;
}
