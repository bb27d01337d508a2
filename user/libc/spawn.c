/*
 * Starting a program: an empty process, the ELF file mapped into it straight from where it lies, a stack that holds
 * the arguments, the handles that it may use, one thread. Whatever fails, all that was made goes again. The same for a child
 * and for exec, where the process server is told that the new process is this program.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>
#include <tabula/spawn.h>

#include "children.h"
#include "image.h"
#include "process.h"
#include "script.h"
#include "signals.h"
#include "space.h"

enum { ARGUMENT_MAX = 0x20000, PROCESS_NAME_MAX = 31, SCRIPTS_MOST = 4 /* that name each other */ };

/* After fork the heap is shared: what most programs are started with needs none of it. */
enum { BLOCK_SMALL = 1024 };

extern char **environ;

/* The top of the new stack while it is put together: struct startup, handles, pointers, then strings. */
struct block {
	char *bytes;
	size_t size;
	uint64_t address; /* where it will lie in the new program: see block_place */
	size_t strings; /* where the next string goes */
	uint64_t *first, *pointer; /* the pointers; where the next goes */
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

/* Puts strings and pointers to them, from the start of the block; returns where the first pointer will lie. */
static uint64_t block_add(struct block *block, char *const list[])
{
	uint64_t first = (uint64_t)((char *)block->pointer - block->bytes);
	for (size_t i = 0; list[i] != NULL; i++) {
		size_t length = strlen(list[i]) + 1;
		*block->pointer++ = block->strings;
		memcpy(block->bytes + block->strings, list[i], length);
		block->strings += length;
	}
	*block->pointer++ = 0;
	return first;
}

/* `small` is used where the block fits in. */
static int block_make(struct block *block, char small[BLOCK_SMALL], char *const argv[], char *const envp[],
	size_t handles, const struct birth *birth)
{
	size_t fixed = sizeof(struct startup) + (handles + 2) * sizeof(struct startup_handle), size = fixed;
	size_t argc = list_measure(argv, &size);
	size_t envc = list_measure(envp, &size);
	if (size > ARGUMENT_MAX)
		return -E2BIG;
	size = (size + 15) & ~(size_t)15;
	block->bytes = size <= BLOCK_SMALL ? memset(small, 0, size) : calloc(1, size);
	if (block->bytes == NULL)
		return -ENOMEM;
	block->size = size;
	block->first = block->pointer = (uint64_t *)(block->bytes + fixed);
	block->strings = fixed + (argc + envc + 2) * sizeof(uint64_t);

	struct startup *startup = (struct startup *)block->bytes;
	startup->size = sizeof *startup;
	startup->argc = argc;
	startup->argv = block_add(block, argv);
	startup->envp = block_add(block, envp);
	startup->mask = mask_current();
	startup->signals_blocked = birth->blocked;
	startup->signals_ignored = birth->ignored;
	startup->handles = sizeof *startup;
	startup->clock_epoch = own_clock_epoch();
	return 0;
}

/* Makes addresses of what was counted from the start of the block. */
static void block_place(struct block *block, uint64_t address)
{
	struct startup *startup = (struct startup *)block->bytes;
	startup->argv += address;
	startup->envp += address;
	startup->handles += address;
	for (uint64_t *pointer = block->first; pointer < block->pointer; pointer++)
		if (*pointer != 0) /* the end of a list */
			*pointer += address;
	block->address = address;
}

/* Maps a stack that ends at SPACE_STACK; below it nothing is for long. 0 or -errno. */
static int stack_map(process_handle process)
{
	memory_handle memory = memory_create(SPACE_STACK_SIZE);
	if (memory.value < 0)
		return memory.value;
	long at = vm_map(process, SPACE_STACK - SPACE_STACK_SIZE, memory, 0, SPACE_STACK_SIZE,
		PROT_READ | PROT_WRITE, MAP_FIXED);
	handle_close(ANY(memory)); /* the mapping keeps it */
	return at < 0 ? (int)at : 0;
}

static int space_fill(process_handle process, uint64_t at, const char *bytes, size_t size)
{
	while (size > 0) {
		long count = process_write(process, at, (const uint8_t *)bytes, size);
		if (count <= 0)
			return count < 0 ? (int)count : -EIO;
		at += (uint64_t)count;
		bytes += count;
		size -= (size_t)count;
	}
	return 0;
}

/* Puts the block at the top of the stack, which the program brings along, or else gets one. */
static int stack_make(process_handle process, const struct image *image, struct block *block)
{
	uint64_t top = image_stack(image) & ~15ul;
	int error = top != 0 ? 0 : stack_map(process);
	if (error != 0)
		return error;
	block_place(block, (top != 0 ? top : SPACE_STACK) - block->size);
	error = space_fill(process, block->address, block->bytes, block->size);
	return error == -EBADMSG ? -ENOEXEC : error; /* what the file says of its stack is not so */
}

/* Gives a handle with those of the rights that this program has. `*given` is 0 if there is none to give. */
static int give(process_handle process, any_handle handle, uint32_t rights, uint32_t *given)
{
	struct handle_info info;
	*given = 0;
	if (handle.value <= 0)
		return 0;
	long result = process_give(process, handle, rights);
	if (result == -EACCES && rights != RIGHTS_SAME && handle_info(handle, &info) == 0)
		result = process_give(process, handle, rights & info.rights);
	if (result < 0)
		return result == -EBADF ? 0 : (int)result;
	*given = (uint32_t)result;
	return 0;
}

/* ---- what the process server is told */

/* What signals do to the child, and its group, before it can run. 0 or -errno. */
static int child_prepare(endpoint_handle programs, uint32_t pid, const struct birth *birth)
{
	uint64_t held = birth->blocked & ~birth->ignored;
	int error = 0;
	if (held != 0 || birth->ignored != signals_ignored())
		error = program_set_actions(programs, pid, birth->ignored, held);
	if (error == 0 && birth->has_group)
		error = program_set_group(programs, pid, (uint32_t)birth->group);
	if (error == 0 && birth->foreground) {
		long group = program_get_group(programs, pid);
		error = group < 0 ? (int)group : program_set_foreground(programs, (uint32_t)group);
	}
	return error;
}

/* The handle of a child that is known there; -errno as its value when it can't be. */
static endpoint_handle child_enter(process_handle process, const char *name, struct birth *birth)
{
	enum kinship how = birth->kind == BIRTH_UNWAITED ? KINSHIP_UNWAITED : 0;
	endpoint_handle child = program_create(own_program(), name, how, &birth->pid);
	if (child.value < 0)
		return child;
	int error = child_prepare(own_program(), birth->pid, birth);
	if (error == 0)
		error = program_run(own_program(), birth->pid, process);
	if (error != 0) {
		handle_close(ANY(child));
		child.value = error;
	}
	return child;
}

static endpoint_handle self_enter(process_handle process, const char *name, const struct birth *birth)
{
	return program_exec(own_program(), process, name, birth->blocked & ~birth->ignored,
		birth->pending & birth->blocked);
}

/*
 * Gives the process a handle as the program that it is. A child runs all the same when the process server is not there
 * or does not know who asks.
 */
static int give_program(process_handle process, const char *name, struct birth *birth, uint32_t *given)
{
	char short_name[PROCESS_NAME_MAX + 1];
	strncpy(short_name, name, PROCESS_NAME_MAX);
	short_name[PROCESS_NAME_MAX] = '\0';
	endpoint_handle program =
		PROGRAM_CALL_HANDLE(birth->kind == BIRTH_SELF ? self_enter(process, short_name, birth)
							      : child_enter(process, short_name, birth));
	if (program.value < 0 && birth->kind != BIRTH_SELF && program_is_unknown(program.value)) {
		birth->pid = 0;
		return 0;
	}
	if (program.value < 0)
		return program_is_unknown(program.value) ? -EAGAIN : program.value;
	int result = give(process, ANY(program), RIGHT_ENDPOINT_SEND, given);
	handle_close(ANY(program));
	return result;
}

/* The new process will not run this program after all. */
static void self_stay(void)
{
	(void)program_stay(own_program());
	signals_tell_again();
}

/* ---- handles */

/* Of a process on itself: also to show a new process server which one it is. */
#define RIGHTS_OWN (RIGHT_PROCESS_MANAGE | RIGHT_PROCESS_WAIT | RIGHT_DUPLICATE | RIGHT_TRANSFER)

/* The caller's choice goes behind the struct startup, the console and the program's own handle after it. */
static int give_chosen(process_handle process, const struct order *order, struct startup *startup)
{
	struct startup_handle *given = (struct startup_handle *)(startup + 1);
	size_t count = order->count;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++) {
		given[i].what = order->handles[i].what;
		result = give(process, order->handles[i].handle, order->handles[i].rights, &given[i].handle);
	}
	given[count].what = STARTUP_CONSOLE;
	if (result == 0)
		result = give(process, startup_handle(STARTUP_CONSOLE), RIGHTS_SAME, &given[count].handle);
	given[count + 1].what = STARTUP_PROGRAMS; /* it comes last */
	startup->handle_count = (uint32_t)count + 2;
	return result;
}

