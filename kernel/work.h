/*
 * Work that can take long is cut into passes, and interrupts are let in between. What works in passes is given how much is
 * left of the present one, takes off what it has done, and stops when nothing is left; then it is called again. Units are
 * some forty instructions.
 */
#pragma once

enum {
	WORK_PASS = 80, /* of one pass */
	WORK_LOOK = 1, /* for a place where nothing is to do */
	WORK_SLOT = 1, /* for a page that is one of many */
	WORK_FRAME = 4, /* for a frame given back */
	WORK_NAME = 4, /* for a handle or a region that goes */
	WORK_WAKE = 4, /* for somebody woken */
	WORK_OBJECT = 16, /* for an object, or a region that is made */
};
