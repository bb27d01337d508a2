/*
 * seq: counts. Numbers are whole ones in units of the last digit that is given of any, so that fractions are exact.
 */
#include <ctype.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: seq [-w] [-s TEXT] [FIRST [STEP]] LAST\n"
			    "Prints the numbers from FIRST, or 1, to LAST, a line each. They may have\n"
			    "fractions.\n"
			    "  -s TEXT  between two of them, in place of a newline\n"
			    "  -w       all equally wide, with zeros in front\n";

enum { TEXT_SIZE = 64 };

/* A number times ten to the power of `digits`. */
struct decimal {
	long long units;
	int digits;
};

static bool decimal_add(struct decimal *number, char digit)
{
	return !__builtin_mul_overflow(number->units, 10, &number->units) &&
	       !__builtin_add_overflow(number->units, digit - '0', &number->units);
}

static bool decimal_read(const char *word, struct decimal *number)
{
	bool negative = *word == '-', some = false, fraction = false;
	*number = (struct decimal){0};
	for (word += negative || *word == '+'; isdigit((unsigned char)*word) || (*word == '.' && !fraction);
		word++) {
		if (*word == '.') {
			fraction = true;
			continue;
		}
		some = true;
		number->digits += fraction;
		if (!decimal_add(number, *word))
			return false;
	}
	if (negative)
		number->units = -number->units;
	return some && *word == '\0';
}

static bool decimal_scale(struct decimal *number, int digits)
{
	for (; number->digits < digits; number->digits++)
		if (__builtin_mul_overflow(number->units, 10, &number->units))
			return false;
	return true;
}

/* With `shown` digits behind the point; the others are zeros, or those of LAST, which is not printed. */
static int decimal_text(char text[TEXT_SIZE], struct decimal number, int shown, int width)
{
	unsigned long long units =
		number.units < 0 ? 0 - (unsigned long long)number.units : (unsigned long long)number.units;
	unsigned long long one = 1;
	for (int i = shown; i < number.digits; i++)
		units /= 10;
	for (int i = 0; i < shown; i++)
		one *= 10;
	const char *sign = number.units < 0 ? "-" : "";
	int left = width - (int)strlen(sign) - (shown > 0 ? shown + 1 : 0);
	int length = snprintf(text, TEXT_SIZE, "%s%0*llu", sign, left > 1 ? left : 1, units / one);
	if (shown > 0)
		length += snprintf(text + length, TEXT_SIZE - (size_t)length, ".%0*llu", shown, units % one);
	return length;
}

static int count(const struct decimal numbers[3], const char *between, int shown, int width)
{
	struct decimal i = numbers[0];
	long long step = numbers[1].units, last = numbers[2].units;
	char text[TEXT_SIZE];
	bool some = false;
	while (step > 0 ? i.units <= last : i.units >= last) {
		(void)decimal_text(text, i, shown, width);
		printf("%s%s", some ? between : "", text);
		some = true;
		if (__builtin_add_overflow(i.units, step, &i.units) || ferror(stdout))
			break;
	}
	if (some)
		putchar('\n');
	return tool_end("seq", 0);
}

/* FIRST, STEP and LAST in the same units. False: they are no numbers, or too long ones. */
static bool numbers_read(char **words, int given, struct decimal numbers[3], int *shown)
{
	numbers[0] = numbers[1] = (struct decimal){1, 0};
	int digits = 0;
	for (int i = 0; i < given; i++) {
		int place = i == given - 1 ? 2 : i;
		if (!decimal_read(words[i], &numbers[place]))
			return false;
		digits = numbers[place].digits > digits ? numbers[place].digits : digits;
	}
	/* As many as FIRST and STEP have: LAST is only compared with. */
	*shown = numbers[0].digits > numbers[1].digits ? numbers[0].digits : numbers[1].digits;
	for (int i = 0; i < 3; i++)
		if (!decimal_scale(&numbers[i], digits))
			return false;
	return numbers[1].units != 0;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	const char *between = "\n";
	bool equal = false;
	int option;
	/* A negative number is no option: the first operand ends them. */
	while (optind < argc && argv[optind][0] == '-' && strchr("sw", argv[optind][1]) != NULL &&
		(option = getopt(argc, argv, "+s:w")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		equal |= option == 'w';
		if (option == 's')
			between = optarg;
	}
	struct decimal numbers[3];
	int given = argc - optind, shown;
	if (given < 1 || given > 3 || !numbers_read(argv + optind, given, numbers, &shown))
		return tool_usage(usage, 1);
	char text[TEXT_SIZE];
	int first = decimal_text(text, numbers[0], shown, 0), last = decimal_text(text, numbers[2], shown, 0);
	return count(numbers, between, shown, !equal ? 0 : first > last ? first : last);
}
