/*
 * Starting a program: an empty process, the ELF file mapped into it straight from where it lies, a stack that holds
 * the arguments, the handles that it may use, one thread. Whatever fails, all that was made goes again.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>
#include <tabula/spawn.h>

#include "image.h"
#include "libc.h"

#define STACK_SIZE 0x100000ul
#define STACK_TOP  0x3ffff00000ul /* below it STACK_SIZE bytes of stack, and below these nothing for long */

enum { ARGUMENT_MAX = 0x20000, PROCESS_NAME_MAX = 31 };

extern char **environ;

/* The top of the new stack while it is put together: struct startup, handles, pointers, then strings. */
struct block {
	char *bytes;
	size_t size;
	uint64_t address; /* where it will lie in the new program */
	size_t strings; /* where the next string goes */
	uint64_t *pointer; /* where the next pointer goes */
};

/* Adds what a list of strings takes to `*size`; returns how many strings. */
static size_t list_measure(char *const list[], size_t *size)
{
	size_t count = 0;
	while (list[count] != NULL)
		*size += strlen(list[count++]) + 1 + sizeof(uint64_t);
	*size += sizeof(uint64_t);
	return count;
}

/* Puts strings and pointers to them; returns where the first pointer will lie. */
static uint64_t block_add(struct block *block, char *const list[])
{
	uint64_t first = block->address + (uint64_t)((char *)block->pointer - block->bytes);
	for (size_t i = 0; list[i] != NULL; i++) {
		size_t length = strlen(list[i]) + 1;
		*block->pointer++ = block->address + block->strings;
		memcpy(block->bytes + block->strings, list[i], length);
		block->strings += length;
	}
	*block->pointer++ = 0;
	return first;
}

static int block_make(struct block *block, char *const argv[], char *const envp[], size_t handles)
{
	size_t fixed = sizeof(struct startup) + (handles + 2) * sizeof(struct startup_handle), size = fixed;
	size_t argc = list_measure(argv, &size);
	size_t envc = list_measure(envp, &size);
	if (size > ARGUMENT_MAX)
		return -E2BIG;
	size = (size + 15) & ~(size_t)15;
	block->bytes = calloc(1, size);
	if (block->bytes == NULL)
		return -ENOMEM;
	block->size = size;
	block->address = STACK_TOP - size;
	block->pointer = (uint64_t *)(block->bytes + fixed);
	block->strings = fixed + (argc + envc + 2) * sizeof(uint64_t);

	struct startup *startup = (struct startup *)block->bytes;
	startup->size = sizeof *startup;
	startup->argc = argc;
	startup->argv = block_add(block, argv);
	startup->envp = block_add(block, envp);
	startup->mask = mask_current();
	startup->handles = block->address + sizeof *startup;
	return 0;
}

static int memory_fill(memory_handle memory, uint64_t offset, const char *bytes, size_t size)
{
	while (size > 0) {
		long count = memory_write(memory, offset, (const uint8_t *)bytes, size);
		if (count <= 0)
			return count < 0 ? (int)count : -EIO;
		offset += (uint64_t)count;
		bytes += count;
		size -= (size_t)count;
	}
	return 0;
}

/* Maps a stack with the block at its top into the process. */
static int stack_make(process_handle process, const struct block *block)
{
	memory_handle memory = memory_create(STACK_SIZE);
	if (memory.value < 0)
		return memory.value;
	int result = memory_fill(memory, STACK_SIZE - block->size, block->bytes, block->size);
	if (result == 0) {
		long at = vm_map(process, STACK_TOP - STACK_SIZE, memory, 0, STACK_SIZE,
			PROT_READ | PROT_WRITE, MAP_FIXED);
		result = at < 0 ? (int)at : 0;
	}
	handle_close(ANY(memory)); /* the mapping keeps it */
	return result;
}

/* Gives a handle with those of the rights that this program has. `*given` is 0 if there is none to give. */
static int give(process_handle process, any_handle handle, uint32_t rights, uint32_t *given)
{
	struct handle_info info;
	*given = 0;
	if (handle.value <= 0 || handle_info(handle, &info) != 0)
		return 0;
	long result = process_give(process, handle, rights & info.rights);
	if (result < 0)
		return (int)result;
	*given = (uint32_t)result;
	return 0;
}

/*
 * Tells the process server of a child, and gives it a handle as the program that it is. Without a process server, or when
 * it is out of order, programs run all the same.
 */
