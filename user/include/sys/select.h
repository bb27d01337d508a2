/*
 * picolibc's <sys/select.h>, with room for all descriptors that a program can have.
 */
#pragma once

#ifndef FD_SETSIZE
#define FD_SETSIZE 256
#endif

#include_next <sys/select.h>
