/* Strings, beside loops over bytes; formatting, beside the C library's; options of the command line. */
#include "pure.h"

#include <stdio.h>

#include "bootargs.h"
#include "hosted.h"
#include "lib/format.h"
#include "lib/string.h"

enum { SIZE = 200 };

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)below(4);
}

static bool same(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static void test_move(void)
{
	uint8_t bytes[SIZE], expected[SIZE], part[SIZE];
	size_t size = below(SIZE / 2), from = below(SIZE / 2), to = below(SIZE / 2);

	fill(bytes, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		expected[i] = bytes[i];
	for (size_t i = 0; i < size; i++)
		part[i] = bytes[from + i];
	for (size_t i = 0; i < size; i++)
		expected[to + i] = part[i];
	HOSTED_REQUIRE(memmove(bytes + to, bytes + from, size) == bytes + to);
	HOSTED_REQUIRE(same(bytes, expected, SIZE));
	HOSTED_REQUIRE(memcpy(bytes + to, part, size) == bytes + to);
	HOSTED_REQUIRE(same(bytes, expected, SIZE));
	HOSTED_REQUIRE(memset(bytes + to, 7, size) == bytes + to);
	for (size_t i = 0; i < size; i++)
		expected[to + i] = 7;
	HOSTED_REQUIRE(same(bytes, expected, SIZE));
}

static void test_compare(void)
{
	uint8_t a[12], b[12];
	size_t size = below(sizeof(a)), i = 0;
	int expected = 0;

	fill(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	b[below(sizeof(b))] = (uint8_t)below(256);
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = 0;
	for (; i < size && a[i] == b[i];)
		i++;
	expected = i < size ? a[i] - b[i] : 0;
	HOSTED_REQUIRE(sign(memcmp(a, b, size)) == sign(expected));
	for (i = 0; a[i] && a[i] == b[i];)
		i++;
	HOSTED_REQUIRE(sign(strcmp((char *)a, (char *)b)) == sign(a[i] - b[i]));
	expected = i < size ? a[i] - b[i] : 0;
	HOSTED_REQUIRE(sign(strncmp((char *)a, (char *)b, size)) == sign(expected));
	for (i = 0; a[i];)
		i++;
	HOSTED_REQUIRE(strlen((char *)a) == i);
}

void test_strings(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		test_move();
		test_compare();
	}
}

#define SAME(...) \
	do { \
		char ours[64], theirs[64]; \
		size_t size = below(sizeof(ours)) + 1; \
		size_t length = format(ours, size, __VA_ARGS__); \
		HOSTED_REQUIRE(length == (size_t)snprintf(theirs, size, __VA_ARGS__)); \
		HOSTED_REQUIRE(!strcmp(ours, theirs)); \
	} while (0)

void test_format(void)
{
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		uint64_t n = any() >> below(64);
		int small = (int)n;

		SAME("%d|%5d|%-7d|%07d|", small, small, small, small);
		SAME("%u|%x|%08x|", (unsigned)n, (unsigned)n, (unsigned)n);
		SAME("%lu %lx %ld %016lx %zu", n, n, (long)n, n, (size_t)n);
		SAME("%s|%9s|%-9s|%.3s|%c%%", "text", "ab", "cd", "precise", 'x');
	}
	SAME("%07d|%-7d|%02d|%01d", -5, -5, -5, -5);
	SAME("%d", INT32_MIN);
	SAME("%ld", INT64_MIN);
	SAME("%s", "");
}

void test_options(void)
{
	char value[6];

	HOSTED_REQUIRE(bootargs_option("a=1  log=info b=2", "log", value, sizeof(value)));
	HOSTED_REQUIRE(!strcmp(value, "info"));
	HOSTED_REQUIRE(bootargs_option("log=longer than", "log", value, sizeof(value)));
	HOSTED_REQUIRE(!strcmp(value, "longe"));
	HOSTED_REQUIRE(bootargs_option("log=", "log", value, sizeof(value)) && !value[0]);
	HOSTED_REQUIRE(!bootargs_option("catalog=x -- log=y", "log", value, sizeof(value)) && !value[0]);
	HOSTED_REQUIRE(!bootargs_option("log", "log", value, sizeof(value)));
	HOSTED_REQUIRE(!bootargs_option("", "log", value, sizeof(value)));
	HOSTED_REQUIRE(bootargs_option("--x log=z", "log", value, sizeof(value)));
}
