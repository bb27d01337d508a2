#include "console.h"

#include <errno.h>
#include <tabula/handles.h>

int console_give(struct gift *gift)
{
	any_handle console = startup_handle(STARTUP_CONSOLE);
	if (console.value == 0)
		return -EIO;
	gift->handle = handle_duplicate(console, RIGHTS_SAME);
	gift->rights = RIGHTS_SAME;
	return gift->handle.value < 0 ? -ENFILE : 0;
}
