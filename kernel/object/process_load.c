/*
 * Loading of programs: the segments of an ELF file become mappings, and where the program is stays known for reports. For the
 * calls that load and clone processes. Takes the process's lock for what it remembers, and its space's in the calls of
 * aspace.h. Reads no page of the program but its headers: the rest comes when it is touched.
 */
#include "abi/abi.h"
#include "lib/elf.h"
#include "object/image.h"
#include "object/process.h"
#include "panic.h"

static int map_segment(struct aspace *aspace, const struct image *image, const struct elf_segment *segment)
{
	uint64_t within = segment->address & (PAGE_SIZE - 1), start = segment->address - within;
	uint64_t size = (within + segment->memory_size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	struct memory *view = memory_create_view(aspace->account, image->memory,
		image->start + segment->offset, segment->file_size, within + segment->lead, size);
	long at;

	if (!view)
		return -ENOMEM;
	at = aspace_map(aspace, start,
		&(struct mapping){
			.memory = view, .size = size, .prot = segment->prot, .most = segment->prot});
	object_put(&view->object);
	if (at >= 0)
		return 0;
	return at == -EEXIST ? -ENOEXEC : (int)at; /* two segments in one page */
}

/* One behind the other, since the next may turn out to begin where the last one does. */
static int map_segments(struct aspace *aspace, const struct image *image, const struct elf *elf)
{
	struct elf_segment last = {0};

	for (unsigned i = 0; i < elf->segments; i++) {
		struct elf_segment segment;

		TRY(elf_segment(&image->source, elf, i, &segment));
		if (!segment.memory_size)
			continue;
		if (last.memory_size && !elf_segment_join(&last, &segment))
			TRY(map_segment(aspace, image, &last));
		last = segment;
	}
	return last.memory_size ? map_segment(aspace, image, &last) : 0;
}

/* Remembers where its program is, and forgets where one was whose mappings have been removed since. */
static int set_image(struct process *process, const struct image *image)
{
	struct memory *former = NULL;
	int error;

	lock_acquire(&process->lock);
	error = process->ending ? -EBUSY : object_take(&image->memory->object);
	if (!error) {
		former = process->image;
		process->image = image->memory;
		process->image_offset = image->start;
		process->image_size = image->source.size;
	}
	lock_release(&process->lock);
	if (former)
		object_put(&former->object);
	return error;
}

int process_load(
	struct process *process, struct memory *memory, uint64_t offset, uint64_t size, uint64_t *entry)
{
	struct image image = image_in(memory, offset, size);
	struct elf elf;
	int error;

	TRY(elf_open(&image.source, &elf));
	error = map_segments(&process->aspace, &image, &elf);
	if (error) {
		int failed = aspace_unmap_all(&process->aspace, USER_BASE, USER_TOP - USER_BASE);

		assert(!failed || failed == -EBUSY); /* nothing is cut in two */
		return error;
	}
	error = set_image(process, &image);
	*entry = elf.entry;
	return error;
}

int process_clone_image(struct process *process, struct process *from)
{
	struct image image;
	int error;

	lock_acquire(&from->lock);
	image = image_in(from->image, from->image_offset, from->image_size);
	if (image.memory)
		object_take_another(&image.memory->object);
	lock_release(&from->lock);
	if (!image.memory)
		return 0;
	error = set_image(process, &image);
	object_put(&image.memory->object);
	return error;
}
