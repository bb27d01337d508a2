/* The kernel command line: words `name=value` up to the word `--`; what follows is for the first program. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Copies the value of option `name`, cut to `size` with its NUL; false and "" when it isn't there. */
bool bootargs_option(const char *bootargs, const char *name, char *value, size_t size);
