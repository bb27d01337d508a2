/*
 * chmod: changes what may be done with files.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mode.h"
#include "tool.h"

static const char usage[] = "usage: chmod [-R] MODE FILE...\n"
			    "Sets what may be done with the files. MODE is a number in base 8, as 755, or\n"
			    "says what is changed:\n"
			    "  [ugoa...] + - or = [rwxX...], several with commas: u+x, go-w, a=r\n"
			    "  -R  what is in folders, too\n";

static const char *wanted; /* the mode, as it is written */
static bool below;

/* Makes the new mode of the old one; false if it is not understood. */
static bool mode_change(mode_t *mode)
{
	mode_t mask = umask(0);
	(void)umask(mask);
	return mode_apply(wanted, mask, mode);
}

static bool change(const char *path);

static bool change_below(const char *path)
{
	bool done = true;
	struct dirent *entry;
	DIR *directory = opendir(path);
	if (directory == NULL) {
		tool_complain("chmod", path);
		return false;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *name = tool_join("chmod", path, entry->d_name);
		struct stat status;
		if (lstat(name, &status) != 0 || !S_ISLNK(status.st_mode))
			done &= change(name);
		free(name);
	}
	(void)closedir(directory);
	return done;
}

static bool change(const char *path)
{
	struct stat status;
	bool found = stat(path, &status) == 0;
	if (found) {
		mode_t mode = status.st_mode;
		(void)mode_change(&mode);
		found = chmod(path, mode & 07777) == 0;
	}
	if (!found) {
		tool_complain("chmod", path);
		return false;
	}
	return !below || !S_ISDIR(status.st_mode) || change_below(path);
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	char **words = argv + 1;
	mode_t mode = 0;
	bool done = true;
	for (; *words != NULL && (strcmp(*words, "-R") == 0 || strcmp(*words, "--") == 0); words++)
		below |= strcmp(*words, "-R") == 0;
	wanted = *words;
	if (wanted == NULL || words[1] == NULL || !mode_change(&mode))
		return tool_usage(usage, 1);
	while (*++words != NULL)
		done &= change(*words);
	return tool_end("chmod", done ? 0 : 1);
}
