/* What the tests of the kernel's pure parts share: random numbers, and spoilt copies of what is read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { ROUNDS = 20000 };

/* ---- archives.c */

/* A copy that ends where its memory ends, spoilt in some places, perhaps cut. */
uint8_t *spoil(const uint8_t *bytes, size_t *size, unsigned most);

/* ---- test_lib.c */

/* A random number; one that is less. */
uint64_t any(void);
uint64_t below(uint64_t limit);

/* ---- the tests, by what they are about: each ends the program when something isn't as it should be */

void test_archives(void);
void test_strings(void);
void test_format(void);
void test_options(void);
void test_bits(void);
void test_list(void);
void test_ring(void);
void test_crowd(void);
void test_sorted(void);
void test_aside(void);
void test_chosen(void);
void test_foreseen(void);
void test_programs(void);
void test_trees(void);
void test_metadata(void);
