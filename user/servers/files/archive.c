#include "archive.h"

#include <errno.h>
#include <sys/stat.h>
#include <tabula/archive.h>
#include <tabula/handles.h>

#include "fill.h"
#include "node.h"

static struct archive archive;

const char *archive_begin(void)
{
	long size = memory_size(own_archive());
	if (size <= 0)
		return "there is no boot archive";
	size_t mapped = ((size_t)size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	long at = vm_place(own_process(), own_archive(), 0, mapped, PROT_READ, 0);
	if (at < 0)
		return "the boot archive can't be mapped";
	archive = (struct archive){.bytes = (const char *)at, .size = (size_t)size};
	return fill(&archive);
}

int archive_image(const struct node *node, struct gift *gift, uint64_t *offset, uint64_t *length)
{
	if (node == NULL || !node_is_file(node) || !(node->mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return -ENODATA;
	const struct data *data = &node->data;
	if (data->blocks > 0 || data->size == 0 || data->origin_size != data->size)
		return -ENODATA;
	gift->handle =
		handle_duplicate(ANY(own_archive()), RIGHT_MEMORY_READ | RIGHT_DUPLICATE | RIGHT_TRANSFER);
	gift->rights = RIGHTS_SAME;
	if (gift->handle.value < 0)
		return -EMFILE;
	*offset = (uint64_t)(data->origin - archive.bytes);
	*length = data->size;
	return 0;
}
