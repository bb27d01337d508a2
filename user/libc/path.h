/*
 * Looking for a program in the directories of PATH.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

struct path_search {
	const char *file, *directories; /* those left; null: none */
	char path[PATH_MAX];
};

/* A file with a slash in its name is the only one there is. */
struct path_search path_search_begin(const char *file);

/* Puts the next into `path`. False: there are no more. */
bool path_search_next(struct path_search *search);
