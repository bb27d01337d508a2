/*
 * Files that say in their first line who reads them: #! PATH [ARGUMENT].
 */
#pragma once

#include <stdbool.h>

#include "image.h"

struct script {
	char line[256];
	const char *interpreter, *argument; /* in `line`; the argument, with the blanks in it, may be null */
};

/* False: the image is none, or its line is too long. */
bool script_read(const struct image *image, struct script *script);
