/*
 * find: looks at files and all that is below them.
 */
#include <dirent.h>
#include <limits.h>

#include "find.h"

static const char usage[] =
	"usage: find [-H|-L|-P] [FILE]... [EXPRESSION]\n"
	"Prints the files for which the expression holds, and those below them (none:\n"
	"this directory).\n"
	"  -H  follows links that are named, -L all links, -P none, as always\n"
	"Tests; n is a number, +n more, -n less than it:\n"
	"  -name PATTERN, -iname     the name; small and large letters are the same\n"
	"  -path PATTERN             the whole path\n"
	"  -type f|d|l|p|c|b|s       file, directory, link, fifo, device, socket\n"
	"  -size n[ckMG]  -links n   in blocks of 512, bytes, KiB, MiB, GiB; its names\n"
	"  -mtime n, -atime, -ctime  days since it was changed, read, changed in any way\n"
	"  -newer FILE  -empty       changed later than that one; nothing is in it\n"
	"  -perm MODE, -MODE, /MODE  just these bits, all, any of them: 644, u+w\n"
	"  -user U, -group G         belongs to it; -nouser, -nogroup: to nobody there is\n"
	"What is done, instead of -print:\n"
	"  -print, -print0           the path on a line, or with a zero byte behind it\n"
	"  -exec PROGRAM {} \\;       for each file; holds if the status is 0\n"
	"  -ok PROGRAM {} \\;         the same, but asks first\n"
	"  -exec PROGRAM {} +        for many at once\n"
	"  -delete  -prune           removes it; does not go into it\n"
	"Always hold:\n"
	"  -depth  -xdev             first what is in a directory; not to other systems\n"
	"  -maxdepth N, -mindepth N  so deep at most, at least; 0 is what is named\n"
	"A test after a test, or -a between: both. Or: ! A, A -o B, \\( A \\).\n";

_Noreturn void refuse(const char *word, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "find: %s: %s\n", word, why);
	exit(1);
}

static void complain(struct find *find, const char *path)
{
	tool_complain("find", path);
	find->trouble = true;
}

/* A link that leads nowhere is what there is itself. */
static bool look(struct found *found)
{
	enum links links = found->find->links;
	if ((links == LINKS_ALWAYS || (links == LINKS_NAMED && found->depth == 0)) &&
		stat(found->path, &found->status) == 0)
		return true;
	return lstat(found->path, &found->status) == 0;
}

/* The directories that lead to here: links must not make a ring of them. */
struct above {
	const struct above *above;
	dev_t device;
	ino_t number;
};

static bool is_above(const struct above *above, const struct stat *status)
{
	for (; above != NULL; above = above->above)
		if (above->device == status->st_dev && above->number == status->st_ino)
			return true;
	return false;
}

static void visit(struct find *find, struct expression *expression, const char *path,
	const struct above *above, long long depth);

/* All names are read before the first is looked at: a directory that changes meanwhile may be read wrongly. */
static void visit_names(struct find *find, struct expression *expression, const char *path,
	const struct above *above, long long depth)
{
	struct arguments names = {0};
	struct dirent *entry;
	DIR *directory = opendir(path);
	if (directory == NULL) {
		complain(find, path);
		return;
	}
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			arguments_add("find", &names, entry->d_name);
	(void)closedir(directory);
	for (size_t i = 0; i < names.count; i++) {
		char *name = tool_join("find", path, names.words[i]);
		visit(find, expression, name, above, depth);
		free(name);
	}
	arguments_free(&names);
}

static void try(struct expression *expression, struct found *found)
{
	if (found->depth >= found->find->least)
		(void)expression->holds(expression, found);
}

static void visit(struct find *find, struct expression *expression, const char *path,
	const struct above *above, long long depth)
{
	struct found found = {.find = find, .path = path, .depth = depth};
	if (!look(&found)) {
		complain(find, path);
		return;
	}
	bool is_directory = S_ISDIR(found.status.st_mode), enters = is_directory && depth < find->most;
	if (is_directory && is_above(above, &found.status)) {
		errno = ELOOP;
		complain(find, path);
		return;
	}
	if (find->one_system && above != NULL && above->device != found.status.st_dev)
		enters = false;
	struct above here = {above, found.status.st_dev, found.status.st_ino};
	if (!find->depth_first)
		try(expression, &found);
	if (enters && !found.pruned)
		visit_names(find, expression, path, &here, depth + 1);
	if (find->depth_first)
		try(expression, &found);
}

/* -H, -L and -P; the last one counts. Returns the words behind them. */
static char **options_take(struct find *find, char **words)
{
	for (; *words != NULL && (*words)[0] == '-'; words++) {
		if (strcmp(*words, "-H") == 0)
			find->links = LINKS_NAMED;
		else if (strcmp(*words, "-L") == 0)
			find->links = LINKS_ALWAYS;
		else if (strcmp(*words, "-P") == 0)
			find->links = LINKS_NEVER;
		else
			return words + (strcmp(*words, "--") == 0);
	}
	return words;
}

static bool begins_expression(const char *word)
{
	return (word[0] == '-' && word[1] != '\0') || strcmp(word, "!") == 0 || strcmp(word, "(") == 0 ||
	       strcmp(word, ")") == 0;
}

int main(int argc, char **argv)
{
	static char here[] = ".";
	static char *alone[] = {here, NULL};
	struct find find = {.most = LLONG_MAX, .now = time(NULL)};
	tool_help(argc, argv, usage);
	char **paths = options_take(&find, argv + 1), **words = paths;
	while (*words != NULL && !begins_expression(*words))
		words++;
	struct expression *expression = expression_parse(&find, words);
	char **end = words;
	if (words == paths) {
		paths = alone;
		end = alone + 1;
	}
	for (; paths < end; paths++)
		visit(&find, expression, *paths, NULL, 0);
	batches_run(&find);
	expression_free(expression);
	return tool_end("find", find.trouble ? 1 : 0);
}
