/*
 * Reader of cpio archives (newc): every field is checked against the size of the archive before it is used.
 */
#include <tabula/archive.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { HEADER_SIZE = 110, MAGIC_SIZE = 6, FIELD_SIZE = 8 };

/* Fields of the header that somebody looks at, by place. Of the others not even the digits are checked. */
enum field {
	FIELD_INODE = 0,
	FIELD_MODE = 1,
	FIELD_LINKS = 4,
	FIELD_MTIME = 5,
	FIELD_FILE_SIZE = 6,
	FIELD_NAME_SIZE = 11
};

enum { TYPE_MASK = 0170000, TYPE_DIRECTORY = 0040000, IMPLIED_MODE = 0040755 };

static const char trailer[] = "TRAILER!!!";

enum { DIGIT = 16 }; /* set for each character that is one, with its value */

static const uint8_t hex_digits[256] = {
	['0'] = DIGIT | 0,
	['1'] = DIGIT | 1,
	['2'] = DIGIT | 2,
	['3'] = DIGIT | 3,
	['4'] = DIGIT | 4,
	['5'] = DIGIT | 5,
	['6'] = DIGIT | 6,
	['7'] = DIGIT | 7,
	['8'] = DIGIT | 8,
	['9'] = DIGIT | 9,
	['a'] = DIGIT | 10,
	['b'] = DIGIT | 11,
	['c'] = DIGIT | 12,
	['d'] = DIGIT | 13,
	['e'] = DIGIT | 14,
	['f'] = DIGIT | 15,
	['A'] = DIGIT | 10,
	['B'] = DIGIT | 11,
	['C'] = DIGIT | 12,
	['D'] = DIGIT | 13,
	['E'] = DIGIT | 14,
	['F'] = DIGIT | 15,
};

/* The value of a field; what is no digit clears *digits. A boot reads some hundred headers, several times. */
static uint32_t field_parse(const char *header, enum field field, uint8_t *digits)
{
	const uint8_t *at = (const uint8_t *)header + MAGIC_SIZE + field * FIELD_SIZE;
	uint32_t value = 0;
	for (int i = 0; i < FIELD_SIZE; i++) {
		uint8_t digit = hex_digits[at[i]];
		*digits &= digit;
		value = value << 4 | (digit & ~DIGIT);
	}
	return value;
}

