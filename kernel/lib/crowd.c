/* See crowd.h. */
#include "lib/crowd.h"

#include <stddef.h>

static uint64_t wanted_by(const struct crowd_member *top)
{
	return top ? top->all_want : 0;
}

/* Has `member`, which may be NULL, stand where `place` stands. */
static void put_in_place(struct crowd *crowd, struct crowd_member *place, struct crowd_member *member)
{
	struct crowd_member *parent = place->parent;

	*(!parent ? &crowd->root : parent->left == place ? &parent->left : &parent->right) = member;
	if (member)
		member->parent = parent;
}

void crowd_append(struct crowd *crowd, struct crowd_member *member, uint64_t wants, uint64_t weight)
{
	struct crowd_member *parent = NULL, *below = crowd->root;

	for (; below && below->weight <= weight; below = below->right) {
		below->all_want |= wants;
		parent = below;
	}
	*member = (struct crowd_member){parent, below, NULL, wants, wants | wanted_by(below), weight};
	if (below)
		below->parent = member;
	*(parent ? &parent->right : &crowd->root) = member;
	crowd->count++;
}

/* The lighter of its two children changes places with it, and takes over what all want there. */
static void sink(struct crowd *crowd, struct crowd_member *member)
{
	struct crowd_member *left = member->left, *right = member->right, *between;

	if (left->weight < right->weight) {
		put_in_place(crowd, member, left);
		between = member->left = left->right;
		left->right = member;
		left->all_want = member->all_want;
		member->parent = left;
	} else {
		put_in_place(crowd, member, right);
		between = member->right = right->left;
		right->left = member;
		right->all_want = member->all_want;
		member->parent = right;
	}
	if (between)
		between->parent = member;
}

/* As long as something changes by it, those above want less. */
void crowd_remove(struct crowd *crowd, struct crowd_member *member)
{
	while (member->left && member->right)
		sink(crowd, member);
	put_in_place(crowd, member, member->left ? member->left : member->right);
	for (struct crowd_member *above = member->parent; above; above = above->parent) {
		uint64_t all_want = above->wants | wanted_by(above->left) | wanted_by(above->right);

		if (all_want == above->all_want)
			break;
		above->all_want = all_want;
	}
	crowd->count--;
}

struct crowd_member *crowd_first(const struct crowd *crowd, uint64_t bits)
{
	struct crowd_member *member = crowd->root;

	if (!(wanted_by(member) & bits))
		return NULL;
	for (;;) {
		if (wanted_by(member->left) & bits)
			member = member->left;
		else if (member->wants & bits)
			return member;
		else
			member = member->right;
	}
}

bool crowd_has(const struct crowd *crowd, const struct crowd_member *member)
{
	while (member->parent)
		member = member->parent;
	return crowd->root == member;
}
