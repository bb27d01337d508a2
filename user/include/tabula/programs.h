/*
 * The badges of the process server that init gives: the first program, and whoever sends what Ctrl-C means. All others the
 * server makes itself.
 */
#pragma once

enum { PROGRAMS_INIT = 1, PROGRAMS_TERMINAL = 2 };
