/* See tree.h. A node moves up or down by rotations, which keep the order of the keys. */
#include "lib/tree.h"

#include <stddef.h>

/* Of a linear congruential generator with Knuth's multiplier the upper bits are random enough, and these decide. Never 0. */
static inline uint32_t next_weight(struct tree *tree)
{
	tree->seed = tree->seed * 6364136223846793005ul + 1;
	return (uint32_t)(tree->seed >> 32) | 1;
}

/* What points to a node. */
static struct tree_node **link_of(struct tree *tree, const struct tree_node *node)
{
	struct tree_node *parent = node->parent;

	if (!parent)
		return &tree->root;
	return parent->left == node ? &parent->left : &parent->right;
}

static void set_child(struct tree_node *parent, struct tree_node **link, struct tree_node *child)
{
	*link = child;
	if (child)
		child->parent = parent;
}

/* A node changes places with its parent, which takes the child of the node that lies between them. */
static void rotate_up(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent = node->parent;

	*link_of(tree, parent) = node;
	node->parent = parent->parent;
	if (parent->left == node) {
		set_child(parent, &parent->left, node->right);
		set_child(node, &node->right, parent);
	} else {
		set_child(parent, &parent->right, node->left);
		set_child(node, &node->left, parent);
	}
}

/* Of two neighbours one has no child on the side of the other: there is the place of what comes between. */
static void insert_between(struct tree *tree, struct tree_node *node, uint64_t key,
	struct tree_node *previous, struct tree_node *next)
{
	struct tree_node *parent = previous && !previous->right ? previous : next;
	struct tree_node **link = !parent ? &tree->root : parent == previous ? &parent->right : &parent->left;

	*node = (struct tree_node){.parent = parent,
		.previous = previous,
		.next = next,
		.key = key,
		.weight = next_weight(tree)};
	*link = node;
	*(previous ? &previous->next : &tree->first) = node;
	*(next ? &next->previous : &tree->last) = node;
	while (node->parent && node->parent->weight > node->weight)
		rotate_up(tree, node);
}

void tree_insert(struct tree *tree, struct tree_node *node, uint64_t key)
{
	struct tree_node *at = tree->root, *previous = NULL, *next = NULL;

	while (at) {
		bool is_before = key < at->key;

		*(is_before ? &next : &previous) = at;
		at = is_before ? at->left : at->right;
	}
	insert_between(tree, node, key, previous, next);
}

void tree_insert_after(struct tree *tree, struct tree_node *node, uint64_t key, struct tree_node *previous)
{
	insert_between(tree, node, key, previous, previous->next);
}

void tree_take(struct tree *tree, struct tree_node *node)
{
	*(node->previous ? &node->previous->next : &tree->first) = node->next;
	*(node->next ? &node->next->previous : &tree->last) = node->previous;
	while (node->left && node->right)
		rotate_up(tree, node->left->weight < node->right->weight ? node->left : node->right);
	set_child(node->parent, link_of(tree, node), node->left ? node->left : node->right);
	node->weight = 0;
}

struct tree_node *tree_after(const struct tree *tree, uint64_t key)
{
	struct tree_node *node = tree->root, *found = NULL;

	while (node) {
		bool is_after = node->key > key;

		found = is_after ? node : found;
		node = is_after ? node->left : node->right;
	}
	return found;
}
