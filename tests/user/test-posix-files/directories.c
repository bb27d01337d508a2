/* Directories: how they are listed, and the one that a program works in. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void test_listing(void)
{
	struct checks c = {0};
	char name[16];
	bool seen[200] = {0};
	unsigned dots = 0, others = 0;
	struct dirent *entry, **list;
	long middle = 0;

	WORKS(&c, mkdir("d", 0755));
	for (unsigned i = 0; i < COUNT(seen); i++) {
		sprintf(name, "d/%u", i);
		close(make(name, ""));
	}
	DIR *directory = opendir("d");
	while ((entry = readdir(directory))) {
		unsigned i = (unsigned)atoi(entry->d_name);
		if (entry->d_name[0] == '.')
			dots++;
		else if (i < COUNT(seen) && !seen[i] && entry->d_type == DT_REG)
			seen[i] = true;
		else
			others++;
		if (!strcmp(entry->d_name, "77"))
			middle = telldir(directory);
	}
	check(&c, dots == 2 && !others, "%u dots, %u others", dots, others);
	for (unsigned i = 0; i < COUNT(seen); i++)
		check(&c, seen[i], "%u is missing", i);
	seekdir(directory, middle);
	entry = readdir(directory);
	check(&c, entry && !strcmp(entry->d_name, "78"), "seekdir");
	rewinddir(directory);
	entry = readdir(directory);
	check(&c, entry && !strcmp(entry->d_name, "."), "rewinddir");
	closedir(directory);
	int count = scandir("d", &list, NULL, alphasort);
	check(&c, count == 202 && !strcmp(list[2]->d_name, "0") && !strcmp(list[201]->d_name, "99"),
		"scandir %d", count);
	while (count > 0)
		free(list[--count]);
	free(list);
	check(&c, !opendir("none") && errno == ENOENT && !opendir("d/1") && errno == ENOTDIR, "opendir");
	for (unsigned i = 0; i < COUNT(seen); i++) {
		sprintf(name, "d/%u", i);
		unlink(name);
	}
	WORKS(&c, rmdir("d"));
	checks_report(&c, "directories are listed");
}

void test_working_directory(void)
{
	struct checks c = {0};
	char path[64];

	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE), "%s", path);
	WORKS(&c, mkdir("a", 0755));
	WORKS(&c, mkdir("a/b", 0755));
	WORKS(&c, chdir("a/./b/../b/"));
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE "/a/b"), "%s", path);
	WORKS(&c, rename(HERE "/a", HERE "/z"));
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE "/z/b"), "%s", path);
	check(&c, !getcwd(path, 4) && errno == ERANGE && !getcwd(path, 0) && errno == EINVAL, "too short");
	char *allocated = getcwd(NULL, 0);
	check(&c, allocated && !strcmp(allocated, HERE "/z/b"), "allocated");
	free(allocated);
	WORKS(&c, rmdir("../b"));
	check(&c, !getcwd(path, sizeof(path)) && errno == ENOENT, "removed");
	FAILS(&c, ENOENT, open("f", O_WRONLY | O_CREAT, 0644));
	FAILS(&c, ENOENT, chdir("none"));
	WORKS(&c, chdir("/"));
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, "/"), "%s", path);
	FAILS(&c, ENOTDIR, chdir("/etc/motd"));
	int fd = open(HERE, O_RDONLY | O_DIRECTORY);
	WORKS(&c, fchdir(fd));
	close(fd);
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE), "%s", path);
	WORKS(&c, rmdir("z"));
	checks_report(&c, "the working directory");
}
