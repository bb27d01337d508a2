/*
 * fork: a process with a copy of this one's memory and handles, and one thread in it, which goes on where the caller is.
 *
 * What is to be the same is made so by the kernel: memory, copied when one of the two writes, and handles, with the same
 * values, so descriptors share what they stand for. The process server is told before, so the child has its handle there under
 * a value that it knows, and not its parent's. It gives up what is the parent's alone: its children, its alarm, the
 * threads for signals, which it makes anew if it needs them. Other threads are stopped meanwhile, outside of the library's
 * locks, so what is copied is as they left it.
 */
#include "fork.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "children.h"
#include "heap.h"
#include "process.h"
#include "signals.h"

/* On the stack of the caller, and so in the child's memory as well. */
struct fork_point {
	uint64_t registers[14]; /* ra, sp, s0 to s11: see fork_mark */
	endpoint_handle program; /* the child's */
	process_handle process; /* the child's, as the parent has it */
	uint32_t pid;
};

_Static_assert(offsetof(struct fork_point, registers) == 0, "fork_mark writes there");

/*
 * What setjmp does, but for the floating-point registers, which the kernel gives to the child: most programs never have the
 * unit switched on. Returns 0, and 1 in the child, whose thread begins in fork_entry. In: a0 = struct fork_point.
 */
__attribute__((returns_twice)) int fork_mark(struct fork_point *point);
void fork_entry(void);
__asm__("	.text\n"
	"	.macro	fork_registers op\n"
	"	\\op	ra, 0(a0)\n"
	"	\\op	sp, 8(a0)\n"
	"	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"	\\op	s\\n, 16 + 8 * \\n(a0)\n"
	"	.endr\n"
	"	.endm\n"
	"fork_mark:\n"
	"	fork_registers sd\n"
	"	li	a0, 0\n"
	"	ret\n"
	"fork_entry:\n"
	"	.option	push\n"
	"	.option	norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option	pop\n"
	"	fork_registers ld\n"
	"	li	a0, 1\n"
	"	ret\n");

/* ---- pthread_atfork */

struct atfork {
	struct atfork *next, *before;
	void (*prepare)(void), (*parent)(void), (*child)(void);
};

static struct atfork *first, *last;
static uint32_t atfork_lock;

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	struct atfork *made = malloc(sizeof *made);
	if (made == NULL)
		return ENOMEM;
	word_lock(&atfork_lock);
	*made = (struct atfork){NULL, last, prepare, parent, child};
	*(last != NULL ? &last->next : &first) = made;
	last = made;
	word_unlock(&atfork_lock);
	return 0;
}

static void call_prepare(void)
{
	for (const struct atfork *at = last; at != NULL; at = at->before)
		if (at->prepare != NULL)
			at->prepare();
}

static void call_after(bool in_child)
{
	for (const struct atfork *at = first; at != NULL; at = at->next) {
		void (*function)(void) = in_child ? at->child : at->parent;
		if (function != NULL)
			function();
	}
}

/* ---- what is not to be copied half done */

static void locks_take(void)
{
	streams_fork_begin();
	heap_lock();
	word_lock(&threads_lock);
}

static void locks_give(void)
{
	word_unlock(&threads_lock);
	heap_unlock();
	streams_fork_end();
}

static void others_stop(bool stop)
{
	for (const struct __pthread *thread = threads; thread != NULL; thread = thread->next) {
		if (thread == thread_self || thread->handle <= 0)
			continue;
		if (stop)
			(void)thread_suspend((thread_handle){thread->handle});
		else
			(void)thread_resume((thread_handle){thread->handle});
	}
}

/* ---- in the parent */

static int memory_clone(process_handle child)
{
	long at = 0;
	do
		at = vm_clone(child, own_process(), (uint64_t)at);
	while (at > 0);
	return (int)at;
}

