/*
 * The handles that a program gets at its start, and the date. A handle of 0 was not given.
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

/* The date at which clock_now was 0, in nanoseconds since 1970. 0: the machine has no clock that knows the date. */
uint64_t own_clock_epoch(void);

/* Of init, which finds that out: so it is from now on, here and in all programs that this one starts. */
void clock_epoch_is(uint64_t epoch);

/* One of those that the program got besides, by an enum startup_what. */
any_handle startup_handle(uint32_t what);

/* What a file descriptor stands for: protocol file. 0 when it is not open. Borrowed: close() closes it. */
endpoint_handle own_descriptor(int number);
