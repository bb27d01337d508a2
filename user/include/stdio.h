/*
 * picolibc's <stdio.h> and what it lacks: the reading of whole lines, and streams for one thread at a time.
 */
#pragma once

#include_next <stdio.h>

#include <sys/types.h>

/*
 * Reads up to a delimiter, which is part of what is read, or to the end of the stream, into a block that grows
 * as needed and that the caller frees. Returns how many bytes; -1 at the end or with errno set.
 */
ssize_t getdelim(char **__restrict line, size_t *__restrict size, int delimiter, FILE *__restrict stream);
ssize_t getline(char **__restrict line, size_t *__restrict size, FILE *__restrict stream);

/* Nobody else uses the stream until it is unlocked as often as it was locked. try: 0 if it could be had at once. */
void flockfile(FILE *stream);
int ftrylockfile(FILE *stream);
void funlockfile(FILE *stream);
int renameat(int from_directory, const char *from, int to_directory, const char *to);

/* A command for the shell, to read what it prints, or to write what it reads; pclose returns how it ended, as wait does. */
FILE *popen(const char *command, const char *mode);
int pclose(FILE *stream);

/* Prints to a descriptor, without a stream. */
int dprintf(int fd, const char *__restrict format, ...) __attribute__((format(printf, 2, 3)));
int vdprintf(int fd, const char *__restrict format, __builtin_va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* A stream into a block that grows, and that the caller frees; where it is, and how long, is told by fflush and fclose. */
FILE *open_memstream(char **bytes, size_t *size);

/* They lock it all the same: what has the lock can have it again. */
int getc_unlocked(FILE *stream);
int getchar_unlocked(void);
int putc_unlocked(int c, FILE *stream);
int putchar_unlocked(int c);

#ifndef L_ctermid
#define L_ctermid 16
#endif
char *ctermid(char *name);
