/* A copy of a process: what it has mapped and its handles, piece by piece, as the kernel does it. */
#include <tabula/handles.h>
#include <tabula/spawn.h>

static int clone_mappings(process_handle to, process_handle from)
{
	long at = 0;
	do
		at = vm_clone(to, from, (uint64_t)at);
	while (at > 0);
	return (int)at;
}

static int clone_handles(process_handle to, process_handle from)
{
	long index = 0;
	do
		index = process_clone_handles(to, from, (uint32_t)index);
	while (index > 0);
	return (int)index;
}

process_handle process_clone(process_handle from, const char *name, size_t length)
{
	process_handle clone = process_create((const uint8_t *)name, length);
	if (clone.value < 0)
		return clone;
	int error = clone_handles(clone, from);
	if (error == 0)
		error = clone_mappings(clone, from);
	if (error != 0) {
		handle_close(ANY(clone));
		clone.value = error;
	}
	return clone;
}
