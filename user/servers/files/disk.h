/*
 * Disks: handles that the server was started with, which lead to another one. A program opens them there itself, so nobody
 * waits here for a disk, nor for its driver.
 */
#pragma once

#include <stdbool.h>
#include <tabula/server.h>

bool disk_is_there(uint32_t number);

/* 0, or -ENFILE. */
int disk_give(uint32_t number, struct gift *gift);