/* All but what is the parent's alone: as a program, and its child. */
static int handles_clone(process_handle child)
{
	long index = 0;
	do
		index = process_clone_handles_but(child, own_process(), (uint32_t)index,
			(uint32_t)own_program().value, (uint32_t)child.value);
	while (index > 0);
	return (int)index;
}

/* Makes the process, which is empty. 0 or -errno. */
static int process_make(struct fork_point *point)
{
	const char *name = own_name();
	point->process = process_create((const uint8_t *)name, strlen(name));
	return point->process.value < 0 ? point->process.value : 0;
}

/* Tells the process server, unless there is none that knows this program. 0 or -errno. */
static int process_enter(struct fork_point *point)
{
	point->program = PROGRAM_CALL_HANDLE(program_fork(own_program(), point->process, &point->pid));
	if (program_is_unknown(point->program.value))
		point->pid = 0;
	else if (point->program.value < 0)
		return point->program.value;
	return 0;
}

static int process_copy(const struct fork_point *point)
{
	int error = memory_clone(point->process);
	return error == 0 ? handles_clone(point->process) : error;
}

static int process_run(const struct fork_point *point)
{
	return process_start(
		point->process, (uintptr_t)fork_entry, point->registers[1], (uintptr_t)point, MANNER_LIKE);
}

static void point_drop(const struct fork_point *point, int error)
{
	if (error != 0 && point->pid != 0)
		(void)program_abandon(own_program(), point->pid);
	if (point->program.value > 0)
		handle_close(ANY(point->program));
	if (point->process.value > 0 && error != 0)
		handle_close(ANY(point->process));
}

/* ---- in the child */

static void handle_drop(int32_t handle)
{
	if (handle > 0)
		handle_close((any_handle){handle});
}

static void threads_forget(void)
{
	for (struct __pthread *thread = threads; thread != NULL; thread = thread->next) {
		handle_drop(thread->handle);
		if (thread != thread_self)
			handle_drop(thread->meets);
		thread->handle = 0;
	}
	thread_self->next = NULL;
	thread_self->pending = 0;
	memset(thread_self->raised, 0, sizeof thread_self->raised);
	threads = thread_self;
	if (thread_self->base != 0)
		thread_self->handle = process_thread(own_process(), 0).value;
	if (threads_after_fork != NULL)
		threads_after_fork();
}

static void become_child(const struct fork_point *point)
{
	own_become(own_process(), point->program.value > 0 ? point->program : (endpoint_handle){0});
	process_renumber((pid_t)point->pid);
	children_forget();
	alarm_forget();
	file_locks_forget();
	threads_forget();
	signals_begin_again();
}

/* ---- both */

/* From an empty process, which is known, to a running one. 0, 1 in the child, or -errno. */
static int split(struct fork_point *point)
{
	locks_take();
	if (fork_mark(point) != 0) {
		become_child(point);
		locks_give();
		streams_after_fork();
		return 1;
	}
	others_stop(true);
	int error = process_copy(point);
	others_stop(false);
	locks_give();
	return error == 0 ? process_run(point) : error;
}

/* The number of the child, 0 in the child, or -errno. */
static pid_t child_make(struct fork_point *point)
{
	int error = process_make(point);
	if (error == 0)
		error = process_enter(point);
	if (error == 0)
		error = split(point);
	if (error > 0)
		return 0;
	if (error != 0 && point->pid != 0 && process_is_over(point->process))
		error = 0; /* a signal to the child was faster: it has run, and ended */
	point_drop(point, error);
	return error != 0 ? error : children_add((pid_t)point->pid, point->process);
}

pid_t fork(void)
{
	struct fork_point point;
	point.pid = 0;
	point.program.value = 0;
	console_settle();
	uint64_t blocked = signals_block();
	word_lock(&atfork_lock);
	call_prepare();
	pid_t pid = child_make(&point);
	call_after(pid == 0);
	word_unlock(&atfork_lock);
	signals_unblock(blocked);
	return (pid_t)posix_result(pid);
}

pid_t vfork(void)
{
	return fork();
}
