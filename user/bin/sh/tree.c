/*
 * The memory of a tree: pieces that are only ever added to and go all at once.
 */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_SIZE = 4000 };

struct piece {
	struct piece *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct program *program_create(void)
{
	struct program *program = calloc(1, sizeof *program);
	if (program != NULL)
		program->users = 1;
	return program;
}

void program_take(struct program *program)
{
	program->users++;
}

void program_drop(struct program *program)
{
	if (program == NULL || --program->users > 0)
		return;
	while (program->pieces != NULL) {
		struct piece *next = program->pieces->next;
		free(program->pieces);
		program->pieces = next;
	}
	free(program);
}

void *program_memory(struct program *program, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	struct piece *piece = program->pieces;
	if (piece == NULL || size > piece->size - piece->used) {
		size_t room = size > PIECE_SIZE ? size : PIECE_SIZE;
		piece = calloc(1, sizeof *piece + room);
		if (piece == NULL)
			return NULL;
		piece->size = room;
		piece->next = program->pieces;
		program->pieces = piece;
	}
	void *memory = piece->bytes + piece->used;
	piece->used += size;
	return memory;
}

char *program_string(struct program *program, const char *bytes, size_t length)
{
	char *copy = program_memory(program, length + 1);
	if (copy != NULL)
		memcpy(copy, bytes, length); /* what follows is zero already */
	return copy;
}
