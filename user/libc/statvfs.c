/*
 * How much room there is for files: asked of their server through any of its files.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <tabula/protocol/directory.h>

#include "libc.h"

static int room_of(endpoint_handle file, struct statvfs *room)
{
	struct space space;
	int error = directory_space(file, &space);
	if (error == 0)
		*room = (struct statvfs){.f_bsize = space.block_size,
			.f_frsize = space.block_size,
			.f_blocks = space.blocks,
			.f_bfree = space.blocks_free,
			.f_bavail = space.blocks_free,
			.f_flag = ST_NOSUID,
			.f_namemax = NAME_MAX};
	return error;
}

int statvfs(const char *restrict path, struct statvfs *restrict room)
{
	struct stat status;
	return stat(path, &status) != 0
		       ? -1
		       : (int)server_result(PATH_CALL(room_of(path_start(AT_FDCWD, path), room)));
}

int fstatvfs(int fd, struct statvfs *room)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return (int)posix_result(file.value);
	return file.value > 0 ? (int)server_result(room_of(file, room))
			      : (int)posix_result(-ENOSYS); /* the console has none */
}
