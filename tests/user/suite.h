/*
 * What the suites share: raw calls, random numbers with a seed, threads, children made of a few instructions, and
 * how much memory is free. A suite is one program, of one file or of those in a directory; this header is all its support.
 */
#pragma once

#include <abi/abi.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/ktap.h>
#include <tabula/spawn.h>
#include <tabula/syscalls.h>

#define SUITE_TEXT2(x) #x
#define SUITE_TEXT(x)  SUITE_TEXT2(x)
#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define MS             1000000ul
#define SECOND         (1000 * MS)
#define PATIENCE       (50 * SECOND) /* for what has to end: the machine below may be busy */

/* A variable that all files of a suite have in common: the linker takes one of several weak ones. */
#define SHARED __attribute__((weak))

/* ---- calls as the kernel sees them */

static inline long raw(uint64_t number, const uint64_t a[6])
{
	return tabula_syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static inline uint64_t now(void)
{
	return (uint64_t)clock_now();
}

/* ---- random numbers: splitmix64 */

SHARED uint64_t random_state;

static inline uint64_t random_next(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint64_t random_below(uint64_t limit)
{
	return random_next() % limit;
}

/* The seed is the program's argument, or the time; it is printed, so that a failure can be repeated. */
static inline uint64_t random_start(const char *argument)
{
	uint64_t seed = argument ? strtoull(argument, NULL, 0) : now() * 0x9e3779b97f4a7c15;

	random_state = seed;
	ktap_diagnose("seed %#lx; give it as the argument to repeat this run", (unsigned long)seed);
	return seed;
}

/* ---- many checks that are one test: the first failure is told */

struct checks {
	unsigned long done, failed;
	char first[160];
};

__attribute__((format(printf, 3, 4))) static inline bool check(
	struct checks *c, bool passed, const char *format, ...)
{
	va_list arguments;

	c->done++;
	if (passed)
		return true;
	if (!c->failed++) {
		va_start(arguments, format);
		vsnprintf(c->first, sizeof(c->first), format, arguments);
		va_end(arguments);
	}
	return false;
}

SHARED unsigned long cells_passed;

/* What there is to say comes before the result it belongs to. */
static inline void checks_report(const struct checks *c, const char *what)
{
	cells_passed += c->done - c->failed;
	ktap_diagnose("%lu cells", c->done);
	if (c->failed)
		ktap_diagnose("%lu failed, first: %s", c->failed, c->first);
	ktap_ok(c->done && !c->failed, "%s", what);
}

/* ---- pages with nothing mapped on either side */

struct pages {
	memory_handle memory;
	uint8_t *at;
	size_t size;
};

SHARED uintptr_t pages_next = 0x800000000ul;

/* Maps new memory with a hole before and behind it. */
static inline struct pages pages_map(size_t size, uint32_t prot)
{
	struct pages pages = {memory_create(size), (uint8_t *)pages_next, size};
	long at = vm_map(own_process(), pages_next, pages.memory, 0, size, prot, MAP_FIXED);

	if (at < 0)
		ktap_bail_out("no pages for the test: %ld", at);
	pages_next += size + 0x10000;
	return pages;
}

static inline void pages_unmap(struct pages *pages)
{
	vm_unmap(own_process(), (uintptr_t)pages->at, pages->size);
	handle_close(ANY(pages->memory));
}

/* ---- threads of this process. They may not use the C library. */

struct suite_thread {
	void (*run)(void *argument);
	void *argument;
	thread_handle handle;
	volatile bool over;
	alignas(16) char stack[4096];
};

void suite_thread_entry(void);
__asm__("	.text\n"
	"suite_thread_entry:\n"
	"	.option push\n"
	"	.option norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option pop\n"
	"	tail	suite_thread_run\n");

__attribute__((used)) static void suite_thread_run(struct suite_thread *thread)
{
	thread->run(thread->argument);
	thread->over = true;
	thread_exit();
}

static inline void suite_thread_start(struct suite_thread *thread, void (*run)(void *), void *argument)
{
	thread->run = run;
	thread->argument = argument;
	thread->over = false;
	thread->handle = thread_create(own_process(), (uintptr_t)suite_thread_entry,
		(uintptr_t)thread->stack + sizeof(thread->stack), (uintptr_t)thread);
	if (thread->handle.value < 0)
		ktap_bail_out("no thread for the test: %d", thread->handle.value);
}

static inline void suite_thread_join(struct suite_thread *thread)
{
	while (!thread->over)
		thread_yield();
	handle_close(ANY(thread->handle));
}

/* Where a thread begins that sleeps for ever and touches nothing. */
void suite_sleep(void);
__asm__("	.text\n"
	"suite_sleep:\n"
	"	li	a0, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
							   "	ecall\n");

/* ---- children: processes of a few instructions, copied to CHILD_CODE, with some data */

#define CHILD_CODE 0x100000ul
#define CHILD_DATA 0x200000ul
#define CHILD_SIZE 0x4000ul
#define CHILD_SP   (CHILD_DATA + CHILD_SIZE)
/* The same for assembly. */
#define CHILD_DATA_TEXT 0x200000
#define CHILD_SIZE_TEXT 0x4000
#define CHILD_SP_TEXT   0x204000
_Static_assert(CHILD_DATA_TEXT == CHILD_DATA && CHILD_SIZE_TEXT == CHILD_SIZE, "the numbers for assembly");
_Static_assert(CHILD_SP_TEXT == CHILD_SP, "where the stack of a child ends");

/* Instructions between two labels NAME and NAME_end, position-independent. */
#define CHILD_PROGRAM(name, text) \
	extern const char name[], name##_end[]; \
	__asm__("	.section .rodata\n	.balign 4\n" #name ":\n" text "\n" #name \
		"_end:\n	.text\n")

#define CHILD_EXIT "	li	a7, " SUITE_TEXT(SYS_process_exit) "\n	ecall\n"

struct child {
	process_handle process;
	memory_handle data;
};

/* -errno, or 0. */
static inline int child_make(struct child *child, const void *code, size_t size)
{
	memory_handle text = memory_create(CHILD_SIZE);
	long error;

	child->process = process_create((const uint8_t *)"child", 5);
	child->data = memory_create(CHILD_SIZE);
	if (text.value < 0 || child->process.value < 0 || child->data.value < 0)
		return -ENOMEM;
	error = memory_write(text, 0, code, size);
	if (error >= 0)
		error = vm_map(
			child->process, CHILD_CODE, text, 0, CHILD_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED);
	if (error >= 0)
		error = vm_map(child->process, CHILD_DATA, child->data, 0, CHILD_SIZE, PROT_READ | PROT_WRITE,
			MAP_FIXED);
	handle_close(ANY(text));
	return error < 0 ? (int)error : 0;
}

static inline int child_start(struct child *child, uint64_t argument)
{
	thread_handle thread = thread_create(child->process, CHILD_CODE, CHILD_SP, argument);

	if (thread.value < 0)
		return thread.value;
	handle_close(ANY(thread));
	return 0;
}

static inline void child_close(struct child *child)
{
	handle_close(ANY(child->process));
	handle_close(ANY(child->data));
}

/* Makes, starts and waits. A child that does not end is left alone: reason -1. */
static inline struct process_result child_run(const void *code, size_t size, uint64_t argument)
{
	struct process_result result = {.reason = (enum end_reason) - 1};
	struct child child;
	int error = child_make(&child, code, size);

	if (!error)
		error = child_start(&child, argument);
	if (!error)
		error = process_wait(child.process, now() + PATIENCE, &result);
	if (error)
		result.status = error;
	child_close(&child);
	return result;
}

static inline bool child_exited(const struct process_result *result, int status)
{
	return result->reason == END_REASON_EXITED && result->status == status;
}

/* ---- this program again, as another process that runs one of its scenarios */

static inline struct process_result again_run(
	const char *program, const char *scenario, const char *argument, uint32_t rights)
{
	char *argv[] = {
		(char *)(uintptr_t)program, (char *)(uintptr_t)scenario, (char *)(uintptr_t)argument, NULL};
	struct process_result result = {.reason = (enum end_reason) - 1};
	process_handle process = spawn(program, argv, NULL, rights);

	if (process.value < 0) {
		result.status = process.value;
		return result;
	}

	int error = process_wait(process, now() + PATIENCE, &result);

	if (error)
		result.status = error;
	handle_close(ANY(process));
	return result;
}

/* The last thing of a scenario "end", once it has threads that wait: they get some time to begin with it. */
static inline int ended_while_waiting(void)
{
	for (unsigned i = 0; i < 8; i++)
		thread_yield();
	return 5;
}

/* Runs the scenario "end" of a program, which ends while its threads wait. */
static inline void test_end_while_waiting(const char *program)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 8; i++) {
		struct process_result r = again_run(program, "end", NULL, RIGHTS_SAME);

		check(&c, child_exited(&r, 5), "reason %d status %d", (int)r.reason, (int)r.status);
	}
	checks_report(&c, "a process that ends while its threads wait");
}

