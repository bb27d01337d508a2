/*
 * $((...)): whole numbers and variables, by the grammar of C. Operators are climbed by how strongly they bind.
 */
#include "sh.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct evaluation {
	struct shell *shell;
	const char *at;
	const char *wrong; /* what is, once something is */
	int skipping; /* the side of && || ?: that does not count: nothing is assigned or divided */
	int depth;
};

enum { DEPTH_LIMIT = 64 };

/* Sorted so that of two that begin alike the longer one comes first. */
static const struct operation {
	char text[4];
	int binds;
} operators[] = {{"||", 1}, {"&&", 2}, {"<<", 8}, {">>", 8}, {"<=", 7}, {">=", 7}, {"==", 6}, {"!=", 6},
	{"|", 3}, {"^", 4}, {"&", 5}, {"<", 7}, {">", 7}, {"+", 9}, {"-", 9}, {"*", 10}, {"/", 10},
	{"%", 10}};

static long assignment(struct evaluation *v);

static void skip_blanks(struct evaluation *v)
{
	v->at += strspn(v->at, " \t\r\n");
}

static bool take(struct evaluation *v, const char *text)
{
	skip_blanks(v);
	size_t length = strlen(text);
	if (strncmp(v->at, text, length) != 0)
		return false;
	v->at += length;
	return true;
}

static long wrong(struct evaluation *v, const char *what)
{
	if (v->wrong == NULL)
		v->wrong = what;
	return 0;
}

static long number(struct evaluation *v)
{
	char *end;
	unsigned long value = strtoul(v->at, &end, 0);
	v->at = end;
	return isalnum((unsigned char)*end) || *end == '_' ? wrong(v, "a number is not written well")
							   : (long)value;
}

static long variable_number(const char *name, size_t length)
{
	const char *value = variable_get(name, length);
	return value != NULL ? (long)strtoul(value, NULL, 0) : 0;
}

static long unary(struct evaluation *v)
{
	long value;
	if (++v->depth > DEPTH_LIMIT) {
		v->depth--;
		return wrong(v, "it is too deep");
	}
	skip_blanks(v);
	if (take(v, "(")) {
		value = assignment(v);
		if (!take(v, ")"))
			wrong(v, "')' is missing");
	} else if (take(v, "!")) {
		value = !unary(v);
	} else if (take(v, "~")) {
		value = ~unary(v);
	} else if (take(v, "-")) {
		value = (long)(0ul - (unsigned long)unary(v));
	} else if (take(v, "+")) {
		value = unary(v);
	} else if (isdigit((unsigned char)*v->at)) {
		value = number(v);
	} else {
		size_t length = variable_name_length(v->at);
		if (length == 0)
			wrong(v, "a number is missing");
		value = variable_number(v->at, length);
		v->at += length;
	}
	v->depth--;
	return value;
}

static long divide(struct evaluation *v, long a, long b, bool rest)
{
	if (v->skipping > 0)
		return 0;
	if (b == 0)
		return wrong(v, "division by zero");
	if (b == -1) /* the smallest number has no opposite */
		return rest ? 0 : (long)(0ul - (unsigned long)a);
	return rest ? a % b : a / b;
}

/* Overflow wraps around. */
static long apply(struct evaluation *v, const char *mark, long a, long b)
{
	unsigned long x = (unsigned long)a, y = (unsigned long)b;
	switch (mark[0] * 256 + mark[1]) {
	case '|' * 256:
		return a | b;
	case '^' * 256:
		return a ^ b;
	case '&' * 256:
		return a & b;
	case '=' * 256 + '=':
		return a == b;
	case '!' * 256 + '=':
		return a != b;
	case '<' * 256:
		return a < b;
	case '>' * 256:
		return a > b;
	case '<' * 256 + '=':
		return a <= b;
	case '>' * 256 + '=':
		return a >= b;
	case '<' * 256 + '<':
		return (long)(x << (y & 63));
	case '>' * 256 + '>':
		return a >> (y & 63);
	case '+' * 256:
		return (long)(x + y);
	case '-' * 256:
		return (long)(x - y);
	case '*' * 256:
		return (long)(x * y);
	default:
		return divide(v, a, b, mark[0] == '%');
	}
}

