/*
 * What is written, in order: bytes of those who write, echo, and between them the kernel's log. Bytes are kept until the UART has taken them; a write
 * for which there is no room waits, and goes on from where it was.
 */
#pragma once

#include "console.h"

#include <tabula/serve/file.h>

bool output_init(void);

/* Bytes that the console itself shows; there must be room for them, twice if they are newlines. */
size_t output_room(void);
void output_show(const char *bytes, size_t size);

/* A call of file_write: its result, or DEFERRED, and it will be answered. */
long output_write(const struct lent_in *from);

/* If the kernel has logged something, it is printed behind what has been written so far. */
void output_look_for_log(void);

/* Has the UART take what it can, and goes on with writes that wait. Says whether anything has moved. */
bool output_work(void);

/* Whether everything written has left. */
bool output_is_empty(void);

/* Whether a write would be done at once, at least in part. */
bool output_has_room(void);
