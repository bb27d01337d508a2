/* Memory that runs out: whoever needs some hears of it; and a large object that goes while others have more important work. */
#include "models.h"

#include <stdlib.h>

#include "hart.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "mem/frame.h"
#include "object/process.h"
#include "object/thread.h"
#include "sched.h"

/* Everything that runs out of memory says so and leaves things as they were. */
void test_exhaustion(void *result)
{
	size_t before = frame_free_count(), count = 0;
	paddr_t *held = calloc(before, sizeof(*held));
	struct process *process = process_create("poor", 4);
	struct memory *memory = memory_create(1ul << 32);
	uint64_t at = SPACE_START;
	paddr_t frame;

	HOSTED_REQUIRE(held && process && memory);
	HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, 1ul << 30, PROT_READ));
	while (!frame_alloc(&held[count]))
		count++;
	HOSTED_REQUIRE(!frame_free_count());
	HOSTED_REQUIRE(memory_frame(memory, 1 << 19, &frame) == -ENOMEM);
	HOSTED_REQUIRE(aspace_fault(&process->aspace, SPACE_START, PROT_READ) == -ENOMEM);
	HOSTED_REQUIRE(handle_add(process, &memory->object, 0).value == -ENOMEM);
	/* One frame at a time: the depth of the trees shows. */
	for (unsigned i = 0; i < 16 && aspace_fault(&process->aspace, SPACE_START, PROT_READ); i++)
		frame_free(held[--count]);
	HOSTED_REQUIRE(!aspace_fault(&process->aspace, SPACE_START, PROT_READ));
	while (count)
		frame_free(held[--count]);
	object_put(&memory->object);
	object_put(&process->object);
	free(held);
	*(bool *)result = true;
}

/* A large object goes in passes; a thread that is more important than who gave it up does not wait even for the first of them. */
void test_postponed(void *result)
{
	struct process *process = process_create("urgent", 6);
	struct thread *thread =
		thread_create(native_table, &(struct frame_start){HOSTED_ENTRY(1), USER_TOP, 0, 0, 0});
	struct memory *memory = memory_create(1ul << 30);
	size_t before = frame_free_count(), left;
	paddr_t frame;

	HOSTED_REQUIRE(process && thread && memory);
	for (unsigned i = 0; i < 3 * WORK_PASS / WORK_FRAME; i++)
		HOSTED_REQUIRE(!memory_frame(memory, i * 7, &frame));
	left = frame_free_count();
	object_put(&memory->object);
	thread->runner.priority = RUNNER_PRIORITY + 1;
	HOSTED_REQUIRE(!thread_start(thread, process));
	object_reclaim();
	HOSTED_REQUIRE(this_hart()->postponed && frame_free_count() == left && left < before);
	object_put(&thread->object);
	object_put(&process->object);
	*(bool *)result = true;
}
