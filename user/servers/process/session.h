/* Sessions, groups, and the terminal, which one session has. */
#pragma once

#include "program.h"

/* The program begins a session, and a group in it. */
void session_begin(struct program *program);

/* Its session has the terminal from now on, and its group is in the foreground. */
void session_take_terminal(const struct program *program);

/* Whether there is a group of this number in the session. */
bool session_has_group(uint32_t session, uint32_t group);

/* Whether nobody of its session, but outside of the group, would let the group go on. */
bool group_is_orphaned(uint32_t group);
