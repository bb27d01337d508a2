/* Doubly linked lists through a member of the listed thing; a list is a node that stands for both ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list {
	struct list *next;
	struct list *previous;
};

/* The structure of `type` whose `member` is at `pointer`. */
#define container_of(pointer, type, member) ((type *)((uintptr_t)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/* Puts `node` before `position`; before the list itself means last. */
static inline void list_insert_before(struct list *position, struct list *node)
{
	struct list *previous = position->previous;

	node->next = position;
	node->previous = previous;
	previous->next = node;
	position->previous = node;
}

static inline void list_append(struct list *list, struct list *node)
{
	list_insert_before(list, node);
}

/* Takes `node` out and leaves it a list of its own, so that taking it out again does nothing. */
static inline void list_remove(struct list *node)
{
	struct list *next = node->next, *previous = node->previous;

	previous->next = next;
	next->previous = previous;
	list_init(node);
}

/* Moves all of `from` behind what is in `to`. */
static inline void list_append_all(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->previous = to->previous;
	to->previous->next = from->next;
	from->previous->next = to;
	to->previous = from->previous;
	list_init(from);
}

#define list_first(list, type, member) container_of((list)->next, type, member)

/* Walks a list; the body may not remove `item`. The list itself is no member of anything, so it is compared as a number. */
#define list_each(item, list, type, member) \
	for (type *item = container_of((list)->next, type, member); \
		(uintptr_t)item + offsetof(type, member) != (uintptr_t)(list); \
		item = container_of(item->member.next, type, member))
