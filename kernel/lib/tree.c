/* See tree.h. A node moves up or down by rotations, which keep the order of the keys. */
#include "lib/tree.h"

#include <stddef.h>

/* The bits of the seed mixed: odd, and so never 0. */
static uint32_t next_weight(struct tree *tree)
{
	uint64_t x = ++tree->seed * 0x9e3779b97f4a7c15;

	x = (x ^ x >> 32) * 0xbf58476d1ce4e5b9;
	return (uint32_t)(x >> 32) | 1;
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

/* Of two neighbours in the tree one has no child on the side of the other: there is the place of what comes between. */
static void stand_between(
	struct tree *tree, struct tree_node *node, struct tree_node *previous, struct tree_node *next)
{
	struct tree_node *parent = previous && !previous->right ? previous : next;

	node->parent = parent;
	node->left = node->right = NULL;
	node->weight = next_weight(tree);
	*(!parent ? &tree->root : parent == previous ? &parent->right : &parent->left) = node;
	while (node->parent && node->parent->weight > node->weight)
		rotate_up(tree, node);
}

/* The last that stands in the tree with no greater key than this, NULL when there is none; `above`: the one after it there. */
static inline struct tree_node *find(const struct tree *tree, uint64_t key, struct tree_node **above)
{
	struct tree_node *node = tree->root, *found = NULL;

	*above = NULL;
	while (node) {
		bool is_above = node->key > key;

		*(is_above ? above : &found) = node;
		node = is_above ? node->left : node->right;
	}
	return found;
}

/* The first with a greater key than this, of those from this one that stands in the tree on. */
static inline struct tree_node *walk(const struct tree *tree, const struct tree_node *from, uint64_t key)
{
	struct tree_node *node = from ? from->next : tree->first;

	while (node && node->key <= key)
		node = node->next;
	return node;
}

void tree_insert(struct tree *tree, struct tree_node *node, uint64_t key)
{
	struct tree_node *above, *below = find(tree, key, &above), *next = walk(tree, below, key);

	tree_line_up(tree, node, key, next ? next->previous : tree->last, next);
	stand_between(tree, node, below, above);
}

void tree_stand(struct tree *tree, struct tree_node *node)
{
	struct tree_node *previous = node->previous, *next = node->next;

	while (previous && tree_is_aside(previous))
		previous = previous->previous;
	while (next && tree_is_aside(next))
		next = next->next;
	stand_between(tree, node, previous, next);
}

/* A node that stands aside takes the place of the one before it that stands, and its weight. */
static void replace(struct tree *tree, struct tree_node *node, struct tree_node *by)
{
	by->weight = node->weight;
	set_child(node->parent, link_of(tree, node), by);
	by->left = by->right = NULL;
	if (node->left)
		set_child(by, &by->left, node->left);
	if (node->right)
		set_child(by, &by->right, node->right);
}

/* What stands aside behind it would make the row before it longer: so the first of these stands in its place. */
static void leave(struct tree *tree, struct tree_node *node)
{
	if (node->next && tree_is_aside(node->next)) {
		replace(tree, node, node->next);
		return;
	}
	while (node->left && node->right)
		rotate_up(tree, node->left->weight < node->right->weight ? node->left : node->right);
	set_child(node->parent, link_of(tree, node), node->left ? node->left : node->right);
}

void tree_take(struct tree *tree, struct tree_node *node)
{
	*(node->previous ? &node->previous->next : &tree->first) = node->next;
	*(node->next ? &node->next->previous : &tree->last) = node->previous;
	if (!tree_is_aside(node))
		leave(tree, node);
	node->weight = 0;
}

struct tree_node *tree_after(const struct tree *tree, uint64_t key)
{
	struct tree_node *above;

	return walk(tree, find(tree, key, &above), key);
}
