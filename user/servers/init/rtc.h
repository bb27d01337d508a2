/*
 * The clock that goes on while the machine is off: a goldfish-rtc, as the emulator's machine has it. It is read once; from then
 * on the date is what the kernel's clock has counted since.
 */
#pragma once

#include <stdint.h>
#include <tabula/syscalls.h>

/* The date at which clock_now was 0, in nanoseconds since 1970; 0 where there is no such clock, or it makes no sense. */
uint64_t rtc_epoch(system_handle system);
