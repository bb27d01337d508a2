/* The beginning of processes that a program makes itself: their first thread, and the handles of their maker that they get. */
#include "suite.h"

#include <errno.h>

#define CODE(name)       extern const char name[], name##_end[]
#define SIZE_OF(name)    ((size_t)(name##_end - name))
#define CHILD(name, ops) #name ":\n" ops CHILD_EXIT #name "_end:\n"

CODE(return_argument);
CODE(return_pointer);
CODE(return_float);
CODE(return_duplicate);

/* Programs of a few instructions, which exit with what they have found. */
/* clang-format off */
__asm__("	.section .rodata\n	.balign 4\n"
	CHILD(return_argument, "")
	CHILD(return_pointer, "	mv	a0, tp\n")
	CHILD(return_float, "	fmv.x.w	a0, fs0\n")
	CHILD(return_duplicate, "	li	a1, -1\n	li	a7, " SUITE_TEXT(SYS_handle_duplicate) "\n	ecall\n")
	"	.text\n");
/* clang-format on */

/* ---- threads without a handle */

static uint32_t handles_of(process_handle process)
{
	struct process_info info = {.handles = 0};

	process_info(process, &info);
	return info.handles;
}

static int32_t started(struct checks *c, const char *code, size_t size, enum manner how)
{
	struct process_result result = {.status = -1};
	uint32_t before;
	struct child child;

	if (!check(c, !child_make(&child, code, size), "a process"))
		return -1;
	before = handles_of(own_process());
	check(c, !process_start(child.process, CHILD_CODE, CHILD_SP, 77, how), "its thread");
	check(c, handles_of(own_process()) == before, "a handle more");
	check(c, !process_wait(child.process, now() + PATIENCE, &result), "its end");
	child_close(&child);
	return result.status;
}

static float floats_given(struct checks *c, float value, enum manner how)
{
	register float kept __asm__("fs0") = value;
	union {
		int32_t bits;
		float value;
	} got;

	__asm__ volatile("" : "+f"(kept));
	got.bits = started(c, return_float, SIZE_OF(return_float), how);
	__asm__ volatile("" : "+f"(kept));
	return got.value;
}

static void test_start(void)
{
	register uintptr_t pointer __asm__("tp");
	struct checks c = {0};

	check(&c, floats_given(&c, 0, MANNER_LIKE) == 0, "floats of one that has none");
	check(&c, started(&c, return_argument, SIZE_OF(return_argument), 0) == 77, "the argument");
	check(&c, started(&c, return_argument, SIZE_OF(return_argument), MANNER_LIKE) == 77, "the same");
	check(&c, started(&c, return_pointer, SIZE_OF(return_pointer), 0) == 0, "no pointer");
	check(&c, started(&c, return_pointer, SIZE_OF(return_pointer), MANNER_LIKE) == (int32_t)pointer,
		"the caller's pointer");
	check(&c, floats_given(&c, 1.5f, 0) == 0, "no floats");
	check(&c, floats_given(&c, 1.5f, MANNER_LIKE) == 1.5f, "the caller's floats");
	checks_report(&c, "a thread is started without a handle");
}

static void test_not_started(void)
{
	process_handle p = process_create((const uint8_t *)"p", 1);
	struct checks c = {0};

	check(&c, process_start(p, CHILD_CODE, 8, 0, 0) == -EINVAL, "a stack that is not aligned");
	check(&c, process_start(p, CHILD_CODE | 1, 16, 0, 0) == -EINVAL, "code that is not aligned");
	check(&c, process_start(p, UINT64_MAX - 1, 16, 0, MANNER_LIKE) == -EINVAL, "the kernel's code");
	process_kill(p, 1);
	check(&c, process_start(p, CHILD_CODE, 16, 0, 0) == -EBUSY, "in one that has ended");
	check(&c, process_start(p, CHILD_CODE, 16, 0, MANNER_LIKE) == -EBUSY, "the same, like the caller");
	handle_close(ANY(p));
	checks_report(&c, "a thread that can't be started");
}

/* ---- all handles but two */

static struct child cloned(struct checks *c, uint32_t but, uint32_t but2)
{
	struct child child;

	check(c, !child_make(&child, return_duplicate, SIZE_OF(return_duplicate)), "a process");
	check(c, process_clone_handles_but(child.process, own_process(), 0, but, but2) == 0, "its handles");
	return child;
}

static uint32_t count_cloned(struct checks *c, uint32_t but, uint32_t but2)
{
	struct child child = cloned(c, but, but2);
	uint32_t count = handles_of(child.process);

	child_close(&child);
	return count;
}

/* What a process gets that duplicates this handle, which it has been given, or not. */
static int32_t duplicated(struct checks *c, any_handle handle, uint32_t but, uint32_t but2)
{
	struct process_result result = {.status = 0};
	struct child child = cloned(c, but, but2);

	check(c, !process_start(child.process, CHILD_CODE, CHILD_SP, (uint32_t)handle.value, 0),
		"its thread");
	check(c, !process_wait(child.process, now() + PATIENCE, &result), "its end");
	child_close(&child);
	return result.status;
}

static void test_but(void)
{
	any_handle one = handle_duplicate(ANY(own_archive()), RIGHTS_SAME);
	any_handle two = handle_duplicate(ANY(own_archive()), RIGHTS_SAME);
	uint32_t first = (uint32_t)one.value, second = (uint32_t)two.value, all, stale;
	struct checks c = {0};

	handle_close(handle_duplicate(ANY(own_archive()), RIGHTS_SAME)); /* so that there is a free slot */
	all = count_cloned(&c, 0, 0);
	check(&c, count_cloned(&c, first, 0) == all - 1 && count_cloned(&c, 0, first) == all - 1, "but one");
	check(&c, count_cloned(&c, first, second) == all - 2, "but two");
	check(&c, count_cloned(&c, first, first) == all - 1, "but the same");
	check(&c, count_cloned(&c, UINT32_MAX, 12345u << 20) == all, "what is no handle");
	check(&c, duplicated(&c, one, second, 0) > 0, "one that is there");
	check(&c, duplicated(&c, one, second, first) == -EBADF, "one that is not");
	handle_close(one);
	stale = first;
	one = handle_duplicate(ANY(own_archive()), RIGHTS_SAME);
	check(&c, count_cloned(&c, stale, 0) == all, "one that has been closed");
	handle_close(one);
	handle_close(two);
	checks_report(&c, "handles are cloned but for two");
}

static void test_no_handles(void)
{
	process_handle p = process_create((const uint8_t *)"p", 1);
	struct checks c = {0};

	check(&c, process_clone_handles_but(p, p, 0, 0, 0) == -EINVAL, "its own");
	check(&c, process_clone_handles_but(p, own_process(), 1, 0, 0) == -EINVAL, "inside of a page");
	check(&c, process_clone_handles_but(p, own_process(), 512, 0, 0) == 0, "behind the last");
	check(&c, process_clone_handles_but(p, own_process(), 0, 0, 0) == 0, "all");
	check(&c, process_clone_handles_but(p, own_process(), 0, 0, 0) == -EEXIST, "twice");
	process_kill(p, 1);
	check(&c, process_clone_handles_but(p, own_process(), 0, 0, 0) == -EBUSY, "for one that has ended");
	handle_close(ANY(p));
	checks_report(&c, "handles that can't be cloned");
}

int main(void)
{
	ktap_plan(4);
	test_start();
	test_not_started();
	test_but();
	test_no_handles();
	return ktap_end();
}
