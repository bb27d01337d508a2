/*
 * The handles that a program gets at its start. A handle of 0 was not given.
 */
#pragma once

#include <abi/abi.h>
#include <tabula/syscalls.h>

extern process_handle tabula_own_process; /* of start.c alone */

/* The program itself: manage. */
static inline process_handle own_process(void)
{
	return tabula_own_process;
}

system_handle own_system(void); /* the console, perhaps shutdown */
memory_handle own_archive(void); /* the boot archive: read */
endpoint_handle own_root(void); /* where paths with a slash in front begin: protocol directory */
endpoint_handle own_directory(void); /* the working directory, which chdir changes */

/* One of those that the program got besides, by an enum startup_what. */
any_handle startup_handle(uint32_t what);

/* What a file descriptor stands for: protocol file. 0 when it is not open. Borrowed: close() closes it. */
endpoint_handle own_descriptor(int number);
