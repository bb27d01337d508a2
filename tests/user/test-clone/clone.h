/* What the parts of test-clone share: objects beside a model of them, and clones of this process that run something. */
#pragma once

#include "suite.h"

enum {
	OBJECTS = 5,
	PAGES = 8, /* of an object */
	LEFT = 600, /* pages that are free while it is seen whether any are lost */
	GOOD = 42, /* how a clone ends that has found all as it should be */
};

#define FIRST        0x600000000ul /* where an object is mapped here, another one every GAP */
#define SECOND_PLACE 0x700000000ul
#define GAP          0x100000ul

struct object {
	memory_handle memory;
	process_handle peer; /* it is mapped in there, too */
	uint64_t model[PAGES]; /* a word of each page */
};

/* ---- model.c */

extern struct object objects[OBJECTS];

void object_map(process_handle process, uint64_t base, unsigned i);
void object_make(unsigned i);
void object_drop(unsigned i);

/* A new object in the place of one, of which a part is a copy of another one's, perhaps at another place. */
void copy_part(struct checks *c, unsigned to, unsigned from);

/* ---- process.c */

extern volatile uint64_t *shared_word,
	*mapped_word; /* of a page that clones share, and of one that they copy */
extern notification_handle told; /* by a clone */

/* Clones this process and has a thread of the clone call something; how it ended. */
struct process_result clone_run(struct checks *c, void (*run)(void *));

/* A clone that changes what it can; what this process sees of that. */
void clone_and_look(struct checks *c);

/* ---- the tests, by what they are about */

void test_model(void);
void test_writers(void);
void test_process(void);
void test_pieces(void);
void test_handles(void);
void test_wrong(void);
void test_protect(void);
void test_protect_running(void);
void test_dry(void);

/* For test_nothing_is_lost: some of everything. */
void use_everything(struct checks *c);
