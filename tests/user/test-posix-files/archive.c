/* Files of the boot archive can be written, and files that were written run. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void test_archive_files(void)
{
	struct checks c = {0};
	struct stat status;
	char first[8], again[8];
	int fd = open("/bin/true", O_RDWR);

	WORKS(&c, fd);
	check(&c, !fstat(fd, &status) && status.st_blocks == 0 && status.st_size > 4096,
		"nothing is copied yet");
	check(&c,
		read(fd, first, 8) == 8 && !memcmp(first,
						   "\x7f"
						   "ELF",
						   4),
		"a program");
	check(&c, pwrite(fd, "x", 1, 5000) == 1 && pread(fd, again, 8, 0) == 8 && !memcmp(first, again, 8),
		"written");
	check(&c, !fstat(fd, &status) && status.st_blocks == 8, "one block is");
	check(&c, pwrite(fd, "\x7f", 1, 0) == 1, "put back");
	close(fd);

	/* A copy, which lies in blocks, is a program as well. */
	static char bytes[200000];
	fd = open("/bin/hello", O_RDONLY);
	ssize_t size = read(fd, bytes, sizeof(bytes));
	close(fd);
	fd = open("copy", O_WRONLY | O_CREAT, 0755);
	check(&c, size > 0 && write(fd, bytes, (size_t)size) == size, "a copy of %ld bytes", (long)size);
	close(fd);
	fd = open("short", O_WRONLY | O_CREAT, 0755);
	close(fd);
	struct process_result result;
	char *argv[] = {(char[]){"copy"}, NULL};
	process_handle process = spawn("./copy", argv, NULL, 0);
	check(&c, process.value > 0 && !spawn_wait(process, &result) && !result.status, "it runs: %d",
		process.value);
	check(&c, spawn("./short", argv, NULL, 0).value == -ENOEXEC, "one without bytes does not");
	WORKS(&c, chmod("copy", 0644));
	check(&c, spawn("./copy", argv, NULL, 0).value == -EACCES, "nor one that may not");
	check(&c, spawn(".", argv, NULL, 0).value == -EISDIR, "nor a directory");
	unlink("copy");
	unlink("short");
	checks_report(&c, "files of the boot archive can be written, and written files run");
}