static const struct operation *operation_at(const char *p)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		size_t length = strlen(operators[i].text);
		/* "a += 1" is an assignment, and its left side no number. */
		if (strncmp(p, operators[i].text, length) == 0 &&
			(p[length] != '=' || operators[i].binds == 6 || operators[i].binds == 7))
			return &operators[i];
	}
	return NULL;
}

/* All operators that bind at least so strongly. */
static long binary(struct evaluation *v, int least)
{
	long value = unary(v);
	for (;;) {
		skip_blanks(v);
		const struct operation *found = operation_at(v->at);
		if (found == NULL || found->binds < least || v->wrong != NULL)
			return value;
		v->at += strlen(found->text);
		bool and = found->binds == 2, or = found->binds == 1;
		bool skip = (and&&value == 0) || (or &&value != 0);
		v->skipping += skip;
		long right = binary(v, found->binds + 1);
		v->skipping -= skip;
		if (and)
			value = value != 0 && right != 0;
		else if (or)
			value = value != 0 || right != 0;
		else
			value = apply(v, found->text, value, right);
	}
}

static long conditional(struct evaluation *v)
{
	long value = binary(v, 1);
	if (!take(v, "?"))
		return value;
	if (++v->depth > DEPTH_LIMIT)
		wrong(v, "it is too deep");
	v->skipping += value == 0;
	long yes = v->wrong == NULL ? assignment(v) : 0;
	v->skipping -= value == 0;
	if (!take(v, ":"))
		wrong(v, "':' is missing");
	v->skipping += value != 0;
	long no = v->wrong == NULL ? conditional(v) : 0;
	v->skipping -= value != 0;
	v->depth--;
	return value != 0 ? yes : no;
}

/* `=` or an operator and `=`, right behind a name: how long, and which. 0 if there is none. */
static size_t assignment_operator(const char *p, char mark[3])
{
	static const char *const kinds[] = {
		"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t length = strlen(kinds[i]);
		if (strncmp(p, kinds[i], length) == 0 && p[length] != '=') {
			memset(mark, 0, 3);
			memcpy(mark, kinds[i], length - 1);
			return length;
		}
	}
	return 0;
}

static void store(struct evaluation *v, const char *name, size_t length, long value)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%ld", value);
	if (v->skipping == 0 && v->wrong == NULL && !variable_set(name, length, digits))
		wrong(v, "a variable can't be set");
}

static long assignment(struct evaluation *v)
{
	char mark[3];
	if (++v->depth > DEPTH_LIMIT) {
		v->depth--;
		return wrong(v, "it is too deep");
	}
	skip_blanks(v);
	const char *name = v->at;
	size_t length = variable_name_length(name);
	const char *behind = name + length + strspn(name + length, " \t");
	size_t taken = length > 0 ? assignment_operator(behind, mark) : 0;
	long value;
	if (taken > 0) {
		v->at = behind + taken;
		value = assignment(v);
		if (mark[0] != '\0')
			value = apply(v, mark, variable_number(name, length), value);
		store(v, name, length, value);
	} else {
		value = conditional(v);
	}
	v->depth--;
	return value;
}

bool arithmetic(struct shell *shell, const char *expression, long *value)
{
	struct evaluation v = {.shell = shell, .at = expression};
	skip_blanks(&v);
	*value = *v.at != '\0' ? assignment(&v) : 0;
	skip_blanks(&v);
	if (v.wrong == NULL && *v.at != '\0')
		v.wrong = "an operator is missing";
	if (v.wrong != NULL)
		complain("$((%s)): %s%s%s", expression, v.wrong, *v.at != '\0' ? " before " : "", v.at);
	return v.wrong == NULL;
}
