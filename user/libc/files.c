/*
 * The boot archive as the files of a program: maps it when first used, and leaves it mapped.
 */
#include "files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <tabula/handles.h>

#include <tabula/archive.h>
#include "libc.h"

static struct archive archive;

/* 0, or -EIO when there is no archive to be had. */
static int archive_open(void)
{
	if (archive.bytes != NULL)
		return 0;
	long size = memory_size(own_archive());
	if (size <= 0)
		return -EIO;
	size_t mapped = ((size_t)size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	long at = vm_map(own_process(), 0, own_archive(), 0, mapped, PROT_READ, 0);
	if (at < 0)
		return at == -ENOMEM ? -ENOMEM : -EIO;
	archive = (struct archive){.bytes = (const char *)at, .size = (size_t)size};
	return 0;
}

static void node_fill(struct file_node *node, const struct archive_entry *entry)
{
	*node = (struct file_node){
		.is_directory = S_ISDIR(entry->mode),
		.mode = entry->mode,
		.inode = (ino_t)entry->inode,
		.links = (nlink_t)entry->links,
		.mtime = entry->mtime,
		.size = entry->size,
		.offset = entry->data,
	};
}

int files_find(const char *resolved, struct file_node *node)
{
	struct archive_entry entry;
	int result = archive_open();
	if (result == 0)
		result = archive_find(&archive, resolved, &entry);
	if (result == 0)
		node_fill(node, &entry);
	return result;
}

int files_list(const char *resolved, size_t *cursor, struct file_node *node, char *name, size_t size)
{
	struct archive_entry entry;
	int result = archive_open();
	if (result != 0)
		return result;
	while ((result = archive_list(&archive, resolved, cursor, &entry)) > 0) {
		if (entry.name_length >= size)
			continue; /* no path could name it either */
		memcpy(name, entry.name, entry.name_length);
		name[entry.name_length] = '\0';
		node_fill(node, &entry);
		break;
	}
	return result;
}

const char *files_bytes(const struct file_node *node)
{
	return archive.bytes + node->offset;
}

void files_stat(const struct file_node *node, struct stat *status)
{
	memset(status, 0, sizeof *status);
	status->st_mode = node->mode;
	status->st_ino = node->inode;
	status->st_nlink = node->links;
	status->st_size = (off_t)node->size;
	status->st_mtim.tv_sec = node->mtime;
	status->st_ctim.tv_sec = node->mtime;
	status->st_atim.tv_sec = node->mtime;
	status->st_blksize = PAGE_SIZE;
	status->st_blocks = (blkcnt_t)((node->size + 511) / 512);
}
