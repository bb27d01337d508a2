/*
 * Clones of this process: their own memory, what is shared, and the same handles. What runs in them may not use the C library:
 * a thread has no data of its own there.
 */
#include "clone.h"

static alignas(16) char clone_stack[4096];
static volatile uint64_t private_word = 1;
volatile uint64_t *shared_word, *mapped_word;
notification_handle told;

/* As suite_thread_entry, in another process. */
static void run_in_clone(void *unused)
{
	long at;

	(void)unused;
	if (private_word != 2 || *mapped_word != 20 || *shared_word != 30)
		process_exit(1);
	private_word = 3;
	*mapped_word = 21;
	*shared_word = 31;
	if (private_word != 3 || *mapped_word != 21)
		process_exit(2);
	/* Its handle to itself is one to itself: what is mapped by it can be touched. */
	at = vm_map(own_process(), SECOND_PLACE, objects[0].memory, 0, PAGE_SIZE, PROT_WRITE, MAP_FIXED);
	if (at != (long)SECOND_PLACE)
		process_exit(3);
	*(volatile uint64_t *)SECOND_PLACE = 7;
	notification_signal(told, 1);
	process_exit(GOOD);
}

static struct suite_thread in_clone;

/* Gives the clone what is told to end after its memory has. */
static void give_last(struct checks *c, process_handle clone)
{
	endpoint_handle badge = endpoint_badge(ends_endpoint(), 1);

	check(c, process_give(clone, ANY(badge), RIGHTS_SAME) > 0, "giving the clone a badge");
	handle_close(ANY(badge));
}

/*
 * A process has ended before its memory has gone: that waits until other harts have left the kernel once. Until then what
 * they have in common is still copied when it is written to.
 */
static void wait_for_last(struct checks *c)
{
	struct message message = {.deadline = now() + PATIENCE};

	check(c, !ipc_receive(ends_endpoint(), &message) && message.label == MESSAGE_BADGE_GONE,
		"the memory of the clone does not go");
}

struct process_result clone_run(struct checks *c, void (*run)(void *))
{
	struct process_result result = {.reason = (enum end_reason) - 1};
	process_handle clone;
	thread_handle thread;

	in_clone.run = run; /* copied with the rest */
	clone = process_clone(own_process(), "clone", 5);
	if (!check(c, clone.value > 0, "clone gave %d", clone.value))
		return result;
	give_last(c, clone);
	thread = thread_create(clone, (uintptr_t)suite_thread_entry,
		(uintptr_t)clone_stack + sizeof(clone_stack), (uintptr_t)&in_clone);
	check(c, thread.value > 0, "thread gave %d", thread.value);
	private_word += 10;
	check(c, !process_wait(clone, now() + PATIENCE, &result), "the clone does not end");
	private_word -= 10;
	handle_close(ANY(thread));
	handle_close(ANY(clone));
	wait_for_last(c);
	return result;
}

void clone_and_look(struct checks *c)
{
	struct process_result result;

	private_word = 2;
	*mapped_word = 20;
	*shared_word = 30;
	result = clone_run(c, run_in_clone);
	check(c, child_exited(&result, GOOD), "the clone ended with %d, reason %d", result.status,
		(int)result.reason);
	check(c, private_word == 2 && *mapped_word == 20, "the clone has changed what is not its own");
	check(c, *shared_word == 31, "what is shared is %lu", (unsigned long)*shared_word);
	check(c, notification_wait(told, 1, 0) == 1, "the clone's handles are others");
}

void test_process(void)
{
	struct pages mapped = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	memory_handle shared = memory_create(PAGE_SIZE);
	struct checks c = {0};
	long at;

	objects[0].memory = memory_create(PAGE_SIZE);
	told = notification_create();
	at = vm_map(own_process(), 0, shared, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	mapped_word = (volatile uint64_t *)(uintptr_t)mapped.at;
	shared_word = (volatile uint64_t *)at;
	for (unsigned i = 0; i < 30; i++)
		clone_and_look(&c);
	vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE);
	pages_unmap(&mapped);
	handle_close(ANY(shared));
	handle_close(ANY(told));
	handle_close(ANY(objects[0].memory));
	checks_report(&c, "a clone has its own memory, what is shared, and the same handles");
}
