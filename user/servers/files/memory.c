/*
 * What the kernel gives the file system: its memory, one object, mapped as a whole, whose pages come as they are committed;
 * time; notifications.
 */
#include <tabula/handles.h>

#include "block.h"
#include "outside.h"

char *pages_reserve(size_t count)
{
	memory_handle memory = memory_create(count * BLOCK_SIZE);
	if (memory.value < 0)
		return NULL;
	long at = vm_place(own_process(), memory, 0, count * BLOCK_SIZE, PROT_READ | PROT_WRITE, 0);
	(void)handle_close(ANY(memory)); /* the mapping keeps it */
	return at > 0 ? (char *)at : NULL;
}

/*
 * A store to a page for which there is no memory would end the server; a call that writes there is an error. So the
 * first store is the kernel's.
 */
bool page_commit(char *page)
{
	struct handle_info *info = (struct handle_info *)page;
	if (handle_info(ANY(own_process()), info) != 0)
		return false;
	*info = (struct handle_info){0};
	return true;
}

uint64_t moment_now(void)
{
	return (uint64_t)clock_now() + own_clock_epoch();
}

void notification_tell(int32_t notification, uint64_t bits)
{
	(void)notification_signal((notification_handle){notification}, bits);
}

void notification_drop(int32_t notification)
{
	(void)handle_close((any_handle){notification});
}
