/*
 * Files and directories with names that nobody has: six letters or digits in place of XXXXXX.
 */
#define _GNU_SOURCE /* mkostemps */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap.h"
#include "libc.h"

enum { LETTERS = 6, TRIES = 1000 };

/* Where the letters go; null with errno set when the name has no such place before its last `behind` characters. */
static char *place_of(char *name, int behind)
{
	size_t length = strlen(name);
	char *place = name + length - (size_t)behind - LETTERS;
	if (behind >= 0 && length >= (size_t)behind + LETTERS && memcmp(place, "XXXXXX", LETTERS) == 0)
		return place;
	errno = EINVAL;
	return NULL;
}

static void letters_put(char *place)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t random = heap_random();
	for (int i = 0; i < LETTERS; i++) {
		place[i] = letters[random % (sizeof letters - 1)];
		random /= sizeof letters - 1;
	}
}

int mkostemps(char *name, int behind, int flags)
{
	char *place = place_of(name, behind);
	int fd = -1;
	for (int i = 0; place != NULL && fd < 0 && i < TRIES; i++) {
		letters_put(place);
		fd = open(name, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

int mkostemp(char *name, int flags)
{
	return mkostemps(name, 0, flags);
}

int mkstemps(char *name, int behind)
{
	return mkostemps(name, behind, 0);
}

int mkstemp(char *name)
{
	return mkostemps(name, 0, 0);
}

char *mkdtemp(char *name)
{
	char *place = place_of(name, 0);
	for (int i = 0; place != NULL && i < TRIES; i++) {
		letters_put(place);
		if (mkdir(name, 0700) == 0)
			return name;
		if (errno != EEXIST)
			break;
	}
	return NULL;
}
