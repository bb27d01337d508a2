/* Streams of the C library: what they write arrives, and errors are told. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <unistd.h>

void test_streams(void)
{
	struct checks c = {0};
	char line[64];
	FILE *file = fopen("f", "w+");

	check(&c, file && fprintf(file, "line %d\nline %d\n", 1, 2) == 14, "fprintf");
	rewind(file);
	check(&c, fgets(line, sizeof(line), file) && !strcmp(line, "line 1\n"), "fgets: %s", line);
	check(&c, ftell(file) == 7 && !fseek(file, -2, SEEK_END) && fgetc(file) == '2', "fseek");
	check(&c, !fclose(file) && holds("f", "line 1\nline 2\n"), "fclose");
	file = fopen("f", "a");
	check(&c, file && fputs("more", file) >= 0 && !fclose(file) && holds("f", "line 1\nline 2\nmore"),
		"append");
	check(&c, !fopen("f", "wx") && errno == EEXIST, "exclusive");
	check(&c, !fopen("none", "r") && errno == ENOENT && !fopen("f", "q") && errno == EINVAL,
		"fopen's errors");
	file = fopen("f", "r");
	check(&c, file && fputc('x', file) == EOF, "for reading only");
	file = freopen("g", "w", file);
	check(&c, file && fputs("other", file) >= 0 && !fclose(file) && holds("g", "other"), "freopen");
	file = tmpfile();
	check(&c, file && fwrite("abc", 1, 3, file) == 3 && !fseek(file, 0, SEEK_SET) && fgetc(file) == 'a',
		"tmpfile");
	check(&c, file && !fclose(file), "its end");
	strcpy(line, "/tmp/XXXXXX");
	int fd = mkstemp(line);
	check(&c, fd >= 0 && !unlink(line), "mkstemp %s", line);
	close(fd);
	file = fopen("/dev/full", "w");
	check(&c, file && fputc('x', file) == 'x' && fclose(file) == EOF, "no room is told at the end");
	file = fopen("/", "r");
	check(&c, file && fgetc(file) == EOF && ferror(file) && !feof(file) && errno == EISDIR,
		"a read that fails");
	check(&c, file && (clearerr(file), fread(line, 1, 1, file)) == 0 && ferror(file), "in fread, too");
	check(&c, file && !fclose(file), "its end");
	file = fopen("/dev/full", "w");
	check(&c, file && fputc('x', file) == 'x' && fflush(file) == EOF && ferror(file),
		"a write that fails");
	check(&c, file && (fclose(file), true), "its end");
	file = fopen("g", "w");
	fputs("flushed", file);
	fflush(NULL);
	check(&c, holds("g", "flushed"), "fflush of all");
	fclose(file);
	unlink("f");
	unlink("g");
	checks_report(&c, "streams");
}
