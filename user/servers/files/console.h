/*
 * /dev/console: the terminal that the server was started with, which another server has. Opening it gives a handle to
 * that one.
 */
#pragma once

#include <tabula/server.h>

/* 0, or -EIO when there is none, -ENFILE. */
int console_give(struct gift *gift);
