/* Processes: an address space, a table of handles and the threads that use them. */
#pragma once

#include "abi/types.h"
#include "object/aspace.h"
#include "object/handle.h"
#include "object/object.h"
#include "result.h"

enum { PROCESS_NAME_SIZE = 32 };

struct process {
	struct object object;
	uint32_t id; /* never 0 */
	bool ended;
	unsigned self_handles; /* handles in its own table that name it */
	char name[PROCESS_NAME_SIZE];
	struct aspace aspace;
	struct handle_table handles;
	struct list threads; /* by thread->siblings; each holds a reference to the process */
	struct list waiters; /* runners that wait for its end */
	struct process_result result; /* once ended */

	/* The program it was loaded with, for the names in a fault report. */
	struct memory *image; /* with a reference; NULL: none */
	uint64_t image_offset, image_size;
};

/* An empty process; NULL when memory is out. The name is cut to fit; what isn't printable becomes '?'. */
struct process *process_create(const char *name, size_t length);

/* Maps the ELF program in `image` into an empty address space: -ENOEXEC, -ENOMEM with nothing changed. */
MUST_USE int process_load(
	struct process *process, struct memory *image, uint64_t offset, uint64_t size, uint64_t *entry);

/*
 * Ends a process with all its threads: frees its address space, closes its handles, wakes who waits. If the current
 * thread is one of them, its hart has no current thread after this.
 */
void process_end(struct process *process, const struct process_result *result);

/* Names a place in its program; false without symbols. */
bool process_symbol(struct process *process, uint64_t address, char *name, size_t size, uint64_t *offset);

static inline struct process *process_of(struct object *object)
{
	return container_of(object, struct process, object);
}

/* For handle.c and object.c: a process that nothing but its own table names, and without threads, is abandoned. */
void process_count_self(struct process *owner, const struct object *object, int change);
bool process_is_abandoned(const struct process *process);
void process_end_abandoned(struct process *process);
void process_destroy(struct process *process);
