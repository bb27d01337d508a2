/* The reader of archives. As all readers it gets broken ones: they give an answer, and no byte outside is touched. */
#include "pure.h"

#include <stdio.h>
#include <stdlib.h>

#include "hosted.h"
#include "lib/cpio.h"
#include "lib/string.h"

uint8_t *spoil(const uint8_t *bytes, size_t *size, unsigned most)
{
	size_t cut = below(3) ? *size : below(*size) + 1;
	uint8_t *copy = malloc(cut);

	HOSTED_REQUIRE(copy);
	memcpy(copy, bytes, cut);
	for (unsigned n = (unsigned)below(most + 1); n; n--)
		copy[below(cut)] = below(2) ? (uint8_t)below(256) : (uint8_t)(below(2) * 255);
	*size = cut;
	return copy;
}

static size_t put_file(char *to, const char *name, const char *content)
{
	size_t length = strlen(name) + 1, size = strlen(content);
	size_t start = (110 + length + 3) & ~3ul, end = (start + size + 3) & ~3ul;

	memset(to, 0, end);
	snprintf(to, 111, "070701%08x%08x%08x%08x%08x%08x%08lx%08x%08x%08x%08x%08lx%08x", 1, 0100644, 0, 0, 1,
		0, size, 0, 0, 0, 0, length, 0);
	memcpy(to + 110, name, length);
	memcpy(to + start, content, size);
	return end;
}

void test_archives(void)
{
	static char archive[2048];
	size_t size = put_file(archive, "./one", "first"), offset, length;

	size += put_file(archive + size, "dir/two", "second file");
	size += put_file(archive + size, "TRAILER!!!", "");
	HOSTED_REQUIRE(!cpio_find((uint8_t *)archive, size, "one", &offset, &length));
	HOSTED_REQUIRE(length == 5 && !memcmp(archive + offset, "first", 5));
	HOSTED_REQUIRE(!cpio_find((uint8_t *)archive, size, "dir/two", &offset, &length));
	HOSTED_REQUIRE(length == 11 && !memcmp(archive + offset, "second file", 11));
	HOSTED_REQUIRE(cpio_find((uint8_t *)archive, size, "dir", &offset, &length));
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t cut = size;
		uint8_t *broken = spoil((uint8_t *)archive, &cut, 4);

		if (!cpio_find(broken, cut, below(2) ? "dir/two" : "one", &offset, &length))
			HOSTED_REQUIRE(offset <= cut && length <= cut - offset);
		free(broken);
	}
}
