/*
 * The boot archive: maps it, fills the file system from it, and gives it away again file by file.
 */
#pragma once

#include <tabula/server.h>

#include "description.h"

/* Once, after tree_begin. Null, or what is wrong. */
const char *archive_begin(void);

/*
 * The archive, for a file whose bytes all lie there. 0, or -EBADF, -EMFILE, or -ENODATA when it has been written or is
 * none.
 */
int archive_image(struct description *description, struct gift *gift, uint64_t *offset, uint64_t *length);