/* A file of the archive in a memory object, and its size. */
static inline memory_handle file_object(const char *path, uint64_t *size)
{
	FILE *file = fopen(path, "rb");
	memory_handle memory = memory_create(1ul << 20);
	uint8_t bytes[512];
	size_t n;

	*size = 0;
	while (file && (n = fread(bytes, 1, sizeof(bytes), file)) > 0) {
		memory_write(memory, *size, bytes, n);
		*size += n;
	}
	if (!*size)
		ktap_bail_out("can't read %s", path);
	fclose(file);
	return memory;
}

/* ---- memory */

/* Touches a page of an object; false when memory is out. */
static inline bool page_fill(memory_handle memory, uint64_t page)
{
	static const uint8_t byte = 1;

	return memory_write(memory, page << PAGE_SHIFT, &byte, 1) == 1;
}

/* Up to so many free pages frames_free may miss: each other hart keeps some for itself (kernel/mem/frame.c). */
enum { PAGES_OF_A_HART = 32 };

static inline long frames_elsewhere(void)
{
	struct system_info info = {.harts = 1};

	system_info(own_system(), &info);
	return (long)(info.harts - 1) * PAGES_OF_A_HART;
}

/* Keeps what there is of memory in large pieces: page by page it is a call for each, and some machines have a million. */
static inline void runs_keep(void)
{
	for (uint64_t size = 32ul << 20; size >= 1ul << 20; size /= 2)
		while (memory_create_contiguous(own_system(), size, 0).value > 0)
			continue;
}

