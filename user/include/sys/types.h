/*
 * picolibc's <sys/types.h>, and a type that scripts look for in programs that use no sockets, which there are none of.
 */
#pragma once

#include_next <sys/types.h>

typedef unsigned socklen_t;
