/*
 * The pages of the driver's file system. Apart from the driver, because <sys/mman.h> and the types of the system calls
 * use the same names.
 */
#pragma once

extern long pages_left; /* that can still be committed; -1: any number */
