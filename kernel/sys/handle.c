/* Calls about handles. */
#include "object/handle.h"

#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/thread.h"

long sys_handle_close(struct handle_ref h)
{
	return handle_remove(current_process(), h.value);
}

handle_result sys_handle_duplicate(struct handle_ref h, uint32_t rights)
{
	if (rights == RIGHTS_SAME)
		rights = h.rights;
	if (rights & ~h.rights)
		return (handle_result){-EACCES};

	return handle_add(current_process(), h.object, rights);
}

long sys_handle_info(struct handle_ref h, struct handle_info *info)
{
	info->type = h.object->type;
	info->rights = h.rights;
	return 0;
}
