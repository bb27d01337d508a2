/* Memory: a page with many mappings, which is shared with a copy, and written to. */
#include "crowds.h"

static uint64_t at[CROWD];

static void map_often(struct checks *c, memory_handle memory)
{
	for (unsigned i = 0; i < CROWD; i++)
		at[i] = (uint64_t)vm_map(own_process(), 0, memory, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	check(c, (long)at[CROWD - 1] > 0, "the last mapping: %ld", (long)at[CROWD - 1]);
}

/* Touches the page in each mapping: whether it has this byte. */
static void see(struct checks *c, uint8_t byte)
{
	for (unsigned i = 0; i < CROWD; i++)
		check(c, *(volatile uint8_t *)at[i] == byte, "mapping %u", i);
}

static void unmap_all(struct checks *c)
{
	for (unsigned i = 0; i < CROWD; i++)
		check(c, !vm_unmap(own_process(), at[i], PAGE_SIZE), "mapping %u goes", i);
}

/* What the page is to have now, and a copy of it still. */
static void see_both(struct checks *c, uint8_t byte, memory_handle copy, uint8_t before)
{
	uint8_t copied = 0;

	see(c, byte);
	check(c, memory_read(copy, 0, &copied, 1) == 1 && copied == before, "the copy has %u", copied);
}

void test_mappings(void)
{
	struct checks c = {0};
	memory_handle memory = memory_create(PAGE_SIZE);

	map_often(&c, memory);
	*(volatile uint8_t *)at[0] = 1;
	see(&c, 1);
	unmap_all(&c);
	handle_close(ANY(memory));
	checks_report(&c, "many mappings of a page");
}

/* The page is written to by all of them before, so all have to give that up. */
void test_copied(void)
{
	struct checks c = {0};
	memory_handle memory = memory_create(PAGE_SIZE), copy = memory_create(PAGE_SIZE);

	map_often(&c, memory);
	for (unsigned i = 0; i < CROWD; i++)
		*(volatile uint8_t *)at[i] = 1;
	check(&c, memory_copy(copy, 0, memory, 0, PAGE_SIZE) == PAGE_SIZE, "the copy");
	*(volatile uint8_t *)at[CROWD / 2] = 2;
	see_both(&c, 2, copy, 1);
	unmap_all(&c);
	handle_close(ANY(memory));
	handle_close(ANY(copy));
	checks_report(&c, "a page with many mappings is copied");
}

/* ---- ways to write to the page */

static const uint8_t written = 2;

static bool store(memory_handle memory)
{
	(void)memory;
	*(volatile uint8_t *)at[CROWD / 2] = written;
	return true;
}

static bool write_by_object(memory_handle memory)
{
	return memory_write(memory, 0, &written, 1) == 1;
}

static bool write_by_process(memory_handle memory)
{
	(void)memory;
	return process_write(own_process(), at[1], &written, 1) == 1;
}

/* The call has the page to itself before it looks at the word. */
static bool wait_there(memory_handle memory)
{
	return futex_wait(at[CROWD - 1], 0, DEADLINE_NEVER) == -EAGAIN && store(memory);
}

/* Bytes that a call gives back. */
static bool read_there(memory_handle memory)
{
	memory_handle from = memory_create(PAGE_SIZE);
	bool done = memory_write(from, 0, &written, 1) == 1 && memory_read(from, 0, (uint8_t *)at[2], 1) == 1;

	(void)memory;
	handle_close(ANY(from));
	return done;
}

/* A struct that a call gives back. */
static bool tell_there(memory_handle memory)
{
	struct memory_info *info = (struct memory_info *)(at[3] + 64);

	return !memory_info(memory, info) && info->size == PAGE_SIZE && store(memory);
}

/* Text that does; the log has some. */
static bool log_there(memory_handle memory)
{
	struct system_info info;

	return !system_info(own_system(), &info) &&
	       log_read(own_system(), info.log_end - 16, (uint8_t *)(at[4] + 64), 16) == 16 && store(memory);
}

/* When an interrupt comes, on a machine that takes a nanosecond for an instruction: after the first pass, before the last. */
enum { SOON = 20000 };

/*
 * Many see a page that is shared with a copy already; when it is written to, none of them may keep the old one. An interrupt that
 * comes meanwhile is not kept waiting, as tests/boot/test_latency.py measures.
 */
static void leave(struct checks *c, bool (*write)(memory_handle), timer_handle timer)
{
	memory_handle memory = memory_create(PAGE_SIZE), copy = memory_create(PAGE_SIZE);
	const uint8_t before = 1;

	check(c, memory_write(memory, 0, &before, 1) == 1, "what it has before");
	check(c, memory_copy(copy, 0, memory, 0, PAGE_SIZE) == PAGE_SIZE, "the copy");
	map_often(c, memory);
	see(c, before);
	timer_set(timer, now() + SOON, 0);
	check(c, write(memory), "a write");
	see_both(c, written, copy, before);
	unmap_all(c);
	handle_close(ANY(memory));
	handle_close(ANY(copy));
}

void test_left(void)
{
	static bool (*const ways[])(memory_handle) = {
		store, write_by_object, write_by_process, wait_there, read_there, tell_there, log_there};
	notification_handle notification = notification_create();
	timer_handle timer = timer_create(notification, 1);
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(ways); i++)
		leave(&c, ways[i], timer);
	check(&c, notification_wait(notification, 1, DEADLINE_NEVER) == 1, "no timer went off");
	handle_close(ANY(timer));
	handle_close(ANY(notification));
	checks_report(&c, "a page with many mappings leaves its copy");
}