static int give_all(process_handle process, uint32_t system_rights, struct startup *startup)
{
	int result = give(process, ANY(own_archive()), RIGHTS_SAME, &startup->archive);
	if (result == 0)
		result = give(process, ANY(own_system()), system_rights, &startup->system);
	if (result == 0)
		result = give(process, ANY(process), RIGHTS_OWN, &startup->process);
	return result;
}

/* Fills an empty process. The entry of the program, or -errno. */
static long process_fill(
	process_handle process, const struct image *image, const struct order *order, struct startup *startup)
{
	long entry = process_load(process, image->memory, image->offset, image->size);
	if (entry < 0)
		return entry;
	int result = give_all(process, order->system_rights, startup);
	if (result == 0)
		result = give_chosen(process, order, startup);
	return result == 0 ? entry : result;
}

bool process_is_over(process_handle process)
{
	struct process_info info;
	return process_info(process, &info) == 0 && info.state >= PROCESS_STATE_ENDING;
}

/* From a filled process to a running one, which the process server knows. */
static int process_begin(process_handle process, const struct image *image, long entry, const char *name,
	struct block *block, struct birth *birth, uint32_t *program)
{
	int result = give_program(process, name, birth, program);
	if (result == 0)
		result = stack_make(process, image, block);
	/* Not when it runs: it may lock the same files at once. Almost nothing can fail any more. */
	if (result == 0 && birth->kind == BIRTH_SELF)
		descriptors_exec_locks();
	if (result == 0)
		result = process_start(process, (uint64_t)entry, block->address, block->address, 0);
	if (result != 0 && birth->pid != 0 && process_is_over(process))
		result = 0; /* a signal to the child was faster: it has run, and ended */
	return result;
}

