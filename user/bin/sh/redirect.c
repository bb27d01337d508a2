/*
 * Redirections. They are made in this process and undone afterwards; a program that is started in between has
 * them. So there is one way for programs, for what the shell does itself, and for compound commands.
 */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FIRST_COPY = 10, /* copies go out of the way of what scripts use */
	SMALL_DOCUMENT = 512, /* what surely fits into a pipe that nobody reads yet */
};

static bool file_save(int fd, struct saved_file **saved)
{
	for (const struct saved_file *old = *saved; old != NULL; old = old->next)
		if (old->fd == fd)
			return true; /* the first copy is what will be wanted back */
	struct saved_file *file = malloc(sizeof *file);
	if (file == NULL)
		return false;
	int copy = fcntl(fd, F_DUPFD, FIRST_COPY);
	if (copy < 0 && errno != EBADF) {
		free(file);
		return false;
	}
	if (copy >= 0)
		(void)fcntl(copy, F_SETFD, FD_CLOEXEC);
	*file = (struct saved_file){*saved, fd, copy};
	*saved = file;
	return true;
}

bool redirect_to(int from, int fd, struct saved_file **saved)
{
	fflush(stdout);
	bool done = saved == NULL || file_save(fd, saved);
	if (done && from != fd)
		done = dup2(from, fd) >= 0;
	if (done && from == fd)
		(void)fcntl(fd, F_SETFD, 0);
	if (!done)
		complain("%d: %s", fd, strerror(errno));
	if (from != fd)
		(void)close(from);
	return done;
}

void redirect_undo(struct saved_file **saved)
{
	if (*saved != NULL)
		fflush(stdout);
	while (*saved != NULL) {
		struct saved_file *file = *saved;
		if (file->copy >= 0) {
			(void)dup2(file->copy, file->fd);
			(void)close(file->copy);
		} else {
			(void)close(file->fd);
		}
		*saved = file->next;
		free(file);
	}
}

static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);
		if (count < 0 && errno != EINTR)
			return false;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return true;
}

/* A file that nobody else finds: its name is gone before it is written. */
static int temporary_open(void)
{
	static unsigned number;
	char name[64];
	int fd = -1;
	for (int tries = 0; fd < 0 && tries < 100; tries++) {
		snprintf(name, sizeof name, "/tmp/sh-%ld-%u", (long)getpid(), number++);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 && errno != EEXIST)
			return -1;
	}
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

static int document_open(const char *bytes, size_t length)
{
	int ends[2];
	if (length <= SMALL_DOCUMENT && pipe(ends) == 0) {
		bool done = write_all(ends[1], bytes, length);
		(void)close(ends[1]);
		if (done)
			return ends[0];
		(void)close(ends[0]);
		return -1;
	}
	int fd = temporary_open();
	if (fd >= 0 && (!write_all(fd, bytes, length) || lseek(fd, 0, SEEK_SET) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static bool redirect_document(struct shell *shell, const struct redirect *redirect, struct saved_file **saved)
{
	struct text text = {0};
	bool literal = redirect->kind == REDIRECT_LITERAL;
	if (!literal && !expand_document(shell, redirect->target, &text)) {
		text_free(&text);
		return false;
	}
	const char *bytes = literal ? redirect->target : text_string(&text);
	int fd = document_open(bytes, strlen(bytes));
	if (fd < 0)
		complain("a here-document: %s", strerror(errno));
	text_free(&text);
	return fd >= 0 && redirect_to(fd, redirect->fd, saved);
}

/* >&2 and >&-. */
static bool redirect_copy(const char *target, int fd, struct saved_file **saved)
{
	if (strcmp(target, "-") == 0) {
		fflush(stdout);
		if (saved != NULL && !file_save(fd, saved))
			return false;
		(void)close(fd);
		return true;
	}
	char *end;
	long from = strtol(target, &end, 10);
	if (!isdigit((unsigned char)*target) || *end != '\0' || from > 1000) {
		complain("%s: not the number of a file; '> FILE' writes to a file, '>&2' to the second",
			target);
		return false;
	}
	int copy = fcntl((int)from, F_DUPFD, FIRST_COPY);
	if (copy < 0) {
		complain("%s: %s", target, strerror(errno));
		return false;
	}
	return redirect_to(copy, fd, saved);
}

/* With -C, a file that is there is not lost; what is no file, like /dev/null, may be. */
static int file_create(const char *name)
{
	struct stat status;
	int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (file >= 0 || errno != EEXIST)
		return file;
	file = open(name, O_WRONLY);
	if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
		(void)close(file);
		errno = EEXIST;
		return -1;
	}
	return file;
}

static bool redirect_file(const struct shell *shell, const char *name, enum redirect_kind kind, int fd,
	struct saved_file **saved)
{
	static const int flags[] = {[REDIRECT_READ] = O_RDONLY,
		[REDIRECT_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_CLOBBER] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
		[REDIRECT_BOTH] = O_RDWR | O_CREAT};
	bool keep = kind == REDIRECT_WRITE && shell->no_clobber;
	int file = -1;
	do { /* a fifo waits for its other side, and a signal that nobody has asked for does not end that */
		if (shell->interactive && trap_came() == SIGINT)
			return false;
		file = keep ? file_create(name) : open(name, flags[kind], 0666);
	} while (file < 0 && errno == EINTR && (trap_came() == 0 || shell->interactive));
	if (file < 0) {
		complain("%s: %s", name, strerror(errno));
		return false;
	}
	return redirect_to(file, fd, saved);
}

static bool redirect_one(struct shell *shell, const struct redirect *redirect, struct saved_file **saved)
{
	struct text target = {0};
	if (redirect->kind == REDIRECT_DOCUMENT || redirect->kind == REDIRECT_LITERAL)
		return redirect_document(shell, redirect, saved);
	bool done = expand_one(shell, redirect->target, &target);
	if (done && redirect->kind == REDIRECT_COPY)
		done = redirect_copy(text_string(&target), redirect->fd, saved);
	else if (done)
		done = redirect_file(shell, text_string(&target), redirect->kind, redirect->fd, saved);
	text_free(&target);
	return done;
}

bool redirects_wait(const struct redirect *list, bool doubt)
{
	for (; list != NULL; list = list->next) {
		struct stat status;
		if (list->kind == REDIRECT_DOCUMENT || list->kind == REDIRECT_LITERAL ||
			list->kind == REDIRECT_COPY)
			continue;
		if (strpbrk(list->target, "'\"\\~*?[") != NULL
				? doubt
				: stat(list->target, &status) == 0 && S_ISFIFO(status.st_mode))
			return true;
	}
	return false;
}

bool redirect_all(struct shell *shell, const struct redirect *list, struct saved_file **saved)
{
	for (; list != NULL; list = list->next)
		if (!redirect_one(shell, list, saved))
			return false;
	return true;
}
