/*
 * mmap: memory objects of the kernel, mapped where it finds room, and of files a copy of what is in them. What is not to be
 * executed is mapped for reading and writing first, and then allowed less, so that mprotect can allow it again.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <tabula/handles.h>
#include <tabula/syscalls.h>
#include <unistd.h>

#include <sys/mman.h>

#include "libc.h"

enum { KNOWN_PROT = PROT_READ | PROT_WRITE | PROT_EXEC };

#define WRITABLE (PROT_READ | PROT_WRITE)

static size_t whole_pages(size_t size)
{
	return (size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
}

static bool is_page(uint64_t at)
{
	return at % PAGE_SIZE == 0;
}

static int prot_check(int prot)
{
	if (prot & ~KNOWN_PROT)
		return -EINVAL;
	return prot & PROT_WRITE && prot & PROT_EXEC ? -ENOTSUP : 0;
}

/* Whether the file can be mapped. 0 or -errno. */
static int file_check(int fd, int flags, off_t offset)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || flags & MAP_SHARED)
		return -ENODEV;
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return -EACCES;
	return offset < 0 || !is_page((uint64_t)offset) ? -EINVAL : 0;
}

/* Behind the end of the file there are zeros. 0 or -errno. */
static int file_read_in(memory_handle memory, int fd, off_t offset, size_t size)
{
	long at = vm_map(own_process(), 0, memory, 0, whole_pages(size), WRITABLE, 0);
	if (at < 0)
		return (int)at;
	ssize_t count = 1;
	for (size_t done = 0; done < size && count > 0; done += (size_t)count) {
		count = pread(fd, (char *)at + done, size - done, offset + (off_t)done);
		if (count < 0)
			break;
	}
	int error = count < 0 ? -errno : 0;
	(void)vm_unmap(own_process(), (uint64_t)at, whole_pages(size));
	return error;
}

/* Puts the memory to its place, where another mapping goes for it. The address or -errno. */
static long place(memory_handle memory, void *wanted, size_t size, int prot, int flags)
{
	bool fixed = flags & MAP_FIXED, executes = prot & PROT_EXEC;
	uint64_t at = fixed ? (uintptr_t)wanted : 0;
	enum map how = (enum map)(flags & (MAP_FIXED | MAP_SHARED));
	long result = fixed ? vm_unmap(own_process(), at, size) : 0;
	if (result == 0)
		result = vm_map(
			own_process(), at, memory, 0, size, (enum prot)(executes ? prot : WRITABLE), how);
	if (result < 0 || executes || prot == WRITABLE)
		return result;
	int error = vm_protect(own_process(), (uint64_t)result, size, (enum prot)prot);
	if (error != 0)
		(void)vm_unmap(own_process(), (uint64_t)result, size);
	return error != 0 ? error : result;
}

static long map(void *wanted, size_t size, int prot, int flags, int fd, off_t offset)
{
	bool file = !(flags & MAP_ANONYMOUS);
	int error = prot_check(prot);
	if (size == 0 || !(flags & MAP_SHARED) == !(flags & MAP_PRIVATE) ||
		(flags & MAP_FIXED && !is_page((uintptr_t)wanted)))
		error = -EINVAL;
	if (error == 0 && file)
		error = file_check(fd, flags, offset);
	if (error != 0)
		return error;
	if (whole_pages(size) < size)
		return -ENOMEM;
	memory_handle memory = memory_create(size);
	if (memory.value < 0) /* of a size that there can't be */
		return memory.value == -EINVAL ? -ENOMEM : memory.value;
	error = file ? file_read_in(memory, fd, offset, size) : 0;
	long at = error != 0 ? error : place(memory, wanted, whole_pages(size), prot, flags);
	handle_close(ANY(memory)); /* the mapping keeps it */
	return at;
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return (void *)server_result(map(at, size, prot, flags, fd, offset));
}

int munmap(void *at, size_t size)
{
	if (size == 0 || !is_page((uintptr_t)at) || whole_pages(size) < size)
		return (int)posix_result(-EINVAL);
	return (int)posix_result(vm_unmap(own_process(), (uintptr_t)at, whole_pages(size)));
}

int mprotect(void *at, size_t size, int prot)
{
	int error = prot_check(prot);
	if (error == 0 && (!is_page((uintptr_t)at) || whole_pages(size) < size))
		error = -EINVAL;
	if (error == 0 && size > 0)
		error = vm_protect(own_process(), (uintptr_t)at, whole_pages(size), (enum prot)prot);
	return (int)posix_result(error == -EFAULT ? -ENOMEM : error);
}
