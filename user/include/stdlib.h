/*
 * picolibc's <stdlib.h>, and what it lacks.
 */
#pragma once

#include_next <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

int clearenv(void);
const char *getprogname(void); /* of its file, without folders */

#ifdef __cplusplus
}
#endif
