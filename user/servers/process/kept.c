/* The memory that outlives a process server: see kept.h. */
#include "kept.h"

#include <errno.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/programs.h>

#define KEPT_SIZE ((sizeof(struct kept) + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE)

_Static_assert(KEPT_SIZE <= PROCESS_KEPT_SIZE, "init makes it large enough");

struct kept *kept;

static bool hold(const void *start, size_t size)
{
	uint64_t at = (uintptr_t)start, last = at + size - 1;

	for (at &= -(uint64_t)PAGE_SIZE; at <= last; at += PAGE_SIZE)
		if (process_read(own_process(), at, (uint8_t[1]){0}, 1) != 1)
			return false;
	return true;
}

bool kept_hold(const struct program *program)
{
	return hold(program, sizeof(*program));
}

struct queued *kept_queue(const struct program *program)
{
	return kept->queues[program - kept->programs];
}

bool kept_hold_queue(const struct program *program)
{
	return hold(kept_queue(program), sizeof(kept->queues[0]));
}

int kept_open(void)
{
	memory_handle memory = {startup_handle(STARTUP_KEPT).value};
	long at;

	if (memory.value <= 0)
		memory = memory_create(KEPT_SIZE);
	if (memory.value < 0)
		return memory.value;
	at = vm_place(own_process(), memory, 0, KEPT_SIZE, PROT_READ | PROT_WRITE, 0);
	if (at < 0)
		return (int)at;
	kept = (struct kept *)at;
	if (!hold(kept, offsetof(struct kept, programs)))
		return -ENOMEM;
	if (kept->form != sizeof(*kept))
		memset(kept, 0, offsetof(struct kept, programs));
	kept->form = sizeof(*kept);
	return 0;
}
