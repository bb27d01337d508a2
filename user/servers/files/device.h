/*
 * The files of /dev that are no more than a rule. /dev/console and disks are other servers': opening one gives a handle to that
 * server (see console.h, disk.h), so nothing of it comes here.
 */
#pragma once

#include <tabula/server.h>

#include "node.h"

long device_read(enum device device, struct lent_out *to);
long device_write(enum device device, const struct lent_in *from);
