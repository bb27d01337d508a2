#include "disk.h"

#include <errno.h>
#include <tabula/handles.h>

bool disk_is_there(uint32_t number)
{
	return startup_handle(STARTUP_DISK + number).value != 0;
}

int disk_give(uint32_t number, struct gift *gift)
{
	gift->handle = handle_duplicate(startup_handle(STARTUP_DISK + number), RIGHTS_SAME);
	gift->rights = RIGHTS_SAME;
	return gift->handle.value < 0 ? -ENFILE : 0;
}
