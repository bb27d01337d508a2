/* The system root. It has a reference of its own and never goes. */
#include "object/system.h"

struct system system_root = {
	.object = {.type = OBJECT_SYSTEM, .references = 1},
	.readers = {&system_root.readers, &system_root.readers},
};
