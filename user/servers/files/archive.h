/*
 * The boot archive: maps it, fills the file system from it, and gives it away again file by file.
 */
#pragma once

#include <tabula/server.h>

#include "node.h"

/* Once, after tree_begin. Null, or what is wrong. */
const char *archive_begin(void);

/*
 * The archive, for a file whose bytes all lie there. 0, or -EMFILE, or -ENODATA when it has been written or is none, which a
 * null is not either.
 */
int archive_image(const struct node *node, struct gift *gift, uint64_t *offset, uint64_t *length);
