/*
 * picolibc's <glob.h>, with POSIX's names: there a backslash protects a character unless it is said not to.
 */
#pragma once

#include_next <glob.h>

#define GLOB_NOESCAPE GLOB_QUOTE
#define GLOB_NOMATCH  (-3)
#define GLOB_ABORTED  GLOB_ABEND
