#include "node.h"

#include <sys/stat.h>

#include "outside.h"
#include "piece.h"

static uint64_t last_number;

uint64_t node_number(void)
{
	return ++last_number;
}

struct node *node_make(uint32_t mode)
{
	struct node *node = piece_take(sizeof *node, FOR_FILES);
	if (node == NULL)
		return NULL;
	node->number = node_number();
	node->mode = mode;
	node->uses = 1;
	node->accessed = node->modified = node->changed = moment_now();
	return node;
}

static void node_check(struct node *node)
{
	if (node->links > 0 || node->uses > 0)
		return;
	if (node_is_file(node))
		(void)data_resize(&node->data, 0);
	else if (node_is_link(node) && node->link.target != NULL)
		piece_drop(node->link.target);
	piece_drop(node);
}

void node_use(struct node *node)
{
	node->uses++;
}

void node_leave(struct node *node)
{
	node->uses--;
	node_check(node);
}

void node_link(struct node *node)
{
	node->links++;
	node_mark(node, MARK_CHANGED);
}

void node_unlink(struct node *node)
{
	node->links--;
	node_mark(node, MARK_CHANGED);
	node_check(node);
}

void node_date(struct node *node)
{
	if (node->marks == 0)
		return;
	uint64_t now = moment_now();
	if (node->marks & MARK_ACCESSED)
		node->accessed = now;
	if (node->marks & MARK_MODIFIED)
		node->modified = now;
	if (node->marks & (MARK_MODIFIED | MARK_CHANGED))
		node->changed = now;
	node->marks = 0;
}

void node_set_mode(struct node *node, uint32_t mode)
{
	node->mode = (node->mode & ~(uint32_t)MODE_BITS) | (mode & MODE_BITS);
	node_mark(node, MARK_CHANGED);
}

void node_set_times(struct node *node, uint64_t accessed, uint64_t modified, enum times which)
{
	node_date(node);
	if (which & TIMES_ACCESSED)
		node->accessed = accessed;
	if (which & TIMES_MODIFIED)
		node->modified = modified;
	if (which & TIMES_ACCESSED_NOW)
		node_mark(node, MARK_ACCESSED);
	if (which & TIMES_MODIFIED_NOW)
		node_mark(node, MARK_MODIFIED);
	node_mark(node, MARK_CHANGED);
}
