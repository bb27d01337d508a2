/*
 * The server itself, for what answers its calls later.
 */
#pragma once

#include <tabula/server.h>

extern struct server files;
