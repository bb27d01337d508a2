/*
 * chmod: changes what may be done with files.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: chmod [-R] MODE FILE...\n"
	"Sets what may be done with the files. MODE is a number in base 8, as 755, or says what is changed:\n"
	"  [ugoa...] + - or = [rwxX...], several with commas: u+x, go-w, a=r\n"
	"  -R  what is in folders, too\n";

static const char *wanted; /* the mode, as it is written */
static bool below;

/* The bits of a class of users: rwx for each of the classes in `who`. */
static mode_t bits_of(mode_t who, mode_t what)
{
	return ((who & S_IRWXU) & what << 6) | ((who & S_IRWXG) & what << 3) | ((who & S_IRWXO) & what);
}

static const char *who_read(const char *p, mode_t *who)
{
	for (*who = 0; *p != '\0' && strchr("ugoa", *p) != NULL; p++)
		*who |= *p == 'u' ? S_IRWXU : *p == 'g' ? S_IRWXG : *p == 'o' ? S_IRWXO : (mode_t)0777;
	return p;
}

static const char *what_read(const char *p, mode_t mode, mode_t *what)
{
	bool runs = S_ISDIR(mode) || (mode & 0111) != 0;
	for (*what = 0; *p != '\0' && strchr("rwxX", *p) != NULL; p++)
		*what |= *p == 'r' ? 4 : *p == 'w' ? 2 : *p == 'x' || runs ? 1 : 0;
	return p;
}

/* Does one part, up to a comma. Null when it is none. */
static const char *part_do(const char *p, mode_t mask, mode_t *mode)
{
	mode_t who, what;
	p = who_read(p, &who);
	mode_t given = who != 0 ? who : (mode_t)(0777 & ~mask);
	if (*p == '\0' || strchr("+-=", *p) == NULL)
		return NULL;
	while (*p != '\0' && strchr("+-=", *p) != NULL) {
		char how = *p;
		p = what_read(p + 1, *mode, &what);
		if (how == '=')
			*mode &= ~(who != 0 ? who : (mode_t)0777);
		if (how == '-')
			*mode &= ~bits_of(given, what);
		else
			*mode |= bits_of(given, what);
	}
	return *p == '\0' || *p == ',' ? p : NULL;
}

/* Makes the new mode of the old one; false if it is not understood. */
static bool mode_change(mode_t *mode)
{
	char *end;
	unsigned long number = strtoul(wanted, &end, 8);
	if (*wanted >= '0' && *wanted <= '7' && *end == '\0' && number <= 07777) {
		*mode = (mode_t)number;
		return true;
	}
	mode_t mask = umask(0);
	(void)umask(mask);
	const char *p = wanted;
	while ((p = part_do(p, mask, mode)) != NULL && *p == ',')
		p++;
	return p != NULL;
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
