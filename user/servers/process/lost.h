/*
 * Programs that a process server before this one has known. This one knows all that stands in their memory (kept.h), but has
 * lost the handles on their processes, on where they want to be told of signals, and with those of their threads that had
 * been suspended the means to keep them so. Until a program has told them again (program_return), every other call of
 * it is -EBADF, by which it learns that there is something to tell. Its badge is proof of who it is: only process servers make
 * such badges, and each is in one process. So a number can't be claimed, and none that is not free is given away meanwhile.
 *
 * A program that does not call is not forgotten: its parent tells of its process (program_run), when it comes back itself. That
 * it has ended shows as ever when its handles have gone, and how, if its parent has yet to come back, when that tells of it.
 */
#pragma once

#include "program.h"

/* Keeps their badges for them. */
void lost_reserve(struct server *server);

/* Whom a message from a badge that is none of this server is for; NULL: nobody. */
struct client *lost_find(struct server *server, uint64_t badge, uint32_t label);

/* Its parent has told of its process. */
void lost_run(struct program *program, process_handle process);

/* It has told of its process itself, and its calls are served. */
void lost_return(struct server *server, struct program *program, process_handle process);

/* Whether somebody may yet tell how it ended. */
bool lost_may_be_told_of(const struct program *program);

/* One that has ended, of which nobody can tell how any more; NULL: there is none. */
struct program *lost_gone(void);
