/* The archive reader: a header of hexadecimal fields, the name, the bytes, each padded to 4. */
#include "lib/cpio.h"

#include <stdbool.h>

#include "lib/string.h"

enum { HEADER_SIZE = 110, FIELD_SIZE = 8, FIELD_FILE_SIZE = 54, FIELD_NAME_SIZE = 94 };

static bool read_field(const uint8_t *at, size_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		uint8_t c = at[i];
		bool digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'F', lower = c >= 'a' && c <= 'f';

		if (!digit && !upper && !lower)
			return false;
		*value = *value << 4 | (digit ? c - '0' : (c | 32) - 'a' + 10);
	}
	return true;
}

/* Names may begin with "./" or "/". */
static const char *plain(const char *name)
{
	if (name[0] == '.' && name[1] == '/')
		name++;
	while (*name == '/')
		name++;
	return name;
}

const char *cpio_find(
	const uint8_t *archive, size_t archive_size, const char *path, size_t *offset, size_t *size)
{
	for (size_t at = 0;;) {
		size_t name_size, start;

		if (archive_size - at < HEADER_SIZE)
			return "it ends before its trailer";
		if (memcmp(archive + at, "070701", 6) && memcmp(archive + at, "070702", 6))
			return at ? "an entry has no header" : "it is no cpio archive of the newc format";
		if (!read_field(archive + at + FIELD_NAME_SIZE, &name_size) ||
			!read_field(archive + at + FIELD_FILE_SIZE, size))
			return "a header holds something else than hexadecimal digits";
		if (!name_size || name_size > archive_size - at - HEADER_SIZE)
			return "a name is cut short";

		const char *name = (const char *)archive + at + HEADER_SIZE;

		if (name[name_size - 1])
			return "a name has no end";
		start = (at + HEADER_SIZE + name_size + 3) & ~(size_t)3;
		if (start > archive_size || *size > archive_size - start)
			return "a file is cut short";
		if (!strcmp(name, "TRAILER!!!"))
			return "the file is not in it";
		if (!strcmp(plain(name), path)) {
			*offset = start;
			return NULL;
		}
		at = (start + *size + 3) & ~(size_t)3;
		if (at > archive_size)
			return "it ends before its trailer";
	}
}
