/*
 * What the small tools share: --help, and complaints that begin with the tool's name.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the usage and ends the program if the only argument is --help. */
static inline void tool_help(int argc, char **argv, const char *usage)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		exit(0);
	}
}

/* "ls: /x: No such file or directory"; what is left in stdout goes first. */
static inline void tool_complain(const char *tool, const char *what)
{
	int error = errno;
	fflush(stdout);
	fprintf(stderr, "%s: %s: %s\n", tool, what, strerror(error));
}
