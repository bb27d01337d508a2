#include "directory.h"

#include <string.h>

#include "block.h"
#include "piece.h"

enum {
	BLOCK_CHAINS = BLOCK_SIZE / sizeof(struct entry *),
	TABLE_BLOCKS_MAX = 512,
	COOKIE_FIRST = COOKIE_ABOVE + 1,
};

/* The table: chains of entries, in blocks whose number is a power of two. */
static struct entry **table[TABLE_BLOCKS_MAX];
static uint32_t table_blocks;
static uint32_t entries;

static struct entry **chain_of(uint32_t hash)
{
	uint32_t chain = hash & (table_blocks * BLOCK_CHAINS - 1);
	return &table[chain / BLOCK_CHAINS][chain % BLOCK_CHAINS];
}

static uint32_t hash_of(const struct node *directory, const char *name, size_t length)
{
	uint64_t hash = directory->number * 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3;
	return (uint32_t)(hash ^ hash >> 32);
}

static bool table_add_blocks(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		uint32_t block = block_take(0, FOR_FILES);
		if (block == 0) {
			while (i-- > from)
				block_drop(block_of(table[i]));
			return false;
		}
		table[i] = (struct entry **)block_bytes(block);
		memset(table[i], 0, BLOCK_SIZE);
	}
	return true;
}

/* Twice as many chains: the entries of each go to two. Where there is no room for that, the chains grow. */
static bool table_grow(void)
{
	uint32_t old = table_blocks, new = old > 0 ? old * 2 : 1;
	if (new > TABLE_BLOCKS_MAX || !table_add_blocks(old, new))
		return old > 0;
	table_blocks = new;
	for (uint32_t chain = 0; chain < old * BLOCK_CHAINS; chain++) {
		struct entry *entry = table[chain / BLOCK_CHAINS][chain % BLOCK_CHAINS];
		table[chain / BLOCK_CHAINS][chain % BLOCK_CHAINS] = NULL;
		while (entry != NULL) {
			struct entry *next = entry->next_in_chain;
			struct entry **to = chain_of(entry->hash);
			entry->next_in_chain = *to;
			*to = entry;
			entry = next;
		}
	}
	return true;
}

struct entry *directory_find(struct node *directory, const char *name, size_t length)
{
	if (table_blocks == 0)
		return NULL;
	uint32_t hash = hash_of(directory, name, length);
	struct entry *entry = *chain_of(hash);
	while (entry != NULL && !(entry->hash == hash && entry->directory == directory &&
					entry->length == length && memcmp(entry->name, name, length) == 0))
		entry = entry->next_in_chain;
	return entry;
}

static void list_append(struct directory *directory, struct entry *entry)
{
	entry->previous = directory->last;
	if (directory->last != NULL)
		directory->last->next = entry;
	else
		directory->first = entry;
	directory->last = entry;
	directory->count++;
}

static void list_remove(struct directory *directory, struct entry *entry)
{
	if (entry->previous != NULL)
		entry->previous->next = entry->next;
	else
		directory->first = entry->next;
	if (entry->next != NULL)
		entry->next->previous = entry->previous;
	else
		directory->last = entry->previous;
	directory->count--;
}

/* A directory is named by its entry, by its own "." and by the ".." of those in it. */
static void entry_take_node(struct entry *entry, struct node *node)
{
	entry->node = node;
	node_link(node);
	if (!node_is_directory(node))
		return;
	node_link(node);
	node->directory.entry = entry;
	entry->directory->links++;
}

static void entry_drop_node(struct entry *entry)
{
	struct node *node = entry->node;
	if (node_is_directory(node)) {
		entry->directory->links--;
		node->links--;
		/* Unless it has moved and this is the place it had before. */
		if (node->directory.entry == entry)
			node->directory.entry = NULL;
	}
	node_unlink(node);
}

struct entry *directory_add(struct node *directory, const char *name, size_t length, struct node *node)
{
	if (entries >= 2 * table_blocks * BLOCK_CHAINS && !table_grow())
		return NULL;
	struct entry *entry = piece_take(sizeof *entry + length, FOR_FILES);
	if (entry == NULL)
		return NULL;
	entry->directory = directory;
	entry->hash = hash_of(directory, name, length);
	entry->length = (uint16_t)length;
	memcpy(entry->name, name, length);
	if (directory->directory.cookie < COOKIE_FIRST)
		directory->directory.cookie = COOKIE_FIRST;
	entry->cookie = ++directory->directory.cookie;
	struct entry **chain = chain_of(entry->hash);
	entry->next_in_chain = *chain;
	*chain = entry;
	entries++;
	list_append(&directory->directory, entry);
	entry_take_node(entry, node);
	node_mark(directory, MARK_MODIFIED);
	return entry;
}

void directory_remove(struct entry *entry)
{
	struct node *directory = entry->directory;
	struct entry **link = chain_of(entry->hash);
	while (*link != entry)
		link = &(*link)->next_in_chain;
	*link = entry->next_in_chain;
	entries--;
	list_remove(&directory->directory, entry);
	node_mark(directory, MARK_MODIFIED);
	entry_drop_node(entry);
	piece_drop(entry);
}

void directory_replace(struct entry *entry, struct node *node)
{
	node_use(node);
	entry_drop_node(entry);
	entry_take_node(entry, node);
	node_mark(entry->directory, MARK_MODIFIED);
	node_leave(node);
}

struct entry *directory_after(struct node *directory, uint64_t cookie)
{
	struct entry *entry = directory->directory.first;
	if (directory->directory.last != NULL && directory->directory.last->cookie <= cookie)
		return NULL;
	while (entry != NULL && entry->cookie <= cookie)
		entry = entry->next;
	return entry;
}

struct node *directory_above(struct node *directory)
{
	if (directory->directory.entry != NULL)
		return directory->directory.entry->directory;
	return directory->links > 0 ? directory : NULL;
}

bool directory_is_below(struct node *directory, const struct node *node)
{
	while (directory != NULL && directory != node) {
		struct node *above = directory_above(directory);
		directory = above != directory ? above : NULL;
	}
	return directory != NULL;
}
