/*
 * Programs as files: finds the memory object that a program is loaded from.
 */
#pragma once

#include <stdint.h>
#include <tabula/syscalls.h>

struct image {
	memory_handle memory; /* to be closed, by image_drop */
	uint64_t offset, size;
};

/* 0, or -errno: there is no such file, or it is none that may be a program. */
int image_find(const char *path, struct image *image);

/* The same of a file that is open. */
int image_of(endpoint_handle file, struct image *image);

/*
 * Where the first thread's stack ends in what a program has mapped for it with its data, as those do that are linked by
 * program.ld. 0 if it has none there.
 */
uint64_t image_stack(const struct image *image);

void image_drop(const struct image *image);
