/*
 * The console as it is, below the lines that read() of standard input gives: for programs that edit lines.
 */
#pragma once

/*
 * Waits for one byte that is typed and returns it, without echo or editing. -1 with errno set when the
 * program may not read the console.
 */
int console_get(void);
