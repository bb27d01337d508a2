/* Programs: who there is, whose child, and how it ended. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <tabula/serve/program.h>

enum { PROGRAMS_MOST = 1024, NAME_SIZE = 32, FIRST_PROGRAM = 1 };

struct program {
	struct client client; /* first: what a request comes with */
	struct program *next; /* in the order of the numbers */
	struct program *parent; /* NULL: nobody waits for it */
	uint32_t pid;
	uint32_t group;
	enum program_state state;
	uint32_t status; /* of an ended one: as program_wait tells it */
	process_handle process; /* 0: none yet */
	process_handle coming; /* what program_exec has announced; 0: nothing */
	enum action actions[NSIG];
	char name[NAME_SIZE];
};

static inline struct program *program_of(struct client *client)
{
	return (struct program *)client;
}

/* All there are, the lowest number first. */
struct program *program_first(void);

/* NULL: there is none of this number. */
struct program *program_find(uint32_t pid);

/* A new one, starting; NULL when there are too many, or memory is out. */
struct program *program_make(struct program *parent, const char *name);

void program_rename(struct program *program, const char *name);

/* Nobody will ask for it any more. It has no handles. */
void program_forget(struct program *program);

/* Its last handle is gone: learns how it ended. Its children are another's from now on, who will not wait for them. */
void program_end(struct program *program, struct program *heir);
