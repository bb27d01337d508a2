/*
 * A program comes from the file server, which gives away the memory that its file lies in, or else lets it be read.
 * Before there is a file server, it comes from the boot archive: that is how init starts the first ones.
 */
#include "image.h"

#include <string.h>
#include <sys/stat.h>
#include <tabula/archive.h>
#include <tabula/handles.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

#include "libc.h"

enum { PIECE = 0x10000 };

static int may_run(mode_t mode)
{
	if (S_ISDIR(mode))
		return -EISDIR;
	return S_ISREG(mode) && (mode & (S_IXUSR | S_IXGRP | S_IXOTH)) ? 0 : -EACCES;
}

/* ---- from the boot archive */

static struct archive archive;

/* Maps the archive, and leaves it mapped. 0, or -EIO when there is none. */
static int archive_open(void)
{
	if (archive.bytes != NULL)
		return 0;
	long size = memory_size(own_archive());
	if (size <= 0)
		return -EIO;
	size_t mapped = ((size_t)size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	long at = vm_place(own_process(), own_archive(), 0, mapped, PROT_READ, 0);
	if (at < 0)
		return at == -ENOMEM ? -ENOMEM : -EIO;
	archive = (struct archive){.bytes = (const char *)at, .size = (size_t)size};
	return 0;
}

static int find_in_archive(const char *path, struct image *image)
{
	struct archive_entry entry;
	int error = archive_open();
	if (error == 0)
		error = archive_find(&archive, path + strspn(path, "/"), &entry);
	if (error == 0)
		error = may_run(entry.mode);
	if (error == 0)
		*image = (struct image){own_archive(), entry.data, entry.size};
	return error;
}

/* ---- from the file server */

/* Copies a file into a memory object of its own, by way of a mapping of that. */
static int image_copy(endpoint_handle file, struct image *image)
{
	size_t mapped = (image->size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	image->memory = memory_create(image->size);
	if (image->memory.value < 0)
		return image->memory.value;
	long at = vm_place(own_process(), image->memory, 0, mapped, PROT_READ | PROT_WRITE, 0);
	long count = at < 0 ? at : 1;
	for (uint64_t done = 0; count > 0 && done < image->size; done += (uint64_t)count) {
		uint64_t left = image->size - done;
		count = file_read_at(
			file, done, (char *)at + done, left < PIECE ? left : PIECE, DEADLINE_NEVER);
	}
	if (at > 0)
		(void)vm_unmap(own_process(), (uint64_t)at, mapped);
	if (count <= 0)
		handle_close(ANY(image->memory));
	return count < 0 ? (int)count : count == 0 ? -EIO : 0; /* it has become shorter */
}

int image_of(endpoint_handle file, struct image *image)
{
	struct file_status status;
	image->memory = file_image(file, &image->offset, &image->size);
	if (image->memory.value != -ENODATA)
		return image->memory.value < 0 ? image->memory.value : 0;
	int error = file_stat(file, &status);
	if (error == 0)
		error = may_run(status.mode);
	if (error == 0 && status.size == 0)
		error = -ENOEXEC;
	if (error != 0)
		return error;
	*image = (struct image){.size = status.size};
	return image_copy(file, image);
}

static int find_at(endpoint_handle start, const char *path, struct image *image)
{
	if (start.value == 0)
		return find_in_archive(path, image);
	image->memory = directory_image(start, path, &image->offset, &image->size);
	if (image->memory.value != -ENODATA)
		return image->memory.value < 0 ? image->memory.value : 0;
	/* What can't be run is not opened: a fifo's writers would go on. */
	struct file_status status;
	int error = directory_stat(start, path, true, &status);
	if (error == 0)
		error = may_run(status.mode);
	if (error != 0)
		return error;
	endpoint_handle file = directory_open(start, path, OPEN_READ, 0, &(uint32_t){0}, DEADLINE_NEVER);
	if (file.value < 0)
		return file.value;
	error = image_of(file, image);
	handle_close(ANY(file));
	return error;
}

int image_find(const char *path, struct image *image)
{
	return (int)PATH_CALL(find_at(*path == '/' ? own_root() : own_directory(), path, image));
}

/* ---- its headers */

enum { SEGMENT_STACK = 0x6474e551, SEGMENTS_SEEN = 8 /* of a program of ours */ };

struct elf_header {
	uint8_t identity[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segment_table, section_table;
	uint32_t flags;
	uint16_t size, segment_size, segment_count, section_size, section_count, section_names;
};

struct segment_header {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

/* The kernel has looked at the file, but what it says of the stack means nothing to it. */
uint64_t image_stack(const struct image *image)
{
	struct {
		struct elf_header header;
		struct segment_header segments[SEGMENTS_SEEN];
	} file;
	size_t size = image->size < sizeof file ? image->size : sizeof file;
	long count = memory_read(image->memory, image->offset, (uint8_t *)&file, size);
	if (count < (long)sizeof file.header || file.header.segment_table != sizeof file.header)
		return 0;
	size_t segments = ((size_t)count - sizeof file.header) / sizeof file.segments[0];
	for (size_t i = 0; i < segments && i < file.header.segment_count; i++)
		if (file.segments[i].type == SEGMENT_STACK && file.segments[i].address != 0)
			return file.segments[i].address + file.segments[i].memory_size;
	return 0;
}

void image_drop(const struct image *image)
{
	if (image->memory.value != own_archive().value)
		handle_close(ANY(image->memory));
}
