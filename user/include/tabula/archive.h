/*
 * Reader of cpio archives (newc). Takes bytes that nobody has checked; never reads outside of them. Holds no
 * state and makes no calls, so tests compile it for the development machine as well.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct archive {
	const char *bytes;
	size_t size;
};

struct archive_entry {
	const char *name; /* no leading "/" or "./"; not terminated: see name_length */
	size_t name_length;
	size_t data; /* where the contents start, from the start of the archive */
	size_t size;
	uint32_t mode; /* as in struct stat */
	uint32_t inode;
	uint32_t links;
	uint32_t mtime;
};

/*
 * Reads the entry at `*cursor` (0 first) and moves on. 1, or 0 at the end of the archive, or -1 when it is
 * broken.
 */
int archive_next(const struct archive *archive, size_t *cursor, struct archive_entry *entry);

/* Says what is wrong with an archive and where; null when it is sound. */
const char *archive_check(const struct archive *archive, size_t *where);

/*
 * Looks a path up ("" is the root; no leading slash). Directories that only the names of others imply are
 * found too. 0, or -ENOENT, -ENOTDIR, -EIO when the archive is broken.
 */
int archive_find(const struct archive *archive, const char *path, struct archive_entry *entry);

/*
 * Reads the next name of a directory: entry's name is the last component alone. `*cursor` starts at 0. Each
 * name comes once. 1, or 0 at the end, or -EIO.
 */
int archive_list(
	const struct archive *archive, const char *directory, size_t *cursor, struct archive_entry *entry);