/* All from an image to a running process; when that fails, all goes again. */
static process_handle process_make(const char *name, const struct image *image, const struct order *order,
	struct block *block, struct birth *birth)
{
	struct startup *startup = (struct startup *)block->bytes;
	struct startup_handle *given = (struct startup_handle *)(startup + 1);
	process_handle process = process_create((const uint8_t *)name, strnlen(name, PROCESS_NAME_MAX));
	if (process.value < 0)
		return process;
	long entry = process_fill(process, image, order, startup);
	int result = entry < 0 ? (int)entry
			       : process_begin(process, image, entry, name, block, birth,
					 &given[order->count + 1].handle);
	if (result == 0)
		return process;
	if (entry > 0 && birth->kind == BIRTH_SELF)
		self_stay();
	else if (birth->pid != 0)
		(void)program_abandon(own_program(), birth->pid);
	handle_close(ANY(process));
	return (process_handle){result};
}

/* ---- what is run */

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static process_handle image_start(
	const char *path, const struct image *image, const struct order *order, struct birth *birth)
{
	struct block block;
	_Alignas(16) char small[BLOCK_SMALL];
	int result = block_make(
		&block, small, order->argv, order->envp != NULL ? order->envp : environ, order->count, birth);
	if (result != 0)
		return (process_handle){result};
	process_handle process = process_make(name_of(path), image, order, &block, birth);
	if (block.bytes != small)
		free(block.bytes);
	return process;
}

