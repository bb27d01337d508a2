/*
 * Memory of a program's own, and files read into it. A change to a mapped file shows in no mapping, nor the other way round, so
 * MAP_SHARED is for MAP_ANONYMOUS alone: memory that a program and its children of fork share. Nothing is writable and
 * executable at once.
 */
#pragma once

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As vm_map has them, and <tabula/syscalls.h>, which may be included before or after. */
#define PROT_NONE  0x0
#define PROT_READ  0x1
#define PROT_WRITE 0x2
#define PROT_EXEC  0x4

#define MAP_FIXED     0x01
#define MAP_SHARED    0x02
#define MAP_PRIVATE   0x04
#define MAP_ANONYMOUS 0x08
#define MAP_ANON      MAP_ANONYMOUS

#define MAP_FAILED ((void *)-1)

/* EACCES, EBADF, EINVAL, ENOMEM; ENODEV for what is no file, and MAP_SHARED of one; ENOTSUP to write and execute. */
void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int munmap(void *at, size_t size);

/* EACCES to execute what was not mapped for that, or to write what was. */
int mprotect(void *at, size_t size, int prot);

#ifdef __cplusplus
}
#endif
