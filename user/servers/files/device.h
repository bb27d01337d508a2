/*
 * The files of /dev that are no more than a rule. /dev/console is another server's: opening it gives a handle to that
 * one (see main.c), so nothing of it comes here.
 */
#pragma once

#include <tabula/server.h>

#include "node.h"

long device_read(enum device device, struct lent_out *to);
long device_write(enum device device, const struct lent_in *from);
