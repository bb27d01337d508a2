/* Contiguous memory, piece by piece. The object is complete before it gets a handle; nobody knows of it until then. */
#include "object/contiguous.h"

#include "abi/abi.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "mem/pool.h"

enum { WORK_ZEROS = 60 /* for a page */ };

struct making {
	struct memory *memory; /* with a reference */
	struct frame_search search;
	uint64_t zeroed; /* pages */
};

static struct pool makings = POOL_INIT(makings, struct making);

static bool is_for(const struct making *making, uint64_t size, uint64_t align)
{
	return making && making->memory->size == size && making->search.align == align >> PAGE_SHIFT;
}

/* NULL when memory is out. */
static struct making *begin(uint64_t size, uint64_t align)
{
	struct memory *memory = memory_create_contiguous(size);
	struct making *making = memory ? pool_alloc(&makings, memory->object.account) : NULL;

	if (!making) {
		if (memory)
			object_put(&memory->object);
		return NULL;
	}
	making->memory = memory;
	making->search.count = size >> PAGE_SHIFT;
	making->search.align = align >> PAGE_SHIFT;
	return making;
}

static int find(struct making *making, int *work)
{
	paddr_t first;
	int error = frame_alloc_run(&making->search, work, &first);

	if (!error)
		memory_give_run(making->memory, first);
	return error == FRAME_SEARCH_ON ? CONTIGUOUS_MORE : error;
}

static void zero(struct making *making, int *work)
{
	char *start = direct(memory_run(making->memory));

	for (; making->zeroed<making->search.count && * work> 0; making->zeroed++, *work -= WORK_ZEROS)
		memset(start + (making->zeroed << PAGE_SHIFT), 0, PAGE_SIZE);
}

static int advance(struct making *making)
{
	int work = WORK_PASS;

	if (!memory_run(making->memory).value)
		TRY(find(making, &work));
	zero(making, &work);
	return making->zeroed < making->search.count ? CONTIGUOUS_MORE : 0;
}

int contiguous_make(struct making **making, uint64_t size, uint64_t align, struct memory **made)
{
	int error;

	if (!is_for(*making, size, align)) {
		contiguous_abandon(making);
		*making = begin(size, align);
		if (!*making)
			return -ENOMEM;
	}
	error = advance(*making);
	if (error == CONTIGUOUS_MORE)
		return error;
	if (!error) {
		*made = (*making)->memory;
		object_take_another(&(*made)->object);
	}
	contiguous_abandon(making);
	return error;
}

void contiguous_abandon(struct making **making)
{
	struct memory *memory;

	if (!*making)
		return;
	memory = (*making)->memory;
	pool_free(&makings, memory->object.account, *making);
	*making = NULL;
	object_put(&memory->object);
}
