/*
 * getline and getdelim, which picolibc lacks.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM_MIN = 128 };

static bool room_make(char **line, size_t *size, size_t needed)
{
	if (*line != NULL && needed <= *size)
		return true;
	size_t room = needed < ROOM_MIN ? ROOM_MIN : needed * 2;
	char *grown = realloc(*line, room);
	if (grown == NULL) {
		errno = ENOMEM;
		return false;
	}
	*line = grown;
	*size = room;
	return true;
}

ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict stream)
{
	size_t length = 0;
	int c = 0;
	if (line == NULL || size == NULL) {
		errno = EINVAL;
		return -1;
	}
	while (c != delimiter || length == 0) {
		c = getc(stream);
		if (c == EOF)
			break;
		if (!room_make(line, size, length + 2))
			return -1;
		(*line)[length++] = (char)c;
	}
	if (length == 0)
		return -1;
	(*line)[length] = '\0';
	return (ssize_t)length;
}

ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict stream)
{
	return getdelim(line, size, '\n', stream);
}
