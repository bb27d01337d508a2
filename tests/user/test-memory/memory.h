/* What the parts of test-memory share: an object of sixteen pages, and processes without a thread that it is mapped in. */
#pragma once

#include "suite.h"

/* ---- main.c */

extern memory_handle object;

/* Without a thread. */
process_handle empty_process(void);

/* Maps a part of the object, at this address and no other. */
long map(process_handle p, uint64_t at, uint64_t offset, uint64_t size, uint32_t prot);

/* ---- the tests, by what they are about */

void test_edges(void);
void test_sizes(void);
void test_overlaps(void);
void test_protection(void);
void test_versions(void);
void test_changing_args(void);
void test_cuts(void);
void test_remap(void);
void test_unmap_other(void);
void test_unmap_own(void);
void test_anywhere(void);
void test_places(void);
void test_holes(void);
void test_fresh(void);
void test_image(void);
void test_access(void);
void test_large(void);
void test_protect_large(void);

/* For test_nothing_is_lost: programs that are killed while they change rights. */
void kill_protectors(struct checks *c);
