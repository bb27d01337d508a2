/* Names of the kernel's functions, from the table that the second link adds. */
#pragma once

#include <stdint.h>

/* The function that holds `address`, and how far into it; "?" outside the kernel's text. */
const char *symbol_name(uint64_t address, uint64_t *offset);
