#include "pages.h"

#include <sys/mman.h>

#include "block.h"
#include "outside.h"

long pages_left = -1;

char *pages_reserve(size_t count)
{
	char *at = mmap(NULL, count * BLOCK_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return at != MAP_FAILED ? at : NULL;
}

bool page_commit(char *page)
{
	if (pages_left == 0)
		return false;
	pages_left -= pages_left > 0;
	return mprotect(page, BLOCK_SIZE, PROT_READ | PROT_WRITE) == 0;
}