/* Names are stored as "bin/ls", "./bin/ls" or "/bin/ls". */
static void name_strip(struct archive_entry *entry)
{
	for (;;) {
		if (entry->name_length >= 1 && entry->name[0] == '/') {
			entry->name += 1;
			entry->name_length -= 1;
		} else if (entry->name_length >= 2 && memcmp(entry->name, "./", 2) == 0) {
			entry->name += 2;
			entry->name_length -= 2;
		} else {
			break;
		}
	}
	if (entry->name_length == 1 && entry->name[0] == '.')
		entry->name_length = 0;
	while (entry->name_length > 0 && entry->name[entry->name_length - 1] == '/')
		entry->name_length--;
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Reads one entry; `*end` tells that it was the trailer. Returns null or what is wrong. */
static const char *entry_read(
	const struct archive *archive, size_t *cursor, struct archive_entry *entry, bool *end)
{
	size_t at = *cursor;
	if (at > archive->size || archive->size - at < HEADER_SIZE)
		return "it ends without a trailer";
	const char *header = archive->bytes + at;
	if (memcmp(header, "070701", MAGIC_SIZE) != 0 && memcmp(header, "070702", MAGIC_SIZE) != 0)
		return "no cpio (newc) header here";
	uint8_t digits = DIGIT;
	struct archive_entry found = {
		.size = field_parse(header, FIELD_FILE_SIZE, &digits),
		.mode = field_parse(header, FIELD_MODE, &digits),
		.inode = field_parse(header, FIELD_INODE, &digits),
		.links = field_parse(header, FIELD_LINKS, &digits),
		.mtime = field_parse(header, FIELD_MTIME, &digits),
	};
	size_t name_size = field_parse(header, FIELD_NAME_SIZE, &digits);
	if (!digits)
		return "a header field is not a hexadecimal number";

	size_t left = archive->size - at - HEADER_SIZE;
	if (name_size > left)
		return "a name reaches past the end";
	const char *name = header + HEADER_SIZE;
	const char *nul = memchr(name, '\0', name_size);
	if (nul == NULL || nul == name)
		return nul == NULL ? "a name is not terminated" : "a name is empty";
	found.name = name;
	found.name_length = (size_t)(nul - name);
	found.data = align4(at + HEADER_SIZE + name_size);
	*end = strcmp(name, trailer) == 0;
	if (!*end && (found.data > archive->size || found.size > archive->size - found.data))
		return "a file reaches past the end";

	name_strip(&found);
	*cursor = *end ? at : align4(found.data + found.size);
	*entry = found;
	return NULL;
}

int archive_next(const struct archive *archive, size_t *cursor, struct archive_entry *entry)
{
	bool end;
	if (entry_read(archive, cursor, entry, &end) != NULL)
		return -1;
	return end ? 0 : 1;
}

const char *archive_check(const struct archive *archive, size_t *where)
{
	size_t cursor = 0;
	bool end = false;
	while (!end) {
		struct archive_entry entry;
		*where = cursor;
		const char *wrong = entry_read(archive, &cursor, &entry, &end);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

/* Is `path` a directory above `entry`? The root is above everything. */
static bool is_above(const char *path, size_t length, const struct archive_entry *entry)
{
	if (length == 0)
		return entry->name_length > 0;
	return entry->name_length > length && entry->name[length] == '/' &&
	       memcmp(entry->name, path, length) == 0;
}

static bool is_at(const char *path, size_t length, const struct archive_entry *entry)
{
	return entry->name_length == length && memcmp(entry->name, path, length) == 0;
}

static void entry_imply(struct archive_entry *entry, const char *name, size_t length)
{
	*entry =
		(struct archive_entry){.name = name, .name_length = length, .mode = IMPLIED_MODE, .links = 2};
}

/* Looks up the first `length` bytes of a path. Of equal names the last counts, as in unpacking. */
static int find(const struct archive *archive, const char *path, size_t length, struct archive_entry *found)
{
	size_t cursor = 0;
	bool implied = length == 0, stored = false;
	struct archive_entry entry;
	int more;
	while ((more = archive_next(archive, &cursor, &entry)) > 0) {
		if (is_at(path, length, &entry)) {
			*found = entry;
			stored = true;
		} else if (is_above(path, length, &entry)) {
			implied = true;
		}
	}
	if (more < 0)
		return -EIO;
	if (!stored && !implied)
		return -ENOENT;
	if (!stored)
		entry_imply(found, path, length);
	return 0;
}

int archive_find(const struct archive *archive, const char *path, struct archive_entry *entry)
{
	int result = find(archive, path, strlen(path), entry);
	if (result != -ENOENT)
		return result;
	/* A file where a directory should be is another error than nothing at all. */
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		struct archive_entry above;
		if (find(archive, path, (size_t)(slash - path), &above) != 0)
			return -ENOENT;
		if ((above.mode & TYPE_MASK) != TYPE_DIRECTORY)
			return -ENOTDIR;
	}
	return -ENOENT;
}

/* The component of entry's name that follows the directory; false when it does not lie there. */
static bool child_of(
	const char *directory, const struct archive_entry *entry, const char **name, size_t *length)
{
	size_t skip = strlen(directory);
	if (!is_above(directory, skip, entry))
		return false;
	if (skip > 0)
		skip++;
	*name = entry->name + skip;
	const char *slash = memchr(*name, '/', entry->name_length - skip);
	*length = slash != NULL ? (size_t)(slash - *name) : entry->name_length - skip;
	return *length > 0;
}

/* Has an entry before `limit` shown this name already? */
static bool seen_before(
	const struct archive *archive, const char *directory, size_t limit, const char *name, size_t length)
{
	size_t cursor = 0;
	struct archive_entry entry;
	while (cursor < limit && archive_next(archive, &cursor, &entry) > 0) {
		const char *other;
		size_t other_length;
		if (child_of(directory, &entry, &other, &other_length) && other_length == length &&
			memcmp(other, name, length) == 0)
			return true;
	}
	return false;
}

int archive_list(
	const struct archive *archive, const char *directory, size_t *cursor, struct archive_entry *entry)
{
	for (;;) {
		size_t here = *cursor;
		int more = archive_next(archive, cursor, entry);
		if (more <= 0)
			return more < 0 ? -EIO : 0;
		const char *name;
		size_t length;
		if (!child_of(directory, entry, &name, &length) ||
			seen_before(archive, directory, here, name, length))
			continue;
		size_t full = (size_t)(name - entry->name) + length;
		if (find(archive, entry->name, full, entry) != 0)
			return -EIO;
		entry->name = name;
		entry->name_length = length;
		return 1;
	}
}
