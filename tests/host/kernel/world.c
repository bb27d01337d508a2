/* See world.h. Kernel functions are called directly, as a job or between two calls of the driver. */
#include "world.h"

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hart.h"
#include "kernel/syscalls.h"
#include "lib/string.h"
#include "object/endpoint.h"
#include "object/interrupt.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "object/timer.h"

#define HOLE 0x50000000ul /* three pages of `other`, the middle one to be cut out */

enum {
	TYPES = 32,
	CALLERS = 2,
	CALLER_PRIORITY_TURNS = 16, /* turns the driver gives the others, at most */
	PAGES = 2 * MEMORY_ROOTS, /* so that their trees have nodes, which can be out, too */
	LENT = 4 * PAGE_SIZE,
	PATH_OFFSET = 2048,
	SIGNAL_BIT = 4,
};

static const char device_path[] = "/timer";

static struct {
	struct process *driver; /* makes the calls */
	struct process *other; /* never started, with something mapped */
	struct process *empty; /* never started */
	struct process *ended; /* has exited */
	struct process *callers;
	uint32_t handle[TYPES]; /* of the driver, by type; of a process it is `other` */
	uint32_t empty_handle, ended_handle, callers_handle, program_handle, other_handle, copied_handle,
		fresh_endpoint, spare_handle;
	uint32_t token;
	unsigned turns;
} world;

void world_init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

void world_leaver(struct trapframe *frame)
{
	hosted_call(frame, SYS_process_exit, 7, 0, 0, 0);
}

/*
 * Calls through the handle that is its argument, lending pages that nobody has touched and offering the handle above it,
 * and exits when the answer comes.
 */
