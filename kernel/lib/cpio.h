/* Finding one file in a cpio archive of the newc format. Pure; a broken archive gives an error. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Finds `path` (without its first slash): NULL and *offset, *size on success, otherwise what is wrong, for people.
 */
const char *cpio_find(
	const uint8_t *archive, size_t archive_size, const char *path, size_t *offset, size_t *size);