/* Keeps all memory but some pages for as long as this process lives, so that running out is quick. */
static inline void frames_leave(unsigned pages)
{
	memory_handle left = memory_create(1ul << 38), rest = memory_create(1ul << 38);
	uint64_t page = 0;

	for (unsigned i = 0; i < pages; i++)
		if (!page_fill(left, i))
			ktap_bail_out("there are no %u pages of memory", pages);
	runs_keep();
	while (page_fill(rest, page))
		page++;
	handle_close(ANY(left));
}

SHARED endpoint_handle suite_ends;

/* An endpoint of this process that has what receiving from it needs. */
static inline endpoint_handle ends_endpoint(void)
{
	struct message message = {.deadline = 0};

	if (suite_ends.value <= 0) {
		suite_ends = endpoint_create();
		(void)ipc_receive(suite_ends, &message);
	}
	return suite_ends;
}

/*
 * Closes a memory object, which ends when all harts have left the kernel once, and waits until its pages can be had again:
 * the end of a badge of ends_endpoint() that is closed after it is told after that of the object.
 */
static inline void memory_end(memory_handle memory, endpoint_handle badge)
{
	struct message message = {.deadline = now() + PATIENCE};

	handle_close(ANY(memory));
	handle_close(ANY(badge));
	if (ipc_receive(ends_endpoint(), &message) || message.label != MESSAGE_BADGE_GONE)
		ktap_bail_out("no word of the end of a badge");
}

/*
 * How many pages one more memory object can have: it is filled until memory is out. A thread that needs a page
 * meanwhile ends its process, so the pages that this function itself needs must be there: call it twice. They can be had
 * again when it returns.
 */
static inline long frames_free(void)
{
	endpoint_handle badge = endpoint_badge(ends_endpoint(), 1);
	memory_handle memory = memory_create(1ul << 38);
	uint64_t page = 0;

	while (page_fill(memory, page))
		page++;
	memory_end(memory, badge);
	return (long)page;
}

SHARED long frames_most; /* that frames_settled has seen */

/*
 * The same when what other harts still have to end has ended: when there are no more the next time. A large object may have
 * to wait longer for a hart that the machine below does not run: so if far fewer are there than once were, they get a while.
 */
static inline long frames_settled(void)
{
	enum { FEW = 64 };
	uint64_t until = now() + 4 * SECOND;
	long last, count = frames_free();

	do {
		last = count;
		count = frames_free();
	} while (count > last || (count < frames_most - FEW && now() < until));
	if (count > frames_most)
		frames_most = count;
	return count;
}

/* The same when there are as many as there were, but for so many; what is still to end is waited for with patience. */
static inline long frames_again(long before, long tolerance)
{
	uint64_t until = now() + PATIENCE;
	long after;

	do
		after = frames_free();
	while (labs(before - after) > tolerance && now() < until && !thread_sleep(now() + MS));
	return after;
}

/* Whether doing it once more costs memory: at first it may, for what is kept. `pages` is what it may need at most. */
static inline void test_nothing_is_lost(void (*act)(struct checks *c), unsigned pages, const char *what)
{
	struct checks c = {0};
	long before, after;

	frames_leave(pages);
	act(&c);
	before = frames_settled();
	act(&c);
	after = frames_again(before, frames_elsewhere());
	check(&c, labs(before - after) <= frames_elsewhere(), "%ld pages were free, %ld are now", before,
		after);
	checks_report(&c, what);
}