void world_caller(struct trapframe *frame)
{
	struct message *message = arch_frame_message(frame);

	if (frame->state[0]++) {
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	hosted_call(frame, SYS_ipc_call_lend, (uint32_t)frame->argument, 0, 0, 0);
	*message = (struct message){
		.label = 1, .token = 1, .word = {frame->argument >> 32, 2, 3, 4}, .deadline = DEADLINE_NEVER};
	*arch_frame_windows(frame) = (struct windows){.read_address = WORLD_FRESH,
		.write_address = WORLD_FRESH + LENT,
		.read_size = LENT,
		.write_size = LENT};
}

/* ---- making it */

static struct memory *map(struct process *process, uint64_t at, uint64_t pages)
{
	struct memory *memory = memory_create(pages * PAGE_SIZE);

	HOSTED_REQUIRE(memory);
	HOSTED_REQUIRE(
		!hosted_map(&process->aspace, &at, memory, 0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE));
	return memory;
}

static uint32_t give(struct process *to, struct object *object, uint32_t rights)
{
	handle_result handle = handle_add(to, object, rights);

	HOSTED_REQUIRE(handle.value > 0);
	return (uint32_t)handle.value;
}

/* Gives the driver a handle to an object that the handle keeps from now on. */
static uint32_t hand_over(struct object *object)
{
	uint32_t handle = give(world.driver, object, UINT32_MAX & ~(1u << 31));

	world.handle[object->type] = handle;
	object_put(object);
	return handle;
}

static struct thread *start(struct process *process, unsigned program, uint64_t argument)
{
	struct thread *thread = thread_create(
		native_table, &(struct frame_start){HOSTED_ENTRY(program), USER_TOP, argument, 0, 0});

	HOSTED_REQUIRE(thread && !thread_start(thread, process));
	return thread;
}

static struct process *new_process(void)
{
	struct process *process = process_create("world", 5);

	HOSTED_REQUIRE(process);
	return process;
}

static void make_processes(void)
{
	struct memory *memory;
	paddr_t frame;

	world.empty = new_process();
	world.empty_handle = hand_over(&world.empty->object);
	world.ended = new_process();
	object_put(&start(world.ended, WORLD_LEAVER, 0)->object);
	world.ended_handle = hand_over(&world.ended->object);
	world.other = new_process();
	memory = map(world.other, HOLE, 3);
	HOSTED_REQUIRE(!memory_frame(memory, 0, &frame));
	object_put(&memory->object);
	world.other_handle = hand_over(&world.other->object);
}

static void make_callers(void)
{
	struct endpoint *endpoint = endpoint_create(), *fresh = endpoint_create();

	HOSTED_REQUIRE(endpoint && fresh);
	world.callers = new_process();
	object_put(&map(world.callers, WORLD_FRESH, WORLD_FRESH_PAGES)->object);

	uint64_t handle = give(world.callers, &endpoint->object, RIGHT_ENDPOINT_SEND), offered;

	do
		offered = give(world.callers, &system_root.object, RIGHT_TRANSFER | RIGHT_DUPLICATE);
	while (world.callers->handles.count % HANDLE_PAGE_SLOTS);

	struct thread *thread = start(world.callers, WORLD_CALLER, handle | offered << 32);

	object_put(&start(world.callers, WORLD_CALLER, handle | (offered - 1) << 32)->object);
	world.callers_handle = give(world.driver, &world.callers->object, RIGHTS_PROCESS_ALL);
	world.fresh_endpoint = hand_over(&fresh->object);
	hand_over(&endpoint->object);
	hand_over(&thread->object);
}

/* Its first page has been copied once, so that its frame is one of those that are counted. */
static void touch_and_copy(struct memory *memory)
{
	struct memory *copy = memory_create(PAGE_SIZE);
	int work = WORK_PASS;
	paddr_t frame;

	HOSTED_REQUIRE(copy && !memory_frame(memory, 0, &frame));
	HOSTED_REQUIRE(memory_copy((struct memory_place){copy, 0}, (struct memory_place){memory, 0}, 1, NULL,
			       &work) == 1);
	object_put(&copy->object);
}

static void make_objects(void)
{
	struct notification *notification = notification_create();
	struct memory *memory = memory_create(PAGES * PAGE_SIZE);
	struct memory *copied = memory_create(PAGES * PAGE_SIZE);
	struct memory *program = memory_create_physical((paddr_t){arch_machine()->initrd.start}, PAGE_SIZE);
	struct interrupt *interrupt;
	struct timer *timer;

	HOSTED_REQUIRE(notification && memory && program && copied);
	HOSTED_REQUIRE(!timer_create(notification, 1, &timer));
	HOSTED_REQUIRE(!interrupt_create(2, notification, 2, &interrupt));
	notification_signal(notification, SIGNAL_BIT);
	hand_over(&timer->object);
	hand_over(&interrupt->object);
	hand_over(&notification->object);
	world.program_handle = hand_over(&program->object);
	touch_and_copy(copied);
	world.copied_handle = hand_over(&copied->object);
	hand_over(&memory->object);
	world.handle[OBJECT_SYSTEM] = give(world.driver, &system_root.object, RIGHTS_SYSTEM_ALL);
	hosted_type("typed");
}

/* Fills the driver's table up to where the next handle needs a page. */
static void fill_table(void)
{
	do
		world.spare_handle = give(world.driver, &system_root.object, RIGHT_DUPLICATE);
	while (world.driver->handles.count % HANDLE_PAGE_SLOTS);
}

struct process *world_make(unsigned program, uint64_t argument)
{
	memset(&world, 0, sizeof(world));
	world.driver = new_process();

	struct memory *present = map(world.driver, WORLD_PRESENT, 1);
	struct thread *thread;
	paddr_t frame;

	HOSTED_REQUIRE(!memory_frame(present, 0, &frame));
	memcpy((char *)direct(frame) + PATH_OFFSET, device_path, sizeof(device_path));
	HOSTED_REQUIRE(!aspace_fault(&world.driver->aspace, WORLD_PRESENT, PROT_WRITE));
	object_put(&present->object);
	object_put(&map(world.driver, WORLD_FRESH, WORLD_FRESH_PAGES)->object);
	make_callers();
	make_processes();
	make_objects();
	fill_table();
	thread = start(world.driver, program, argument);
	object_put(&thread->object);
	return world.driver;
}

bool world_is_settled(void)
{
	const struct endpoint *e;
	struct handle_ref found;

	HOSTED_REQUIRE(world.turns++ < CALLER_PRIORITY_TURNS);
	HOSTED_REQUIRE(!handle_find(&world.driver->handles, world.handle[OBJECT_ENDPOINT], &found));
	e = endpoint_of(found.object);
	return world.ended->ended && e->port->callers.runners.next->next != &e->port->callers.runners &&
	       !list_is_empty(&e->port->callers.runners);
}

void world_receive(struct trapframe *frame)
{
	hosted_call(frame, SYS_ipc_receive, world.handle[OBJECT_ENDPOINT], 0, 0, 0);
	*arch_frame_message(frame) = (struct message){.deadline = 0};
}

void world_received(const struct trapframe *frame)
{
	HOSTED_REQUIRE(!frame->result);
	world.token = ((const struct message *)&frame->a[1])->token;
}

void world_end(void)
{
	static const struct process_result how = {.reason = END_REASON_EXITED};

	process_end(world.callers, &how);
	object_put(&world.callers->object);
}

/* ---- arguments */

static bool is_named(const struct arg_info *arg, const char *name)
{
	return !strcmp(arg->name, name);
}

static bool is_call(const struct call_info *call, const char *name)
{
	return !strcmp(call->name, name);
}

static uint64_t handle_for(const struct call_info *call, const struct arg_info *arg)
{
	unsigned type = arg->object ? arg->object->number : OBJECT_MEMORY;

	if (is_call(call, "process_load"))
		return type == OBJECT_PROCESS ? world.empty_handle : world.program_handle;
	if (is_call(call, "process_wait"))
		return world.ended_handle;
	if (is_call(call, "memory_copy") && is_named(arg, "from"))
		return world.copied_handle;
	if (is_call(call, "vm_clone"))
		return is_named(arg, "to") ? world.empty_handle : world.other_handle;
	if (is_call(call, "process_clone_handles") || is_call(call, "process_clone_handles_but"))
		return is_named(arg, "to") ? world.empty_handle : world.callers_handle;
	if (is_call(call, "process_thread"))
		return world.callers_handle;
	if (is_call(call, "ipc_receive"))
		return world.fresh_endpoint;
	if (is_call(call, "handle_close"))
		return world.spare_handle;
	HOSTED_REQUIRE(type < TYPES && world.handle[type]);
	return world.handle[type];
}

/* Where /init begins in the archive, and how long it is: seam/archive.c makes it so. */
enum { PROGRAM_OFFSET = 116, PROGRAM_SIZE = 256 };

static bool is_buffer_length(const struct call_info *call, const struct arg_info *arg)
{
	for (unsigned i = 0; i < call->arity; i++)
		if (call->args[i].length >= 0 && &call->args[call->args[i].length] == arg)
			return true;
	return false;
}

static bool takes_path(const struct call_info *call)
{
	return is_call(call, "memory_device") || is_call(call, "device_interrupt");
}

static uint64_t length_for(const struct call_info *call, const struct arg_info *arg)
{
	if (takes_path(call))
		return sizeof(device_path) - 1;
	if (is_call(call, "process_load"))
		return PROGRAM_SIZE;
	if (is_call(call, "process_read") || is_call(call, "process_write"))
		return PAGE_SIZE; /* of more than a page they would do what they can */
	return is_buffer_length(call, arg) ? 2 * PAGE_SIZE : PAGE_SIZE;
}

static uint64_t number_for(const struct call_info *call, const struct arg_info *arg)
{
	if (is_named(arg, "len"))
		return length_for(call, arg);
	if (is_named(arg, "rights")) /* those of the new handle, or that one has to have */
		return is_call(call, "ipc_copy") ? 0 : RIGHTS_SAME;
	if (is_named(arg, "offset") && is_call(call, "process_load"))
		return PROGRAM_OFFSET;
	if (is_named(arg, "token"))
		return world.token;
	if (is_named(arg, "mask") || is_named(arg, "bits"))
		return SIGNAL_BIT;
	return is_named(arg, "harts") || is_named(arg, "number") || is_named(arg, "badge") ||
	       is_named(arg, "count");
}

static uint64_t address_for(const struct call_info *call)
{
	if (is_call(call, "vm_clone"))
		return 0;
	if (is_call(call, "vm_unmap") || is_call(call, "vm_protect") || is_call(call, "process_read") ||
		is_call(call, "process_write"))
		return HOLE + PAGE_SIZE;
	if (is_call(call, "process_start") || is_call(call, "thread_create") ||
		is_call(call, "thread_create_like"))
		return HOSTED_ENTRY(WORLD_LEAVER);
	return WORLD_FRESH;
}

uint64_t world_argument(const struct call_info *call, const struct arg_info *arg)
{
	switch (arg->kind) {
	case VALUE_HANDLE:
		return handle_for(call, arg);
	case VALUE_BUFFER:
	case VALUE_STRUCT:
		return takes_path(call) ? WORLD_PRESENT + PATH_OFFSET : WORLD_FRESH;
	case VALUE_ADDRESS:
		return is_named(arg, "stack") ? USER_TOP : address_for(call);
	case VALUE_FLAGS:
		return is_named(arg, "prot") ? PROT_READ : 0;
	case VALUE_ENUM:
	case VALUE_BOOL:
		return 0;
	default:
		return number_for(call, arg);
	}
}

/* As far as there is memory: a test may have unmapped it. */
static void put(uint64_t address, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hosted_store(address + i, ((const uint8_t *)bytes)[i]);
}

void world_call_with(struct trapframe *frame, const struct call_info *call, const uint64_t *values)
{
	hosted_call(frame, call->number, 0, 0, 0, 0);
	if (call->attributes & CALL_MESSAGE)
		*arch_frame_message(frame) = (struct message){.token = world.token, .deadline = 0};
	for (unsigned i = 0; i < call->arity; i++) {
		const struct arg_info *arg = &call->args[i];

		if (call->attributes & CALL_PACKED)
			put(WORLD_PRESENT + arg->position, &values[i],
				arg->size && arg->direction == DIRECTION_VALUE ? arg->size
									       : sizeof(values[i]));
		else
			frame->a[arg->position] = values[i];
	}
	if (call->attributes & CALL_PACKED) {
		frame->a[0] = WORLD_PRESENT;
		frame->a[1] = call->packed_size;
	}
}

void world_call(struct trapframe *frame, const struct call_info *call)
{
	uint64_t values[WORLD_ARITY];

	HOSTED_REQUIRE(call->arity <= WORLD_ARITY);
	for (unsigned i = 0; i < call->arity; i++)
		values[i] = world_argument(call, &call->args[i]);
	world_call_with(frame, call, values);
}

/* ---- its state */

static void add_handles(struct world_state *state, const struct handle_table *table)
{
	state->handles += table->count;
	for (unsigned i = 0; i < HANDLE_PAGES; i++)
		for (unsigned n = 0; table->page[i] && n < HANDLE_PAGE_SLOTS; n++) {
			const struct object *object = handle_object(table->page[i][n].name);

			state->references += object ? object->references : 0;
		}
}

static void add(struct world_state *state, struct process *process)
{
	state->threads += process->thread_count;
	add_handles(state, &process->handles);
	for (const struct tree_node *node = process->aspace.regions.first; node; node = node->next)
		state->regions++;
}

struct world_state world_state(void)
{
	struct world_state state = {0};

	add(&state, world.driver);
	add(&state, world.other);
	add(&state, world.empty);
	add(&state, world.callers);
	return state;
}
