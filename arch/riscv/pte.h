/* Sv39 page table entries (privileged specification 1.12, section 4.4). */
#pragma once

#include "abi/abi.h"

enum {
	PTE_V = 1 << 0,
	PTE_R = 1 << 1,
	PTE_W = 1 << 2,
	PTE_X = 1 << 3,
	PTE_U = 1 << 4,
	PTE_G = 1 << 5,
	PTE_A = 1 << 6,
	PTE_D = 1 << 7,
	PTE_LEAF = PTE_R | PTE_W | PTE_X,
	PTE_TABLE_SHIFT = 10,

	PTE_COUNT = 512, /* in a table */
	PTE_LEAVES_SHIFT = PAGE_SHIFT + 9, /* of what one table of the lowest level maps */
};
