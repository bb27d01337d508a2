/*
 * What stands on the row that the cursor is on, from what has been sent behind the last newline. Of what terminals understand it
 * knows what people who edit a line see: characters, backspace, carriage return, and the escapes that move in the row and erase
 * it. One that moves elsewhere leaves an empty row.
 */
#pragma once

#include "console.h"

/* The most that row_draw gives. */
enum { ROW_DRAWN = 1040 };

/* Looks at what has been sent from the ring, which the ring still has: it costs nothing to send. */
void row_read(const struct ring *sent);

/* Whether the cursor is at the start of a row with nothing on it, as far as is known. */
bool row_is_empty(void);

/* The bytes that have an empty row look like this one, with the cursor in its place; none if there is too much on it. */
size_t row_draw(uint8_t to[ROW_DRAWN]);

/* It is empty now, although no newline was sent from the ring. */
void row_begin(const struct ring *sent);
