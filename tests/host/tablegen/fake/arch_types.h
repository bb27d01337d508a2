/* For the driver, which stores no registers. */
#pragma once

#define ARCH_WHOLE_CALL(name) thunk_##name
