/*
 * Drives the archive reader of user/libc on the development machine.
 *
 *	archive_driver list FILE		every name, with kind and size
 *	archive_driver find FILE PATH...	what each path is
 *	archive_driver truncate FILE		reads every shorter archive; all must be refused
 *	archive_driver flip FILE		reads the archive with each bit flipped in turn
 *
 * The archive lies in a block of exactly its size, so that the sanitizer sees any byte read outside.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tabula/archive.h>

static bool quiet;

static bool is_directory(const struct archive_entry *entry)
{
	return (entry->mode & 0170000) == 0040000;
}

/* Lists a directory and those below it. Names are cut and depth is limited: input is hostile. */
static int list(const struct archive *archive, const char *directory, int depth)
{
	size_t cursor = 0;
	struct archive_entry entry;
	int more;
	while ((more = archive_list(archive, directory, &cursor, &entry)) > 0) {
		char path[512];
		snprintf(path, sizeof path, "%s%s%.*s", directory, *directory ? "/" : "",
			entry.name_length < 200 ? (int)entry.name_length : 200, entry.name);
		volatile char sum = 0;
		for (size_t i = 0; i < entry.size; i++)
			sum ^= archive->bytes[entry.data + i];
		if (!quiet)
			printf("%s %zu %s\n", is_directory(&entry) ? "d" : "f", entry.size, path);
		if (is_directory(&entry) && depth < 3 && list(archive, path, depth + 1) < 0)
			return -1;
	}
	return more;
}

static int report(const struct archive *archive)
{
	size_t where;
	const char *wrong = archive_check(archive, &where);
	int listed = list(archive, "", 0);
	if ((wrong != NULL) != (listed < 0)) {
		printf("check and list disagree\n");
		exit(1);
	}
	if (wrong != NULL && !quiet)
		printf("at %zu: %s\n", where, wrong);
	return wrong != NULL;
}

static void find(const struct archive *archive, const char *path)
{
	struct archive_entry entry;
	int result = archive_find(archive, path, &entry);
	if (result == 0)
		printf("%s: %s %zu\n", path, is_directory(&entry) ? "d" : "f", entry.size);
	else
		printf("%s: %s\n", path, strerror(-result));
}

static int truncate_all(const char *bytes, size_t size)
{
	quiet = true;
	for (size_t shorter = 0; shorter < size; shorter++) {
		char *copy = malloc(shorter + !shorter);
		memcpy(copy, bytes, shorter);
		if (!report(&(struct archive){copy, shorter})) {
			printf("%zu of %zu bytes were accepted\n", shorter, size);
			return 1;
		}
		free(copy);
	}
	return 0;
}

static int flip_all(char *bytes, size_t size)
{
	unsigned long refused = 0;
	quiet = true;
	for (size_t i = 0; i < size; i++) {
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= (char)(1 << bit);
			refused += (unsigned long)report(&(struct archive){bytes, size});
			bytes[i] ^= (char)(1 << bit);
		}
	}
	printf("%lu of %zu refused\n", refused, size * 8);
	return 0;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[2], "rb") : NULL;
	if (file == NULL)
		return 2;
	fseek(file, 0, SEEK_END);
	size_t size = (size_t)ftell(file);
	rewind(file);
	char *bytes = malloc(size + !size);
	if (fread(bytes, 1, size, file) != size)
		return 2;
	fclose(file);
	struct archive archive = {bytes, size};
	int status = 0;
	if (strcmp(argv[1], "list") == 0)
		status = report(&archive);
	else if (strcmp(argv[1], "find") == 0)
		for (int i = 3; i < argc; i++)
			find(&archive, argv[i]);
	else if (strcmp(argv[1], "truncate") == 0)
		status = truncate_all(bytes, size);
	else
		status = flip_all(bytes, size);
	free(bytes);
	return status;
}
