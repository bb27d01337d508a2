/* Handles, which a clone has with their values, but for what could keep it for ever. */
#include "clone.h"

/* How many handles a clone of this process has. */
static uint32_t handles_cloned(struct checks *c, process_handle to, unsigned pages)
{
	struct process_info info = {.handles = 0};
	unsigned calls = 0;
	long index = 0;

	do {
		index = process_clone_handles(to, own_process(), (uint32_t)index);
		calls++;
	} while (index > 0);
	check(c, index == 0 && calls >= pages, "%u calls, the last gave %ld", calls, index);
	process_info(to, &info);
	return info.handles;
}

static process_handle new_process(void)
{
	return process_create((const uint8_t *)"process", 7);
}

void test_handles(void)
{
	static any_handle many[1100];
	process_handle to = new_process(), young = new_process();
	struct checks c = {0};
	uint32_t all;

	for (unsigned i = 0; i < COUNT(many); i++)
		many[i] = handle_duplicate(ANY(own_archive()), RIGHTS_SAME);
	check(&c, process_clone_handles(to, own_process(), 1) == -EINVAL, "inside of a page");
	check(&c, process_clone_handles(to, own_process(), 512) == -EEXIST, "the second page first");
	all = handles_cloned(&c, to, 3);
	check(&c, process_clone_handles(to, own_process(), 0) == -EEXIST, "once more");
	check(&c, process_give(to, ANY(own_archive()), RIGHTS_SAME) > 0, "a handle more");
	handle_close(ANY(young));
	handle_close(ANY(to));
	to = new_process();
	check(&c, handles_cloned(&c, to, 3) == all, "the younger process was given");
	for (unsigned i = 0; i < COUNT(many); i++)
		handle_close(many[i]);
	handle_close(ANY(to));
	to = new_process();
	check(&c, handles_cloned(&c, to, 3) == all - COUNT(many), "without many");
	handle_close(ANY(to));
	checks_report(&c, "handles are cloned with their values, but for what could keep the clone for ever");
}
