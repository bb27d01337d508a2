/* Where some programs look for <poll.h>. */
#pragma once

#include <poll.h>