static void give_program(process_handle process, const char *name, uint32_t *given)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value}, child;
	char short_name[PROCESS_NAME_MAX + 1];
	uint32_t pid = 0;
	if (programs.value == 0)
		return;
	strncpy(short_name, name, PROCESS_NAME_MAX);
	short_name[PROCESS_NAME_MAX] = '\0';
	(void)program_set_action(programs, SIGCHLD, ACTION_IGNORE); /* spawn_wait asks the kernel */
	child = program_create(programs, short_name, &pid);
	if (child.value < 0)
		return;
	process_handle other = {handle_duplicate(ANY(process), RIGHTS_SAME).value};
	if (program_run(programs, pid, other) == 0)
		(void)give(process, ANY(child), RIGHT_ENDPOINT_SEND, given);
	handle_close(ANY(child));
}

/* The caller's choice goes behind the struct startup, the console and the program's own handle after it. */
static int give_chosen(process_handle process, const char *name, const struct spawn_handle *handles,
	size_t count, struct startup *startup)
{
	struct startup_handle *given = (struct startup_handle *)(startup + 1);
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++) {
		given[i].what = handles[i].what;
		result = give(process, handles[i].handle, handles[i].rights, &given[i].handle);
	}
	given[count].what = STARTUP_CONSOLE;
	if (result == 0)
		result = give(process, startup_handle(STARTUP_CONSOLE), RIGHTS_SAME, &given[count].handle);
	given[count + 1].what = STARTUP_PROGRAMS;
	if (result == 0)
		give_program(process, name, &given[count + 1].handle);
	startup->handle_count = (uint32_t)count + 2;
	return result;
}

static int give_all(process_handle process, uint32_t system_rights, struct startup *startup)
{
	int result = give(process, ANY(own_archive()), RIGHTS_SAME, &startup->archive);
	if (result == 0)
		result = give(process, ANY(own_system()), system_rights, &startup->system);
	if (result == 0)
		result = give(process, ANY(process), RIGHT_PROCESS_MANAGE, &startup->process);
	return result;
}

/* From an empty process to a running one. */
static int process_start(process_handle process, const char *name, const struct image *image,
	const struct block *block, uint32_t system_rights, const struct spawn_handle *handles, size_t count)
{
	struct startup *startup = (struct startup *)block->bytes;
	long entry = process_load(process, image->memory, image->offset, image->size);
	if (entry < 0)
		return (int)entry;
	int result = give_all(process, system_rights, startup);
	if (result == 0)
		result = give_chosen(process, name, handles, count, startup);
	if (result == 0)
		result = stack_make(process, block);
	if (result != 0)
		return result;
	thread_handle thread = thread_create(process, (uint64_t)entry, block->address, block->address);
	if (thread.value < 0)
		return thread.value;
	handle_close(ANY(thread)); /* it lives as long as it runs */
	return 0;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

process_handle spawn_with(const char *path, char *const argv[], char *const envp[], uint32_t system_rights,
	const struct spawn_handle *handles, size_t count)
{
	struct image image;
	struct block block;
	console_settle();
	int result = image_find(path, &image);
	if (result != 0)
		return (process_handle){result};
	const char *name = name_of(path);
	result = block_make(&block, argv, envp != NULL ? envp : environ, count);
	process_handle process = {result};
	if (result == 0) {
		process = process_create((const uint8_t *)name, strnlen(name, PROCESS_NAME_MAX));
		if (process.value > 0)
			result = process_start(process, name, &image, &block, system_rights, handles, count);
		free(block.bytes);
	}
	image_drop(&image);
	if (process.value > 0 && result != 0) {
		handle_close(ANY(process));
		process.value = result;
	}
	return process;
}

process_handle spawn_like_this(const char *path, char *const argv[], char *const envp[],
	uint32_t system_rights, const struct descriptor descriptors[DESCRIPTORS])
{
	struct spawn_handle handles[DESCRIPTORS + 2];
	size_t count = descriptors_list(descriptors, handles);
	handles[count++] = (struct spawn_handle){STARTUP_ROOT, ANY(own_root()), RIGHTS_SAME};
	handles[count++] = (struct spawn_handle){STARTUP_DIRECTORY, ANY(own_directory()), RIGHTS_SAME};
	return spawn_with(path, argv, envp, system_rights, handles, count);
}

process_handle spawn(const char *path, char *const argv[], char *const envp[], uint32_t system_rights)
{
	struct descriptor descriptors[DESCRIPTORS];
	descriptors_copy(descriptors);
	return spawn_like_this(path, argv, envp, system_rights, descriptors);
}

int spawn_wait(process_handle process, struct process_result *result)
{
	int error = process_wait(process, DEADLINE_NEVER, result);
	handle_close(ANY(process));
	return error;
}
