/* Clones when memory is out, and that copies and clones leave nothing behind. */
#include "clone.h"

enum { DRY_PAGES = 200 };

static uint8_t *dry;

static void write_all(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < DRY_PAGES; i++)
		dry[i * PAGE_SIZE] = 2;
	process_exit(GOOD);
}

void test_dry(void)
{
	struct pages pages = pages_map(DRY_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
	struct process_result result;
	struct checks c = {0};

	dry = pages.at;
	for (unsigned i = 0; i < DRY_PAGES; i++)
		dry[i * PAGE_SIZE] = 1;
	frames_leave(DRY_PAGES / 2);
	result = clone_run(&c, write_all);
	check(&c, result.reason == END_REASON_FAULTED && result.status == 137, "it ended with %d, reason %d",
		result.status, (int)result.reason);
	for (unsigned i = 0; i < DRY_PAGES; i++)
		check(&c, dry[i * PAGE_SIZE] == 1, "page %u is %u", i, dry[i * PAGE_SIZE]);
	for (unsigned i = 0; i < DRY_PAGES; i++)
		dry[i * PAGE_SIZE] = 3; /* the clone is gone: nothing has to be copied */
	check(&c, frames_free() >= DRY_PAGES / 4, "%ld frames are free", frames_free());
	pages_unmap(&pages);
	checks_report(&c, "a clone that runs out of memory ends, and takes nothing with it");
}

/* Has the kernel make what it counts shared frames in, and keeps, for most of the frames that are left. */
static void share_most(struct checks *c)
{
	memory_handle memory = memory_create(LEFT * PAGE_SIZE), copy = memory_create(LEFT * PAGE_SIZE);
	unsigned pages = 0;
	uint64_t done = 0;
	long n = 1;

	while (pages < LEFT - 30 && page_fill(memory, pages))
		pages++;
	while (n > 0 && done < pages * PAGE_SIZE) {
		n = memory_copy(copy, done, memory, done, pages * PAGE_SIZE - done);
		done += n > 0 ? (uint64_t)n : 0;
	}
	check(c, n > 0, "copying %u pages gave %ld", pages, n);
	handle_close(ANY(memory));
	handle_close(ANY(copy));
}

void use_everything(struct checks *c)
{
	struct pages mapped = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	memory_handle shared = memory_create(PAGE_SIZE);
	long at = vm_map(own_process(), 0, shared, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);

	objects[0].memory = memory_create(PAGE_SIZE);
	told = notification_create();
	share_most(c);
	mapped_word = (volatile uint64_t *)(uintptr_t)mapped.at;
	shared_word = (volatile uint64_t *)at;
	for (unsigned i = 0; i < 5; i++)
		clone_and_look(c);
	vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE);
	pages_unmap(&mapped);
	handle_close(ANY(shared));
	handle_close(ANY(told));
	handle_close(ANY(objects[0].memory));
	for (unsigned i = 0; i < OBJECTS; i++)
		object_make(i);
	for (unsigned i = 0; i < 40; i++)
		copy_part(c, i % OBJECTS, (i + 1) % OBJECTS);
	for (unsigned i = 0; i < OBJECTS; i++)
		object_drop(i);
}
