/*
 * What a stream holds: programs that bring a library of their own for portability look for it.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FSETLOCKING_INTERNAL 0
#define FSETLOCKING_BYCALLER 1
#define FSETLOCKING_QUERY    2

size_t __fbufsize(FILE *stream);
size_t __fpending(FILE *stream); /* bytes that were printed and have not left */
void __fpurge(FILE *stream); /* forgets what it holds */
int __freadable(FILE *stream);
int __fwritable(FILE *stream);
int __freading(FILE *stream); /* it can't be written to, or the last thing done was to read */
int __fwriting(FILE *stream);
int __flbf(FILE *stream); /* it is buffered by line */
void _flushlbf(void);
int __fsetlocking(FILE *stream, int how); /* streams always lock themselves */

#ifdef __cplusplus
}
#endif
