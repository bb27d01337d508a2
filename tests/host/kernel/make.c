/* What tests make: processes with a stack, threads in them, handles. As a job, or between two calls of a program. */
#include "abi/abi.h"
#include "hart.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "mem/frame.h"
#include "mem/share.h"
#include "object/process.h"
#include "object/thread.h"

int hosted_map(struct aspace *space, uint64_t *at, struct memory *memory, uint64_t offset, uint64_t size,
	enum prot prot)
{
	long mapped = aspace_map(space, *at,
		&(struct mapping){
			.memory = memory, .offset = offset, .size = size, .prot = prot, .most = prot});

	if (mapped < 0)
		return (int)mapped;
	*at = (uint64_t)mapped;
	return 0;
}

struct process *hosted_new_process(void)
{
	struct process *process = process_create("test", 4);
	struct memory *stack = memory_create(HOSTED_STACK_SIZE);
	uint64_t at = HOSTED_STACK;

	HOSTED_REQUIRE(process && stack);
	HOSTED_REQUIRE(
		!hosted_map(&process->aspace, &at, stack, 0, HOSTED_STACK_SIZE, PROT_READ | PROT_WRITE));
	object_put(&stack->object);
	return process;
}

bool hosted_start_on(uint32_t harts_allowed, struct process *process, unsigned program, uint64_t argument)
{
	struct thread *thread = thread_create_placed(native_table,
		&(struct frame_start){HOSTED_ENTRY(program), USER_TOP, argument, 0, 0}, RUNNER_PRIORITY,
		harts_allowed);
	int error;

	HOSTED_REQUIRE(thread);
	error = thread_start(thread, process);
	HOSTED_REQUIRE(!error || error == -EBUSY);
	object_put(&thread->object);
	return !error;
}

bool hosted_start(struct process *process, unsigned program, uint64_t argument)
{
	return hosted_start_on(HARTS_ALL, process, program, argument);
}

uint32_t hosted_give(struct process *process, struct object *object, uint32_t rights)
{
	handle_result handle = handle_add(process, object, rights);

	/* Its threads may have ended it, or bounded its memory. */
	HOSTED_REQUIRE(handle.value > 0 || handle.value == -EBUSY || handle.value == -ENOMEM);
	return handle.value > 0 ? (uint32_t)handle.value : 0;
}

void hosted_share(struct process *process, struct memory *memory)
{
	uint64_t at = HOSTED_SHARED;

	HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, PAGE_SIZE, PROT_READ | PROT_WRITE));
	HOSTED_REQUIRE(!aspace_fault(&process->aspace, HOSTED_SHARED, PROT_WRITE));
}

uint32_t *hosted_word(unsigned index)
{
	paddr_t frame;
	enum prot prot;

	HOSTED_REQUIRE(hosted_lookup(this_hart()->arch.space, HOSTED_SHARED, &frame, &prot));
	return (uint32_t *)direct(frame) + index;
}

void hosted_kill(struct process *process)
{
	process_end(process, &(struct process_result){.reason = END_REASON_EXITED, .status = HOSTED_KILLED});
}

static void count_free(void *to)
{
	*(size_t *)to = frame_free_count();
}

size_t hosted_free_frames(void)
{
	size_t free;

	hosted_do(0, count_free, &free);
	return free;
}

static void share_once(void *unused)
{
	const struct machine *machine = arch_machine();
	struct share_area area = SHARE_NOWHERE;

	(void)unused;
	for (unsigned i = 0; i < machine->free_count; i++)
		for (uint64_t at = 0; at < machine->free[i].size; at += PAGE_SIZE) {
			paddr_t frame = {machine->free[i].start + at};

			HOSTED_REQUIRE(!share_give(frame, &area) && share_leave(frame, &area));
		}
}

void hosted_share_once(void)
{
	hosted_do(0, share_once, NULL);
}
