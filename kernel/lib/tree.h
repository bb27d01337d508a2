/*
 * Things sorted by a number, such as a time: a treap, a binary tree that stays shallow because each node has a random weight,
 * and a lighter one is never below a heavier one. To put in, to find and to take out takes steps in the logarithm of how
 * many there are; the first and the last are at hand, and so are the neighbours of each: beside a known one another is put in with a few
 * steps, however many there are. Of those that are put in so, three of four do not stand in the tree at all, but aside:
 * they are found by going on from the one before them that does, which are a few steps more, while putting in and taking out
 * are no more than their neighbours' links. No more than TREE_ASIDE_MOST are ever in a row, whoever chooses what is put in and
 * taken out. Equal ones stay in the order in which they came. Pure; who shares it, locks it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the thing; full of zeros it is in no tree. */
struct tree_node {
	struct tree_node *parent, *left, *right; /* of one that stands in the tree */
	struct tree_node *previous, *next; /* in the order of the keys; NULL: there is none */
	uint64_t key; /* stays when it is taken out */
	/* 0: in no tree. Odd: it stands in one. Even: it stands aside, and its row up to itself has half as many at most. */
	uint32_t weight;
};

/* Full of zeros it is empty; but see tree_init. */
struct tree {
	struct tree_node *root;
	struct tree_node *first, *last; /* with the least key and the greatest; NULL: empty */
	uint64_t seed; /* counts up: what the next weight comes from */
};

/*
 * Empty. Who knows the seed knows the weights, and can choose keys with which each node stands below the one before: so
 * where programs choose them, it is a number that they do not know.
 */
static inline void tree_init(struct tree *tree, uint64_t seed)
{
	*tree = (struct tree){.seed = seed};
}

static inline bool tree_has(const struct tree_node *node)
{
	return node->weight;
}

enum {
	TREE_ASIDE_MOST = 16, /* in a row */
	TREE_TURNS = 4, /* one of so many that are put in beside a known one stands */
};

/* Of a node that is in a tree. */
static inline bool tree_is_aside(const struct tree_node *node)
{
	return !(node->weight & 1);
}

/* Between its neighbours in the order of all. */
static inline void tree_line_up(struct tree *tree, struct tree_node *node, uint64_t key,
	struct tree_node *previous, struct tree_node *next)
{
	node->key = key;
	node->previous = previous;
	node->next = next;
	*(previous ? &previous->next : &tree->first) = node;
	*(next ? &next->previous : &tree->last) = node;
}

/* Has a node stand in the tree that has been lined up. */
void tree_stand(struct tree *tree, struct tree_node *node);

/* Puts in a node that is in no tree. */
void tree_insert(struct tree *tree, struct tree_node *node, uint64_t key);

/* The same behind a node after which it belongs, and before the next one of that. */
static inline void tree_insert_after(
	struct tree *tree, struct tree_node *node, uint64_t key, struct tree_node *previous)
{
	uint32_t aside = tree_is_aside(previous) ? previous->weight + 2 : 2;
	struct tree_node *next = previous->next;

	tree_line_up(tree, node, key, previous, next);
	node->weight = aside;
	/* In the midst of a row it would make those behind it one more than they say. */
	if (!(++tree->seed % TREE_TURNS) || aside > 2 * TREE_ASIDE_MOST || (next && tree_is_aside(next)))
		tree_stand(tree, node);
}

/* Puts in a node whose key is hardly ever less than that of the last: a few steps then, however many there are. */
static inline void tree_append(struct tree *tree, struct tree_node *node, uint64_t key)
{
	struct tree_node *last = tree->last;

	if (last && last->key > key) {
		tree_insert(tree, node, key);
	} else if (last) {
		tree_insert_after(tree, node, key, last);
	} else {
		tree_line_up(tree, node, key, NULL, NULL);
		node->weight = 2; /* aside, and nobody stands before it */
	}
}

/* Takes out a node that is in this tree. */
void tree_take(struct tree *tree, struct tree_node *node);

/* The same for one that may be in none. */
static inline void tree_remove(struct tree *tree, struct tree_node *node)
{
	if (tree_has(node))
		tree_take(tree, node);
}

/* The first with a greater key than this; NULL when there is none. */
struct tree_node *tree_after(const struct tree *tree, uint64_t key);
