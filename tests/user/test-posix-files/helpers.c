/* Files to try things with; see posix-files.h. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <unistd.h>

int make(const char *path, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ktap_bail_out("can't make %s: %s", path, strerror(errno));
	return fd;
}

bool holds(const char *path, const char *text)
{
	char bytes[256];
	int fd = open(path, O_RDONLY);
	ssize_t count = read(fd, bytes, sizeof(bytes));

	close(fd);
	return count == (ssize_t)strlen(text) && !memcmp(bytes, text, (size_t)count);
}

int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}
