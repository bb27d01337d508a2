/* Signals: what they do to programs. */
#pragma once

#include "program.h"

/* Sends a signal to those that `which` means, as kill has it: 0 or -errno. */
int signal_send(const struct program *from, int32_t which, uint32_t number);

/* Whether what a signal does can be chosen. */
bool signal_is_free(uint32_t number);
