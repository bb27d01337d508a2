/* Streams in memory, beside streams, and their buffers. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

void test_streams(void)
{
	struct checks c = {0};
	char *bytes = NULL, text[32] = "";
	size_t size = 99;
	fpos_t place;
	FILE *file = open_memstream(&bytes, &size);

	check(&c, file && fprintf(file, "%d", 12) == 2 && !fflush(file) && size == 2 && !strcmp(bytes, "12"),
		"flushed");
	for (int i = 0; i < 1000; i++)
		fputs("0123456789", file);
	check(&c, !fclose(file) && size == 10002 && strlen(bytes) == size && !strcmp(bytes + 9999, "789"),
		"grown");
	free(bytes);
	file = tmpfile();
	check(&c,
		fputs("abcdef", file) >= 0 && !fflush(file) && !fseek(file, 2, SEEK_SET) &&
			!fgetpos(file, &place) && getc_unlocked(file) == 'c' && getc(file) == 'd' &&
			!fsetpos(file, &place) && getc(file) == 'c',
		"places");
	check(&c, __freading(file) && !__fwriting(file) && __freadable(file) && __fwritable(file), "reads");
	fseek(file, 0, SEEK_END);
	check(&c, fputs("xyz", file) >= 0 && __fpending(file) == 3 && __fwriting(file), "%zu pending",
		__fpending(file));
	__fpurge(file);
	check(&c, !__fpending(file) && !fflush(file) && !fseek(file, 0, SEEK_END) && ftell(file) == 6,
		"forgotten");
	fclose(file);
	int fd = open("file", O_RDWR | O_TRUNC);
	check(&c,
		dprintf(fd, "%s %d", "to", 1) == 4 && pread(fd, text, sizeof(text), 0) == 4 &&
			!strcmp(text, "to 1"),
		"to a descriptor");
	close(fd);
	check(&c, dprintf(fd, "x") == -1 && errno == EBADF, "to none");
	check(&c, !truncate("file", 2) && truncate("none", 2) == -1, "truncate");
	checks_report(&c, "streams in memory and beside streams");
}

/* Whoever only says how a stream is buffered, and gives no buffer, has one all the same. */
void test_buffers(void)
{
	struct checks c = {0};
	FILE *file = tmpfile();

	check(&c, !setvbuf(file, NULL, _IOFBF, 0) && fputs("ab\n", file) >= 0 && __fpending(file) == 3,
		"%zu of 3 are kept", __fpending(file));
	check(&c, !setvbuf(file, NULL, _IOLBF, 0) && fputs("cd", file) >= 0 && __fpending(file) == 5,
		"%zu of 5 are kept", __fpending(file));
	check(&c, putc('\n', file) == '\n' && !__fpending(file), "up to the end of the line");
	check(&c, !setvbuf(file, NULL, _IONBF, 0) && fputs("ef", file) >= 0 && !__fpending(file), "nothing");
	check(&c, !setvbuf(file, NULL, _IOFBF, 0) && fputs("gh", file) >= 0 && __fpending(file) == 2,
		"again");
	check(&c, !fseek(file, 0, SEEK_END) && ftell(file) == 10, "at %ld", ftell(file));
	fclose(file);
	checks_report(&c, "buffers that nobody gives");
}
