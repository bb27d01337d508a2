/* The kernel's string functions: the host's. */
#pragma once
#include <string.h>
