/*
 * Those who wait, each for some of 64 bits, in the order in which they came: a treap, as tree.h explains it, in which each knows what
 * all those below it want. So the first who wants one of some bits is found, and put in and taken out, in steps in the logarithm of how
 * many there are, whatever they want. Pure; who shares it, locks it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct crowd_member {
	struct crowd_member *parent, *left, *right; /* who came before it is on the left */
	uint64_t wants;
	uint64_t all_want; /* it and those below it */
	uint64_t weight; /* at random; a lighter one is never below a heavier one */
};

/* Full of zeros it is empty. */
struct crowd {
	struct crowd_member *root;
	uint32_t count;
};

/* Puts in one behind all others; whoever knows the weights can choose who leaves so that the rest is a list. */
void crowd_append(struct crowd *crowd, struct crowd_member *member, uint64_t wants, uint64_t weight);

void crowd_remove(struct crowd *crowd, struct crowd_member *member);

/* The first who wants one of these bits; NULL when nobody does. */
struct crowd_member *crowd_first(const struct crowd *crowd, uint64_t bits);

/* Whether it is one of these. */
bool crowd_has(const struct crowd *crowd, const struct crowd_member *member);

/* What anybody in it wants. */
static inline uint64_t crowd_wants(const struct crowd *crowd)
{
	return crowd->root ? crowd->root->all_want : 0;
}