/* Runs a script by whom its first line names, who gets its path instead of the first argument. */
static process_handle script_start(
	const struct script *script, const struct order *order, struct birth *birth, int depth);

static process_handle start_at_depth(const struct order *order, struct birth *birth, int depth)
{
	struct image image;
	struct script script;
	const char *path = order->path != NULL ? order->path : "program";
	int result = order->path != NULL ? image_find(path, &image) : image_of(order->file, &image);
	if (result != 0)
		return (process_handle){result};
	process_handle process = image_start(path, &image, order, birth);
	if (process.value == -ENOEXEC && script_read(&image, &script))
		process = script_start(&script, order, birth, depth);
	image_drop(&image);
	return process;
}

static process_handle script_start(
	const struct script *script, const struct order *order, struct birth *birth, int depth)
{
	size_t count = 0;
	if (depth == SCRIPTS_MOST)
		return (process_handle){-ELOOP};
	if (order->path == NULL) /* who reads it could not find it */
		return (process_handle){-ENOEXEC};
	while (order->argv[count] != NULL)
		count++;
	char **words = calloc(count + 4, sizeof *words);
	if (words == NULL)
		return (process_handle){-ENOMEM};
	size_t used = 0;
	words[used++] = (char *)(uintptr_t)script->interpreter;
	if (script->argument != NULL)
		words[used++] = (char *)(uintptr_t)script->argument;
	words[used++] = (char *)(uintptr_t)order->path;
	for (size_t i = 1; i < count; i++)
		words[used++] = order->argv[i];
	struct order inner = *order;
	inner.path = script->interpreter;
	inner.argv = words;
	process_handle process = start_at_depth(&inner, birth, depth + 1);
	free(words);
	return process;
}

process_handle program_launch(const struct order *order, struct birth *birth)
{
	console_settle();
	return start_at_depth(order, birth, 0);
}

process_handle program_launch_with(
	struct order order, const struct descriptors *descriptors, struct birth *birth)
{
	struct spawn_handle handles[DESCRIPTORS + 3];
	size_t count = descriptors_list(descriptors, handles);
	handles[count++] = (struct spawn_handle){STARTUP_ROOT, ANY(own_root()), RIGHTS_SAME};
	handles[count++] = (struct spawn_handle){STARTUP_DIRECTORY, ANY(own_directory()), RIGHTS_SAME};
	if (birth->kind == BIRTH_SELF && file_locks_owner().value != 0)
		handles[count++] = (struct spawn_handle){STARTUP_LOCKS, ANY(file_locks_owner()), RIGHTS_SAME};
	order.handles = handles;
	order.count = count;
	return program_launch(&order, birth);
}

/* ---- processes that their parent waits for by their handles */

static struct birth unwaited(void)
{
	return (struct birth){
		.kind = BIRTH_UNWAITED, .blocked = thread_self->blocked, .ignored = signals_ignored()};
}

process_handle spawn_with(const char *path, char *const argv[], char *const envp[], uint32_t system_rights,
	const struct spawn_handle *handles, size_t count)
{
	struct birth birth = unwaited();
	return program_launch(&(struct order){path, {0}, argv, envp, system_rights, handles, count}, &birth);
}

process_handle spawn(const char *path, char *const argv[], char *const envp[], uint32_t system_rights)
{
	struct descriptors descriptors;
	struct birth birth = unwaited();
	descriptors_copy(&descriptors);
	return program_launch_with(
		(struct order){.path = path, .argv = argv, .envp = envp, .system_rights = system_rights},
		&descriptors, &birth);
}

int spawn_wait(process_handle process, struct process_result *result)
{
	int error = process_wait(process, DEADLINE_NEVER, result);
	handle_close(ANY(process));
	return error;
}
