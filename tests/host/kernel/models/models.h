/* What the models of structures of the kernel share: the random numbers that choose what is tried. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/abi.h"
#include "abi/types.h"

struct aspace;
struct memory;

enum { STEPS = 20000 };

#define SPACE_START 0x7fff0000ul /* so that two page tables are in use */

enum { AREA = 3000 /* pages */, AREA_ROUNDS = 60 };

#define AREA_START 0x2000000000ul /* where room is looked for first */

/* ---- area.c */

uint64_t area_address(uint64_t page);

/* At once: in this kernel nobody else is at work. */
int protect(struct aspace *space, uint64_t at, uint64_t size, enum prot prot);

/* Mappings of up to `most` pages, with holes between them; some pages are there. */
void fill_area(struct aspace *space, struct memory *memory, bool *mapped, uint64_t most);

/* ---- test_models.c */

/* A random number that is less. */
uint64_t below(uint64_t limit);

/* ---- the tests, by what they are about: jobs for hosted_do, which set a bool when all was so */

void test_accounts(void *result);
void test_frames(void *result);
void test_pool(void *result);
void test_handles(void *result);
void test_full_table(void *result);
void test_space(void *result);
void test_pieces(void *result);
void test_rights(void *result);
void test_room(void *result);
void test_room_again(void *result);
void test_memory(void *result);
void test_exhaustion(void *result);
void test_postponed(void *result);
