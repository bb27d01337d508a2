/*
 * cp: copies files, and directories with all that is in them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: cp [-afipr] [-H|-L|-P] FROM TO\n"
			    "       cp [-afipr] [-H|-L|-P] FILE... DIRECTORY\n"
			    "Copies a file, or copies files into a directory.\n"
			    "  -r  directories, too, with all that is in them; links in them stay links\n"
			    "  -H  follows links that are named, -L all links, -P none\n"
			    "  -f  a copy that can't be written is removed and made anew\n"
			    "  -i  asks before a file is replaced\n"
			    "  -p  with the times and permissions\n"
			    "  -a  as -rpP\n";

static bool force, recursive, ask, keep;
static int links; /* which are followed: H, L or P; 0: without -r all, with it none */

/* The directory that the copies go to: it is not copied into itself. */
static struct stat target_status;

static bool complain(const char *path)
{
	tool_complain("cp", path);
	return false;
}

static bool complain_that(const char *path, int error)
{
	errno = error;
	return complain(path);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool copy_bytes(int from, const char *from_name, int to, const char *to_name)
{
	static char buffer[32768];
	ssize_t count;
	while ((count = read(from, buffer, sizeof buffer)) > 0) {
		for (ssize_t done = 0; done < count;) {
			ssize_t written = write(to, buffer + done, (size_t)(count - done));
			if (written <= 0)
				return complain(to_name);
			done += written;
		}
	}
	return count == 0 || complain(from_name);
}

static int open_target(const char *name, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
	if (fd < 0 && force && unlink(name) == 0)
		fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
	return fd;
}

static bool copy_file(const char *from, const struct stat *status, const char *to)
{
	int source = open(from, O_RDONLY);
	if (source < 0)
		return complain(from);
	int target = open_target(to, status->st_mode);
	bool done = target >= 0 ? copy_bytes(source, from, target, to) : complain(to);
	(void)close(source);
	if (target >= 0 && close(target) != 0)
		return complain(to);
	return done;
}

/* A fifo has no bytes to copy, so the copy is another one. Without -r it is read like a file. */
static bool copy_fifo(const struct stat *status, const char *to)
{
	if (mkfifo(to, status->st_mode & 0777) == 0)
		return true;
	if (force && errno == EEXIST && unlink(to) == 0 && mkfifo(to, status->st_mode & 0777) == 0)
		return true;
	return complain(to);
}

/* What is there goes: it can't be written to, as a file can. */
static bool copy_link(const char *from, const char *to)
{
	char target[1024];
	ssize_t length = readlink(from, target, sizeof target - 1);
	if (length < 0)
		return complain(from);
	target[length] = '\0';
	if (symlink(target, to) == 0)
		return true;
	if (errno == EEXIST && unlink(to) == 0 && symlink(target, to) == 0)
		return true;
	return complain(to);
}

static bool copy_any(const char *from, const char *to, bool named);

static bool copy_directory(const char *from, const struct stat *status, const char *to)
{
	struct stat there;
	bool existed = stat(to, &there) == 0, done = true;
	if (existed && !S_ISDIR(there.st_mode))
		return complain_that(to, ENOTDIR);
	DIR *directory = opendir(from);
	if (directory == NULL)
		return complain(from);
	if (!existed && mkdir(to, (status->st_mode & 0777) | S_IRWXU) != 0) {
		(void)closedir(directory);
		return complain(to);
	}
	if (target_status.st_ino == 0 && stat(to, &target_status) != 0)
		done = complain(to);
	struct dirent *entry;
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *inner_from = tool_join("cp", from, entry->d_name);
		char *inner_to = tool_join("cp", to, entry->d_name);
		done &= copy_any(inner_from, inner_to, false);
		free(inner_from);
		free(inner_to);
	}
	(void)closedir(directory);
	return done;
}

static bool copy_attributes(const struct stat *status, const char *to)
{
	const struct timespec times[2] = {status->st_atim, status->st_mtim};
	if (utimensat(AT_FDCWD, to, times, 0) == 0 && chmod(to, status->st_mode & 07777) == 0)
		return true;
	return complain(to);
}

static bool follows(bool named)
{
	return links == 'L' || (links == 'H' && named) || (links == 0 && !recursive);
}

/* Whether it is one that the command line names, and not in a directory. */
static bool copy_any(const char *from, const char *to, bool named)
{
	struct stat status, there;
	if ((follows(named) ? stat : lstat)(from, &status) != 0)
		return complain(from);
	bool is_link = S_ISLNK(status.st_mode);
	if ((is_link ? lstat : stat)(to, &there) == 0 && is_same(&status, &there)) {
		tool_say("cp: %s: is the same file as %s", to, from);
		return false;
	}
	if (!S_ISDIR(status.st_mode)) {
		if (ask && access(to, F_OK) == 0 && !tool_asks("cp", "replace", to))
			return true;
		if (is_link)
			return copy_link(from, to);
		bool done = recursive && S_ISFIFO(status.st_mode) ? copy_fifo(&status, to)
								  : copy_file(from, &status, to);
		return done && (!keep || copy_attributes(&status, to));
	}
	if (!recursive)
		return complain_that(from, EISDIR);
	if (target_status.st_ino != 0 && is_same(&status, &target_status)) {
		tool_say("cp: %s: a directory can't be copied into itself", from);
		return false;
	}
	return copy_directory(from, &status, to) && (!keep || copy_attributes(&status, to));
}

static bool copy_into(char *from, const char *directory)
{
	char *to = tool_join("cp", directory, tool_base(from));
	bool done = copy_any(from, to, true);
	free(to);
	return done;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status = 0;
	while ((option = getopt(argc, argv, "afHiLPpRr")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		force |= option == 'f';
		ask |= option == 'i';
		keep |= option == 'p' || option == 'a';
		recursive |= option == 'r' || option == 'R' || option == 'a';
		if (strchr("HLPa", option) != NULL)
			links = option == 'a' ? 'P' : option;
	}
	if (argc - optind < 2)
		return tool_usage(usage, 1);
	const char *target = argv[argc - 1];
	struct stat there;
	if (stat(target, &there) != 0 || !S_ISDIR(there.st_mode)) {
		if (argc - optind == 2)
			return copy_any(argv[optind], target, true) ? 0 : 1;
		return complain_that(target, ENOTDIR) ? 0 : 1;
	}
	for (int i = optind; i < argc - 1; i++) {
		target_status = (struct stat){0};
		if (!copy_into(argv[i], target))
			status = 1;
	}
	return status;
}
