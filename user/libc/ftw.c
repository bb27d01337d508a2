/*
 * ftw and nftw. A directory stays open while what is below it is walked, as deep as there are descriptors: `most` is not
 * looked at.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"

/* The directories that lead to here: followed links must not make a ring of them. */
struct above {
	const struct above *next;
	dev_t device;
	ino_t number;
};

struct walk {
	int (*plain)(const char *path, const struct stat *status, int what);
	int (*function)(const char *path, const struct stat *status, int what, struct FTW *where);
	int flags;
	int home; /* with FTW_CHDIR: where paths begin */
	dev_t device;
	char path[PATH_MAX];
};

static void go_home(const struct walk *walk)
{
	if (walk->flags & FTW_CHDIR)
		(void)fchdir(walk->home);
}

static int look(const struct walk *walk, struct stat *status)
{
	int what = FTW_F;
	go_home(walk);
	if (!(walk->flags & FTW_PHYS) && stat(walk->path, status) == 0)
		return S_ISDIR(status->st_mode) ? FTW_D : FTW_F;
	if (lstat(walk->path, status) != 0)
		return FTW_NS;
	if (S_ISDIR(status->st_mode))
		what = FTW_D;
	else if (S_ISLNK(status->st_mode))
		what = walk->flags & FTW_PHYS ? FTW_SL : FTW_SLN;
	return what;
}

static int tell(struct walk *walk, const struct stat *status, int what, int level)
{
	const char *slash = strrchr(walk->path, '/');
	struct FTW where = {slash != NULL && slash[1] != '\0' ? (int)(slash + 1 - walk->path) : 0, level};
	if (walk->plain != NULL)
		return walk->plain(walk->path, status, what == FTW_SLN ? FTW_NS : what);
	if (!(walk->flags & FTW_CHDIR) || where.base == 0)
		return walk->function(walk->path, status, what, &where);
	go_home(walk);
	char first = walk->path[where.base]; /* the directory is all before it */
	walk->path[where.base] = '\0';
	int error = chdir(walk->path);
	walk->path[where.base] = first;
	return error != 0 ? -1 : walk->function(walk->path, status, what, &where);
}

static int visit(struct walk *walk, const struct above *above, int level);

static bool is_above(const struct above *above, const struct stat *status)
{
	for (; above != NULL; above = above->next)
		if (above->device == status->st_dev && above->number == status->st_ino)
			return true;
	return false;
}

static int visit_names(struct walk *walk, DIR *directory, const struct above *above, int level)
{
	size_t length = strlen(walk->path);
	bool has_slash = length > 0 && walk->path[length - 1] == '/';
	struct dirent *entry;
	int result = 0;
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (length + !has_slash + strlen(entry->d_name) >= PATH_MAX)
			return (int)posix_result(-ENAMETOOLONG);
		strcpy(walk->path + length, has_slash ? "" : "/");
		strcat(walk->path + length, entry->d_name);
		result = visit(walk, above, level + 1);
		walk->path[length] = '\0';
	}
	return result;
}

static int visit_directory(struct walk *walk, const struct stat *status, const struct above *above, int level)
{
	const struct above here = {above, status->st_dev, status->st_ino};
	go_home(walk);
	DIR *directory = opendir(walk->path);
	if (directory == NULL && errno != EACCES)
		return -1;
	if (directory == NULL)
		return tell(walk, status, FTW_DNR, level);
	int result = walk->flags & FTW_DEPTH ? 0 : tell(walk, status, FTW_D, level);
	if (result == 0)
		result = visit_names(walk, directory, &here, level);
	(void)closedir(directory);
	if (result == 0 && (walk->flags & FTW_DEPTH))
		result = tell(walk, status, FTW_DP, level);
	return result;
}

static int visit(struct walk *walk, const struct above *above, int level)
{
	struct stat status = {0};
	int what = look(walk, &status);
	if (level == 0 && what == FTW_NS)
		return -1;
	if (level == 0)
		walk->device = status.st_dev;
	if ((walk->flags & FTW_MOUNT) && what != FTW_NS && status.st_dev != walk->device)
		return 0;
	if (what != FTW_D)
		return tell(walk, &status, what, level);
	return is_above(above, &status) ? 0 : visit_directory(walk, &status, above, level);
}

static int begin(struct walk *walk, const char *path)
{
	if (strlen(path) >= PATH_MAX)
		return (int)posix_result(-ENAMETOOLONG);
	strcpy(walk->path, path);
	return visit(walk, NULL, 0);
}

int ftw(const char *path, int (*function)(const char *path, const struct stat *status, int what), int most)
{
	struct walk walk = {.plain = function};
	(void)most;
	return begin(&walk, path);
}

int nftw(const char *path,
	int (*function)(const char *path, const struct stat *status, int what, struct FTW *where), int most,
	int flags)
{
	struct walk walk = {.function = function, .flags = flags};
	(void)most;
	if (!(flags & FTW_CHDIR))
		return begin(&walk, path);
	walk.home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (walk.home < 0)
		return -1;
	int result = begin(&walk, path);
	go_home(&walk);
	(void)close(walk.home);
	return result;
}
