/*
 * What the files of the library do when a program forks.
 */
#pragma once

/* stdio.c: around the copy, in both programs; and then in the child: the streams that other threads had. */
void streams_fork_begin(void);
void streams_fork_end(void);
void streams_after_fork(void);

/* thread.c, if it is part of the program: in the child, which has one thread. */
__attribute__((weak)) void threads_after_fork(void);
