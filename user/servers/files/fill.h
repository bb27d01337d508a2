/*
 * Fills the file system from the boot archive. Files read what stands in the archive until they are written, so the
 * archive has to stay where it is.
 */
#pragma once

#include <tabula/archive.h>

/* Null, or what is wrong; then what came before it is there. */
const char *fill(const struct archive *archive);
