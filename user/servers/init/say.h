/*
 * What init says: lines of the kernel's log, whoever prints that, so they come whole, and wait for nobody.
 */
#pragma once

/* "init: " and this, which holds no newline. What does not fit into a line comes in the next one. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
