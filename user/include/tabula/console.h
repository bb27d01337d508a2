/*
 * The console as it is, below the lines that read() of standard input gives: for programs that edit lines.
 */
#pragma once

/* The badges of the console that init gives: a terminal, and one that is only written to. */
enum { CONSOLE_TERMINAL = 1, CONSOLE_PRINTER = 2 };

/*
 * Has the console give bytes as they are typed, without echo, from now on until the program reads lines, or starts another
 * one. console_get does it too; doing it before a prompt is shown keeps what is typed at once from being taken for a line.
 */
void console_raw(void);

/* Has it give lines again, and Ctrl-C be a signal: before a command that may take long. */
void console_lines(void);

/*
 * Waits for one byte that is typed and returns it, without echo or editing. -1 with errno set when the
 * program may not read the console, or a signal came (EINTR).
 */
int console_get(void);
