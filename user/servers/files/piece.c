/*
 * Each block holds pieces of one size for one use, so that files never have what was kept from them; those of a kind with a
 * free piece stand in a list. A block is often made for one
 * piece that soon goes again, like a call that waits; so what has never been taken in it is not stored to before.
 */
#include "piece.h"

#include <stdint.h>
#include <string.h>

/* The head of a block of pieces. */
struct sheet {
	struct sheet *next, *previous; /* in the list of its kind, while it has a free piece */
	void **free; /* each free piece that has been taken before points to the next */
	uint16_t kind; /* of its pieces: their size, and enum block_use */
	uint16_t used;
	uint32_t fresh; /* offset of the first piece that has not */
};

static const uint16_t sizes[] = {64, 96, 128, 192, 256, 352, 512, 1008, PIECE_MAX};

enum { USES = 2, KINDS = USES * sizeof sizes / sizeof sizes[0] };

_Static_assert(FOR_FILES == 0 && FOR_HANDLES == 1, "kinds count both uses of a size");

static struct sheet *sheets[KINDS];

static void sheet_link(struct sheet *sheet)
{
	struct sheet **list = &sheets[sheet->kind];
	sheet->previous = NULL;
	sheet->next = *list;
	if (*list != NULL)
		(*list)->previous = sheet;
	*list = sheet;
}

static void sheet_unlink(struct sheet *sheet)
{
	if (sheet->previous != NULL)
		sheet->previous->next = sheet->next;
	else
		sheets[sheet->kind] = sheet->next;
	if (sheet->next != NULL)
		sheet->next->previous = sheet->previous;
}

static bool has_fresh(const struct sheet *sheet)
{
	return sheet->fresh + sizes[sheet->kind / USES] <= BLOCK_SIZE;
}

static bool is_full(const struct sheet *sheet)
{
	return sheet->free == NULL && !has_fresh(sheet);
}

static struct sheet *sheet_make(uint16_t kind)
{
	uint32_t block = block_take(0, (enum block_use)(kind % USES));
	if (block == 0)
		return NULL;
	struct sheet *sheet = (struct sheet *)block_bytes(block);
	*sheet = (struct sheet){.kind = kind, .fresh = sizeof *sheet};
	sheet_link(sheet);
	return sheet;
}

static void *sheet_take(struct sheet *sheet)
{
	void **piece = sheet->free;
	if (piece != NULL) {
		sheet->free = *piece;
	} else {
		piece = (void **)((char *)sheet + sheet->fresh);
		sheet->fresh += sizes[sheet->kind / USES];
	}
	sheet->used++;
	return piece;
}

void *piece_take(size_t size, enum block_use use)
{
	uint16_t kind = use;
	while (sizes[kind / USES] < size)
		kind += USES;
	struct sheet *sheet = sheets[kind] != NULL ? sheets[kind] : sheet_make(kind);
	if (sheet == NULL)
		return NULL;
	void *piece = sheet_take(sheet);
	if (is_full(sheet))
		sheet_unlink(sheet);
	return memset(piece, 0, sizes[kind / USES]);
}

void piece_drop(void *piece)
{
	uint32_t block = block_of(piece);
	struct sheet *sheet = (struct sheet *)block_bytes(block);
	if (is_full(sheet))
		sheet_link(sheet);
	*(void **)piece = sheet->free;
	sheet->free = piece;
	if (--sheet->used > 0)
		return;
	sheet_unlink(sheet);
	block_drop(block);
}
