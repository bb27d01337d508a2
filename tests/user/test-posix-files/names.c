/* Names of files and what is known of them: link, rename, unlink, from descriptors too; modes and times. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void test_names(void)
{
	struct checks c = {0};
	char bytes[64];
	struct stat one, other;

	WORKS(&c, mkdir("d", 0755));
	FAILS(&c, EEXIST, mkdir("d", 0755));
	FAILS(&c, ENOENT, mkdir("x/y", 0755));
	close(make("d/f", "text"));
	FAILS(&c, ENOTEMPTY, rmdir("d"));
	FAILS(&c, ENOTDIR, rmdir("d/f"));
	FAILS(&c, EISDIR, unlink("d"));
	WORKS(&c, link("d/f", "g"));
	check(&c, !stat("d/f", &one) && !stat("g", &other) && one.st_ino == other.st_ino, "the same file");
	check(&c, one.st_nlink == 2, "%d names", (int)one.st_nlink);
	FAILS(&c, EEXIST, link("d/f", "g"));
	FAILS(&c, EPERM, link("d", "e"));
	WORKS(&c, rename("d", "e"));
	FAILS(&c, ENOENT, rename("d", "e"));
	FAILS(&c, EINVAL, rename("e", "e/e"));
	close(make("h", "over"));
	WORKS(&c, rename("h", "g"));
	check(&c, holds("g", "over") && holds("e/f", "text") && !stat("e/f", &one) && one.st_nlink == 1,
		"over it");
	FAILS(&c, EISDIR, rename("g", "e"));
	FAILS(&c, ENOTDIR, rename("e", "g"));
	WORKS(&c, rename(HERE "/e/f", "h")); /* the one path from the root, the other not */
	check(&c, holds("h", "text"), "across directories");

	WORKS(&c, symlink("h", "s"));
	check(&c, readlink("s", bytes, sizeof(bytes)) == 1 && bytes[0] == 'h', "readlink");
	FAILS(&c, EINVAL, readlink("h", bytes, sizeof(bytes)));
	check(&c, !lstat("s", &one) && S_ISLNK(one.st_mode) && one.st_size == 1, "lstat");
	check(&c, !stat("s", &one) && S_ISREG(one.st_mode), "stat");
	WORKS(&c, unlink("s"));
	check(&c, holds("h", "text"), "the file stays");

	int directory = open("e", O_RDONLY | O_DIRECTORY);
	WORKS(&c, mkdirat(directory, "sub", 0700));
	int fd = openat(directory, "sub/f", O_WRONLY | O_CREAT, 0600);
	WORKS(&c, fd);
	close(fd);
	check(&c, !fstatat(directory, "sub/f", &one, 0) && (one.st_mode & 07777) == 0600, "fstatat");
	WORKS(&c, renameat(directory, "sub/f", AT_FDCWD, "moved"));
	WORKS(&c, linkat(AT_FDCWD, "moved", directory, "linked", 0));
	WORKS(&c, unlinkat(directory, "linked", 0));
	WORKS(&c, unlinkat(directory, "sub", AT_REMOVEDIR));
	FAILS(&c, EBADF, openat(99, "x", O_RDONLY));
	FAILS(&c, ENOTDIR, openat(fd = open("moved", O_RDONLY), "x", O_RDONLY));
	close(fd);
	close(directory);
	WORKS(&c, remove("e"));
	WORKS(&c, remove("moved"));
	unlink("g");
	unlink("h");
	checks_report(&c, "names: link, rename, unlink, directories, from descriptors too");
}

void test_status(void)
{
	struct checks c = {0};
	struct stat status;
	struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_nsec = UTIME_OMIT}};
	mode_t old = umask(027);
	int fd = open("f", O_RDWR | O_CREAT, 0666);

	check(&c, !fstat(fd, &status) && (status.st_mode & 07777) == 0640, "mask: %#o",
		(unsigned)status.st_mode);
	check(&c, umask(old) == 027, "umask");
	check(&c, S_ISREG(status.st_mode) && status.st_size == 0 && status.st_nlink == 1, "a new file");
	WORKS(&c, fchmod(fd, 0400));
	FAILS(&c, EACCES, open("f", O_WRONLY));
	FAILS(&c, EACCES, access("f", W_OK));
	WORKS(&c, access("f", R_OK));
	WORKS(&c, chmod("f", 0755));
	WORKS(&c, access("f", R_OK | W_OK | X_OK));
	FAILS(&c, ENOENT, access("none", F_OK));
	FAILS(&c, EINVAL, access("f", 64));
	WORKS(&c, futimens(fd, times));
	check(&c, !stat("f", &status) && status.st_atim.tv_sec == 1000 && status.st_atim.tv_nsec == 5,
		"atime");
	time_t before = status.st_mtim.tv_sec;
	times[1] = (struct timespec){.tv_sec = 2000};
	WORKS(&c, utimensat(AT_FDCWD, "f", times, 0));
	check(&c, !stat("f", &status) && status.st_mtim.tv_sec == 2000, "mtime");
	WORKS(&c, utimensat(AT_FDCWD, "f", NULL, 0));
	check(&c,
		!stat("f", &status) && status.st_mtim.tv_sec >= before &&
			status.st_mtim.tv_sec < before + 1000,
		"now");
	times[0].tv_nsec = 1000000000;
	FAILS(&c, EINVAL, utimensat(AT_FDCWD, "f", times, 0));
	FAILS(&c, EPERM, chown("f", 5, 5));
	WORKS(&c, write(fd, "12345", 5));
	check(&c, !stat("f", &status) && status.st_size == 5 && status.st_blocks == 8, "blocks");
	close(fd);
	unlink("f");
	checks_report(&c, "status, modes, times");
}
