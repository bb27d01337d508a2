/* Names: what they lead to, patterns of them, walks through folders, temporary ones. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static void make(const char *path)
{
	close(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

void tree_make(void)
{
	make("file");
	mkdir("folder", 0755);
	make("folder/one");
	make("folder/.two");
	(void)!symlink("file", "to-file");
	(void)!symlink("folder", "to-folder");
	(void)!symlink("none", "to-none");
	(void)!symlink(HERE, "folder/up");
	(void)!symlink("ring", "ring");
}

void tree_remove(void)
{
	static const char *const names[] = {
		"folder/up", "folder/.two", "folder/one", "to-none", "to-folder", "to-file", "ring", "file"};

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	rmdir("folder");
}

static void is_real(struct checks *c, const char *path, const char *real)
{
	char name[PATH_MAX] = "";
	char *result = realpath(path, name);

	check(c, result == name && !strcmp(name, real), "%s: %s", path, name);
}

void test_realpath(void)
{
	struct checks c = {0};

	is_real(&c, ".", HERE);
	is_real(&c, "/", "/");
	is_real(&c, "/tmp/..//tmp/./library/", HERE);
	is_real(&c, "file", HERE "/file");
	is_real(&c, "/init", "/init");
	is_real(&c, "to-file", HERE "/file");
	is_real(&c, "folder/up/to-folder/one", HERE "/folder/one");
	is_real(&c, "folder/up", HERE);
	check(&c, !realpath("to-none", NULL) && errno == ENOENT, "to nothing: %s", strerror(errno));
	check(&c, !realpath("ring", NULL) && errno == ELOOP, "a ring: %s", strerror(errno));
	check(&c, !realpath("file/x", NULL) && errno == ENOTDIR, "below a file: %s", strerror(errno));
	check(&c, !realpath("", NULL) && errno == ENOENT, "no name: %s", strerror(errno));
	checks_report(&c, "realpath");
}

static void matches(struct checks *c, const char *pattern, int flags, const char *names)
{
	char text[200] = "";
	glob_t found = {.gl_offs = 2};
	int result = glob(pattern, flags, NULL, &found);
	int from = flags & GLOB_DOOFFS ? 2 : 0;

	for (int i = 0; i < found.gl_pathc; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", found.gl_pathv[from + i]);
	check(c, result == (*names ? 0 : GLOB_NOMATCH) && !strcmp(text, names), "%s: %d, %s", pattern, result,
		text);
	check(c, !found.gl_pathc || !found.gl_pathv[from + found.gl_pathc], "%s: the end", pattern);
	globfree(&found);
}

static int failed_at;

static int note_failure(const char *path, int number)
{
	(void)path;
	failed_at = number;
	return 1;
}

void test_glob(void)
{
	struct checks c = {0};
	glob_t found = {0};

	matches(&c, "f*", 0, "file folder ");
	matches(&c, "f*", GLOB_MARK, "file folder/ ");
	matches(&c, "f*", GLOB_DOOFFS, "file folder ");
	matches(&c, "folder/*", 0, "folder/one folder/up ");
	matches(&c, "*/.t*", 0, "folder/.two to-folder/.two ");
	matches(&c, "fold[a-f]r/o?e", 0, "folder/one ");
	matches(&c, HERE "/f*/one", 0, HERE "/folder/one ");
	matches(&c, "to-n*", 0, "to-none ");
	matches(&c, "fil\\e", 0, "file ");
	matches(&c, "fil\\e", GLOB_NOESCAPE, "");
	matches(&c, "none*", 0, "");
	matches(&c, "none*", GLOB_NOCHECK, "none* ");
	check(&c,
		!glob("file", 0, NULL, &found) && !glob("fold*", GLOB_APPEND, NULL, &found) &&
			found.gl_pathc == 2 && !strcmp(found.gl_pathv[0], "file") &&
			!strcmp(found.gl_pathv[1], "folder"),
		"one behind the other");
	globfree(&found);
	check(&c, glob("ring/*", 0, note_failure, &found) == GLOB_ABORTED && failed_at == ELOOP, "aborted");
	globfree(&found);
	checks_report(&c, "glob");
}

static char walked[400];
static int stop_at = -1;

static int note(const char *path, const struct stat *status, int what, struct FTW *where)
{
	(void)status;
	snprintf(walked + strlen(walked), sizeof(walked) - strlen(walked), "%s:%d:%d ", path + where->base,
		what, where->level);
	return what == stop_at ? 7 : 0;
}

static int note_plain(const char *path, const struct stat *status, int what)
{
	return note(path, status, what, &(struct FTW){0, 0});
}

static int is_there(const char *path, const struct stat *status, int what, struct FTW *where)
{
	struct stat own;

	(void)status;
	(void)what;
	return lstat(path + where->base, &own) ? 1 : 0;
}

void test_walk(void)
{
	struct checks c = {0};

	check(&c,
		!nftw("folder", note, 5, FTW_PHYS) && strstr(walked, "folder:1:0 ") == walked &&
			strstr(walked, "one:0:1 ") && strstr(walked, "up:4:1 "),
		"down: %s", walked);
	walked[0] = '\0';
	check(&c, !nftw("folder", note, 5, FTW_PHYS | FTW_DEPTH) && strstr(walked, " folder:5:0 "), "up: %s",
		walked);
	walked[0] = '\0';
	check(&c, !nftw("folder", note, 5, 0) && strstr(walked, "to-none:6:2 "), "through links: %s", walked);
	walked[0] = '\0';
	stop_at = FTW_F;
	check(&c, nftw("folder", note, 5, FTW_PHYS) == 7, "stopped");
	stop_at = -1;
	walked[0] = '\0';
	check(&c, !ftw("folder/one", note_plain, 5) && !strcmp(walked, "folder/one:0:0 "), "a file: %s",
		walked);
	check(&c, nftw("none", note, 5, 0) == -1 && errno == ENOENT, "nothing");
	check(&c, !nftw(".", is_there, 5, FTW_PHYS | FTW_CHDIR), "each from its own directory");
	is_real(&c, ".", HERE);
	checks_report(&c, "ftw and nftw");
}

void test_temporary(void)
{
	struct checks c = {0};
	char folder[] = HERE "/dXXXXXX", other[] = HERE "/dXXXXXX", file[] = "aXXXXXX.txt", bad[] = "aXXXXX";
	struct stat status;

	check(&c, mkdtemp(folder) && !stat(folder, &status) && S_ISDIR(status.st_mode), "a folder");
	check(&c, mkdtemp(other) && strcmp(folder, other), "another");
	int fd = mkstemps(file, 4);
	check(&c, fd >= 0 && !strcmp(file + 7, ".txt") && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR,
		"a file");
	close(fd);
	check(&c, mkstemp(bad) == -1 && errno == EINVAL, "no place");
	unlink(file);
	rmdir(folder);
	rmdir(other);
	checks_report(&c, "temporary names");
}
