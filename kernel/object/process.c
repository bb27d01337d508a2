/* Processes: making, loading, ending. */
#include "object/process.h"

#include "abi/abi.h"
#include "lib/elf.h"
#include "lib/string.h"
#include "mem/pool.h"
#include "object/thread.h"
#include "panic.h"
#include "sched.h"

static struct pool processes = POOL_INIT(processes, struct process);
static uint32_t last_id;

static void set_name(struct process *process, const char *name, size_t length)
{
	length = length < PROCESS_NAME_SIZE ? length : PROCESS_NAME_SIZE - 1;
	for (size_t i = 0; i < length; i++)
		process->name[i] = name[i] > ' ' && name[i] <= '~' ? name[i] : '?';
	process->name[length] = '\0';
}

struct process *process_create(const char *name, size_t length)
{
	struct process *process = pool_alloc(&processes);

	if (!process)
		return NULL;
	if (aspace_init(&process->aspace)) {
		pool_free(&processes, process);
		return NULL;
	}
	object_init(&process->object, OBJECT_PROCESS);
	process->id = ++last_id;
	set_name(process, name, length);
	handle_table_init(&process->handles);
	list_init(&process->threads);
	list_init(&process->waiters);
	return process;
}

/* ---- loading */

struct image_source {
	struct elf_source source;
	struct memory *memory;
	uint64_t start;
};

static int image_read(const struct elf_source *source, uint64_t offset, void *to, size_t size)
{
	const struct image_source *image = container_of(source, const struct image_source, source);

	return memory_get(image->memory, image->start + offset, to, size);
}

static struct image_source image_source(struct memory *memory, uint64_t offset, uint64_t size)
{
	return (struct image_source){{image_read, size}, memory, offset};
}

static int map_segment(
	struct aspace *aspace, const struct image_source *image, const struct elf_segment *segment)
{
	uint64_t lead = segment->address & (PAGE_SIZE - 1), start = segment->address - lead;
	uint64_t size = (lead + segment->memory_size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	struct memory *view = memory_create_view(
		image->memory, image->start + segment->offset, segment->file_size, lead, size);
	int error;

	if (!view)
		return -ENOMEM;
	error = aspace_map(aspace, start, view, 0, size, segment->prot);
	object_put(&view->object);
	return error == -EEXIST ? -ENOEXEC : error; /* two segments in one page */
}

static int map_segments(struct aspace *aspace, const struct image_source *image, const struct elf *elf)
{
	for (unsigned i = 0; i < elf->segments; i++) {
		struct elf_segment segment;

		TRY(elf_segment(&image->source, elf, i, &segment));
		if (segment.memory_size)
			TRY(map_segment(aspace, image, &segment));
	}
	return 0;
}

int process_load(
	struct process *process, struct memory *memory, uint64_t offset, uint64_t size, uint64_t *entry)
{
	struct image_source image = image_source(memory, offset, size);
	struct elf elf;
	int error;

	TRY(elf_open(&image.source, &elf));
	error = map_segments(&process->aspace, &image, &elf);
	if (error) {
		int failed = aspace_unmap(&process->aspace, USER_BASE, USER_TOP - USER_BASE);

		assert(!failed); /* nothing is cut in two */
		return error;
	}
	object_take(&memory->object);
	if (process->image) /* of a program whose mappings have been removed since */
		object_put(&process->image->object);
	process->image = memory;
	process->image_offset = offset;
	process->image_size = size;
	*entry = elf.entry;
	return 0;
}

bool process_symbol(struct process *process, uint64_t address, char *name, size_t size, uint64_t *offset)
{
	struct image_source image = image_source(process->image, process->image_offset, process->image_size);
	struct elf elf;

	return process->image && !elf_open(&image.source, &elf) &&
	       elf_symbol(&image.source, &elf, address, name, size, offset);
}

/* ---- the end */

void process_end(struct process *process, const struct process_result *result)
{
	struct memory *image = process->image;

	assert(!process->ended);
	process->object.references++; /* those of its threads and handles go below, maybe the last */
	process->ended = true;
	process->result = *result;
	process->image = NULL;
	while (!list_is_empty(&process->threads))
		thread_end(list_first(&process->threads, struct thread, siblings));
	runner_wake_all_again(&process->waiters);
	aspace_destroy(&process->aspace);
	handle_table_clear(&process->handles);
	if (image)
		object_put(&image->object);
	object_put(&process->object);
}

void process_count_self(struct process *owner, const struct object *object, int change)
{
	if (object == &owner->object)
		owner->self_handles += (unsigned)change;
}

bool process_is_abandoned(const struct process *process)
{
	return !process->ended && list_is_empty(&process->threads) &&
	       process->object.references == process->self_handles;
}

void process_end_abandoned(struct process *process)
{
	process_end(process, &(struct process_result){.reason = END_REASON_EXITED});
}

void process_destroy(struct process *process)
{
	assert(process->ended);
	pool_free(&processes, process);
}
