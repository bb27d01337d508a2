/*
 * The files that paths lead to. In this system they are those of the boot archive, which can't be written;
 * a server may take its place behind the same functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stat;

struct file_node {
	bool is_directory;
	mode_t mode;
	ino_t inode;
	nlink_t links;
	time_t mtime;
	size_t size;
	size_t offset; /* of the contents in the boot archive */
};

/* Both take resolved paths (see path_resolve) and return 0 or -errno. */
int files_find(const char *resolved, struct file_node *node);

/* 1 with the next name of a directory, 0 after the last, or -errno. `*cursor` starts at 0. */
int files_list(const char *resolved, size_t *cursor, struct file_node *node, char *name, size_t size);

/* Bytes of a file: a pointer that stays valid. */
const char *files_bytes(const struct file_node *node);

void files_stat(const struct file_node *node, struct stat *status);
