/* Trees, beside an array that is sorted: how deep they get, whatever is taken out. */
#include "pure.h"

#include "hosted.h"
#include "lib/tree.h"

enum { LEAVES = 1000 };

struct leaf {
	struct tree_node node;
	unsigned came; /* equal ones stay in the order in which they came */
};

static struct leaf leaves[LEAVES];
static struct leaf *sorted[LEAVES];

/* How deep it is; ends the program if it isn't a tree with the lighter above the heavier. */
static unsigned check_node(const struct tree_node *node, const struct tree_node *parent)
{
	unsigned left, right;

	if (!node)
		return 0;
	HOSTED_REQUIRE(
		node->parent == parent && tree_has(node) && (!parent || parent->weight <= node->weight));
	left = check_node(node->left, node);
	right = check_node(node->right, node);
	return 1 + (left > right ? left : right);
}

static void check_sorted(const struct tree *t, unsigned count)
{
	const struct tree_node *node = t->first, *before = NULL;

	for (unsigned i = 0; i < count; i++, before = node, node = node->next) {
		HOSTED_REQUIRE(node->previous == before);
		HOSTED_REQUIRE(node == &sorted[i]->node);
		HOSTED_REQUIRE(!node->key || tree_after(t, node->key - 1)->key == node->key);
		HOSTED_REQUIRE(!tree_after(t, node->key) || tree_after(t, node->key)->key > node->key);
	}
	HOSTED_REQUIRE(!node && check_node(t->root, NULL) < 48);
	HOSTED_REQUIRE(!count || !tree_after(t, sorted[count - 1]->node.key));
}

void test_sorted(void)
{
	struct tree t = {0};
	unsigned count = 0, at;

	for (unsigned step = 0; step < 20 * LEAVES; step++) {
		struct leaf *leaf = &leaves[below(LEAVES)];

		if (tree_has(&leaf->node)) {
			tree_remove(&t, &leaf->node);
			for (at = 0; sorted[at] != leaf; at++)
				continue;
			for (count--; at < count; at++)
				sorted[at] = sorted[at + 1];
		} else {
			tree_remove(&t, &leaf->node); /* does nothing */
			leaf->node.key = step % 3 ? below(LEAVES / 4) : step;
			for (at = count++; at && sorted[at - 1]->node.key > leaf->node.key; at--)
				sorted[at] = sorted[at - 1];
			sorted[at] = leaf;
			if (at && step % 2)
				tree_insert_after(&t, &leaf->node, leaf->node.key, &sorted[at - 1]->node);
			else
				tree_insert(&t, &leaf->node, leaf->node.key);
		}
		if (step % 97 == 0)
			check_sorted(&t, count);
	}
	check_sorted(&t, count);
}

/* The most in a row that stand aside. */
static unsigned longest_row(const struct tree *t)
{
	unsigned row = 0, longest = 0;

	for (const struct tree_node *node = t->first; node; node = node->next) {
		row = tree_is_aside(node) ? row + 1 : 0;
		longest = row > longest ? row : longest;
	}
	return longest;
}

/*
 * Put in one behind the other, or each right behind the first, a part of them stands. Whoever takes out those that stand, which the
 * time that it takes may tell him, gets no longer rows of those that don't.
 */
void test_aside(void)
{
	for (unsigned behind_first = 0; behind_first < 2; behind_first++) {
		struct tree t = {0};
		struct tree_node *last = &leaves[0].node;
		unsigned standing = 0;

		*last = (struct tree_node){.key = 0};
		tree_insert(&t, last, 0);
		for (unsigned i = 1; i < LEAVES; i++) {
			struct tree_node *node = &leaves[i].node;

			*node = (struct tree_node){.key = 0};
			tree_insert_after(&t, node, 0, last);
			standing += !tree_is_aside(node);
			if (!behind_first)
				last = node;
		}
		HOSTED_REQUIRE(standing > LEAVES / 8 && longest_row(&t) <= TREE_ASIDE_MOST);
		HOSTED_REQUIRE(behind_first || standing < LEAVES / 2);
		for (struct tree_node *node = t.first, *next; node; node = next) {
			next = node->next;
			if (!tree_is_aside(node) && below(8))
				tree_take(&t, node);
			HOSTED_REQUIRE(longest_row(&t) <= TREE_ASIDE_MOST);
		}
		HOSTED_REQUIRE(!t.first == !t.root);
	}
}

/* One whose nodes are taken out again when they stand: the rest is found in as few steps. */
void test_chosen(void)
{
	struct tree t = {0};
	struct tree_node *last = &leaves[0].node;

	*last = (struct tree_node){.key = 0};
	tree_insert(&t, last, 0);
	for (unsigned i = 1; i < LEAVES; i++) {
		struct tree_node *node = &leaves[i].node;

		*node = (struct tree_node){.key = 0};
		tree_insert_after(&t, node, i, last);
		if (tree_is_aside(node))
			last = node;
		else
			tree_take(&t, node);
	}
	HOSTED_REQUIRE(longest_row(&t) <= TREE_ASIDE_MOST);
}

static unsigned depth_of(const struct tree_node *node)
{
	unsigned left = node ? depth_of(node->left) : 0, right = node ? depth_of(node->right) : 0;

	return node ? 1 + (left > right ? left : right) : 0;
}

/* How deep a tree becomes with keys for which one of this seed would be a line: they are the weights that it would give. */
static unsigned depth_against(uint64_t known, uint64_t actual)
{
	struct tree foreseen, t;
	struct tree_node one;

	tree_init(&foreseen, known);
	tree_init(&t, actual);
	for (unsigned i = 0; i < LEAVES; i++) {
		one = (struct tree_node){.key = 0};
		tree_insert(&foreseen, &one, 0);
		leaves[i].node = (struct tree_node){.key = 0};
		tree_insert(&t, &leaves[i].node, one.weight);
		tree_take(&foreseen, &one);
	}
	return depth_of(t.root);
}

void test_foreseen(void)
{
	HOSTED_REQUIRE(depth_against(7, 7) == LEAVES);
	HOSTED_REQUIRE(depth_against(7, 8) < 64);
}
