/*
 * picolibc's <stdlib.h>, and what it lacks.
 */
#pragma once

#include_next <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

int clearenv(void);

#ifdef __cplusplus
}
#endif
