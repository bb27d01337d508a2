/*
 * The handles that a program gets at its start. A handle of 0 was not given.
 */
#pragma once

#include <abi/abi.h>
#include <tabula/syscalls.h>

process_handle own_process(void); /* itself: manage */
system_handle own_system(void); /* the console, perhaps shutdown */
memory_handle own_archive(void); /* the boot archive: read */

/* One of those that the program got besides, by an enum startup_what. */
any_handle startup_handle(uint32_t what);
