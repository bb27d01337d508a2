/* The programs that init has started, which no other has told of, and the end of all. */
#pragma once

#include "program.h"

/* This server: main.c. */
extern struct server programs;

extern struct program *init_program;
extern struct program *shell_program; /* NULL: none has called */

/* What the server before this one has left. */
void life_take_over(void);

/* Whether it is the shell's process, if it is the shell: another may have its badge, since init starts one when the one before it has ended. */
bool life_is_shell(const struct program *program, process_handle p);

/* A program's process has become known: if it is the shell, so has which that is. */
void life_remember_shell(struct program *program);

/*
 * The shell that init has started. Nobody tells of its end, since its badge is not this server's own: it shows when the
 * next one calls. One that became another program has a badge for that.
 */
struct client *life_adopt_shell(void);

void life_end(struct program *program);

/* Those of whose end nobody can tell more. */
void life_end_lost(void);

/* A program's last handle has gone. */
void life_gone(struct server *of, struct client *client);
