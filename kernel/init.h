/* The first program. */
#pragma once

#include "arch.h"

/* Makes a process of /init of the boot archive, ready to run; panics with the reason when it can't. */
void init_start(const struct machine *machine);
