/*
 * How the address space of a program is laid out, from below:
 *
 *	the program			where it is linked: text, constants, the first thread's stack, data (program.ld)
 *	heap				from behind it on (heap.c)
 *	SPACE_AREAS			stacks of other threads, each with a gap before it (thread.c)
 *	SPACE_ROOM			mappings without an address, where the kernel finds room
 *	SPACE_STACK			end of the first thread's stack, if the program brings none along (spawn.c)
 *
 * What a small program needs lies together, because each range of 2 MiB in which something is takes a page table, and each
 * of 1 GiB one more. The kernel takes no address below SPACE_ROOM by itself, so what is a gap below stays one.
 */
#pragma once

#define SPACE_AREAS      0x1000000000ul
#define SPACE_ROOM       0x2000000000ul
#define SPACE_STACK      0x3ffff00000ul
#define SPACE_STACK_SIZE 0x100000ul /* of the first thread; what a program brings along is a little larger */
