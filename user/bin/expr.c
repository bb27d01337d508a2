/*
 * expr: what an expression comes to, of numbers and strings. Of two operators the one that binds tighter stands in the later
 * row of `rows`; what is left undone by | and & is worked out all the same, as it has no effects.
 */
#include <regex.h>

#include "tool.h"

static const char usage[] =
	"usage: expr EXPRESSION\n"
	"Prints the value; each operator and operand is a word. Status 0: it is not empty\n"
	"or 0; 1: it is; 2: it makes no sense.\n"
	"  A | B   A & B                      A, or B if that is empty or 0; A, or 0 if\n"
	"                                     one of them is\n"
	"  A = B  != < <= > >=                1 or 0: as numbers, or else as strings\n"
	"  A + B  A - B  A * B  A / B  A % B  of whole numbers\n"
	"  A : PATTERN                        how much of A's beginning matches, or the\n"
	"                                     \\(...\\) of it\n"
	"  ( A )   length A                   the length of a string\n";

enum { EMPTY = 1, TROUBLE = 2 };

static char **words;

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "expr: %s\n", what);
	exit(TROUBLE);
}

static char *copy(const char *text)
{
	return tool_need("expr", strdup(text));
}

static char *of_number(long long number)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", number);
	return copy(text);
}

static long long number_of(const char *text)
{
	long long number;
	if (!tool_number(text, &number) || strspn(text, "-0123456789") != strlen(text))
		fail("an operand is no whole number");
	return number;
}

static bool is_false(const char *value)
{
	long long number;
	return *value == '\0' || (tool_number(value, &number) && number == 0);
}

static int order_of(const char *a, const char *b)
{
	long long x, y;
	if (tool_number(a, &x) && tool_number(b, &y))
		return x < y ? -1 : x > y;
	return strcoll(a, b);
}

static char *compare(const char *a, const char *operation, const char *b)
{
	int order = order_of(a, b);
	bool equal = operation[1] == '=' && order == 0;
	switch (*operation) {
	case '<':
		return of_number(order < 0 || equal);
	case '>':
		return of_number(order > 0 || equal);
	case '!':
		return of_number(order != 0);
	default:
		return of_number(order == 0);
	}
}

static char *calculate(const char *a, char operation, const char *b)
{
	long long x = number_of(a), y = number_of(b), result = 0;
	bool fits = true;
	if ((operation == '/' || operation == '%') && y == 0)
		fail("division by zero");
	if (operation == '+')
		fits = !__builtin_add_overflow(x, y, &result);
	else if (operation == '-')
		fits = !__builtin_sub_overflow(x, y, &result);
	else if (operation == '*')
		fits = !__builtin_mul_overflow(x, y, &result);
	else if (y == -1) /* the lowest number has no opposite */
		fits = operation == '%' || !__builtin_sub_overflow(0, x, &result);
	else
		result = operation == '/' ? x / y : x % y;
	if (!fits)
		fail("the result is too large");
	return of_number(result);
}

/* The pattern has to match from the beginning. */
static char *match(const char *text, const char *pattern)
{
	regex_t compiled;
	regmatch_t found[2];
	if (regcomp(&compiled, pattern, 0) != 0)
		fail("the pattern is not understood");
	bool matches = regexec(&compiled, text, 2, found, 0) == 0 && found[0].rm_so == 0;
	bool part = compiled.re_nsub > 0;
	regfree(&compiled);
	if (!part)
		return of_number(matches ? found[0].rm_eo : 0);
	if (!matches || found[1].rm_so < 0)
		return copy("");
	return tool_need("expr", strndup(text + found[1].rm_so, (size_t)(found[1].rm_eo - found[1].rm_so)));
}

static char *apply(const char *a, const char *operation, const char *b)
{
	switch (*operation) {
	case '|':
		return is_false(a) ? copy(is_false(b) ? "0" : b) : copy(a);
	case '&':
		return is_false(a) || is_false(b) ? copy("0") : copy(a);
	case ':':
		return match(a, b);
	case '=':
	case '!':
	case '<':
	case '>':
		return compare(a, operation, b);
	default:
		return calculate(a, *operation, b);
	}
}

static const char *const rows[][7] = {
	{"|"}, {"&"}, {"=", "!=", "<", "<=", ">", ">=", "=="}, {"+", "-"}, {"*", "/", "%"}, {":"}};

enum { ROWS = sizeof rows / sizeof *rows, OF_A_ROW = 7 };

static const char *operation_take(int row)
{
	for (int i = 0; *words != NULL && i < OF_A_ROW && rows[row][i] != NULL; i++)
		if (strcmp(*words, rows[row][i]) == 0)
			return *words++;
	return NULL;
}

static char *evaluate(int row);

static char *operand(void)
{
	if (*words == NULL)
		fail("an operand is missing at the end");
	if (strcmp(*words, "length") == 0 && words[1] != NULL) {
		words++;
		char *text = operand(), *length = of_number((long long)strlen(text));
		free(text);
		return length;
	}
	if (strcmp(*words, "(") != 0)
		return copy(*words++);
	words++;
	char *value = evaluate(0);
	if (*words == NULL || strcmp(*words++, ")") != 0)
		fail("a ) is missing");
	return value;
}

static char *evaluate(int row)
{
	if (row == ROWS)
		return operand();
	char *value = evaluate(row + 1);
	const char *operation;
	while ((operation = operation_take(row)) != NULL) {
		char *right = evaluate(row + 1), *result = apply(value, operation, right);
		free(value);
		free(right);
		value = result;
	}
	return value;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	words = argv + 1;
	if (*words != NULL && strcmp(*words, "--") == 0)
		words++;
	if (*words == NULL)
		return tool_usage(usage, TROUBLE);
	char *value = evaluate(0);
	if (*words != NULL)
		fail("an operator is missing");
	puts(value);
	int status = is_false(value) ? EMPTY : 0;
	free(value);
	return tool_end("expr", status);
}
