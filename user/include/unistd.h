/*
 * picolibc's <unistd.h>, and what it declares for few systems.
 */
#pragma once

#include_next <unistd.h>

int getlogin_r(char *name, size_t size);
