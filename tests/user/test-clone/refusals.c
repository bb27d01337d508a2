/* What can't be copied or cloned is refused. */
#include "clone.h"

void test_wrong(void)
{
	memory_handle a = memory_create(4 * PAGE_SIZE), b = memory_create(2 * PAGE_SIZE);
	process_handle p = process_create((const uint8_t *)"p", 1),
		       q = process_create((const uint8_t *)"q", 1);
	uint64_t longer[40];
	struct checks c = {0};

	static const struct {
		uint64_t at, offset, len;
	} bad[] = {{1, 0, PAGE_SIZE}, {0, 1, PAGE_SIZE}, {0, 0, 0}, {0, 0, 1}, {0, 0, 3 * PAGE_SIZE},
		{PAGE_SIZE, 0, 2 * PAGE_SIZE}, {0, 3 * PAGE_SIZE, 2 * PAGE_SIZE},
		{UINT64_MAX - 4095, 0, PAGE_SIZE}, {0, UINT64_MAX - 4095, PAGE_SIZE},
		{0, 0, UINT64_MAX - 4095}};

	memset(longer, 0xff, sizeof(longer));
	for (unsigned i = 0; i < COUNT(bad); i++)
		check(&c, memory_copy(b, bad[i].at, a, bad[i].offset, bad[i].len) == -EINVAL, "copy %u", i);
	check(&c, memory_copy(a, 0, a, PAGE_SIZE, PAGE_SIZE) == -EINVAL, "onto itself");
	check(&c, page_fill(a, 0) && page_fill(b, 1), "fill");
	check(&c, memory_copy(b, PAGE_SIZE, a, 0, PAGE_SIZE) == -EEXIST, "onto a page that is there");
	check(&c, memory_copy(b, PAGE_SIZE, a, PAGE_SIZE, PAGE_SIZE) == -EEXIST, "nothing, onto a page");
	check(&c, memory_copy(b, 0, a, 0, 2 * PAGE_SIZE) == PAGE_SIZE, "as far as it goes");
	check(&c, memory_copy((memory_handle){own_archive().value}, 0, a, 0, PAGE_SIZE) == -EACCES,
		"the archive");
	check(&c, memory_copy(memory_create(PAGE_SIZE), 0, own_archive(), 0, PAGE_SIZE) == PAGE_SIZE,
		"of the archive");
	check(&c, vm_clone(p, p, 0) == -EINVAL, "of itself");
	check(&c, vm_clone(p, own_process(), 1) == -EINVAL, "inside of a page");
	check(&c, process_clone_handles(p, p, 0) == -EINVAL, "its own handles");
	process_kill(q, 1);
	process_wait(q, now() + PATIENCE, &(struct process_result){0});
	check(&c, vm_clone(q, own_process(), 0) == -EBUSY, "into one that has ended");
	check(&c, process_clone_handles(q, own_process(), 0) == -EBUSY, "handles for one that has ended");
	check(&c, vm_protect(q, FIRST, PAGE_SIZE, PROT_READ) == -EBUSY, "protecting in one that has ended");
	check(&c, thread_create_with(q, FIRST, 16, 0, 0, 0, 16, 1, START_STOPPED).value == -EBUSY,
		"a thread in one that has ended");
	check(&c, raw(SYS_thread_create_with, (uint64_t[6]){(uintptr_t)longer, sizeof(longer)}) == -E2BIG,
		"a struct with more than is known");
	check(&c, thread_create_like(q, FIRST, 16, 0).value == -EBUSY, "nor one like this");
	check(&c, thread_create_like(p, FIRST, 8, 0).value == -EINVAL, "a stack that is not aligned");
	check(&c, thread_create_like(p, FIRST | 1, 16, 0).value == -EINVAL, "code that is not aligned");
	check(&c, thread_create_like(p, UINT64_MAX - 1, 16, 0).value == -EINVAL, "the kernel's code");
	check(&c, vm_clone(p, q, 0) == 0, "of one that has ended");
	check(&c, process_clone_handles(p, q, 0) == 0, "handles of one that has ended");
	handle_close(ANY(a));
	handle_close(ANY(b));
	handle_close(ANY(p));
	handle_close(ANY(q));
	checks_report(&c, "what can't be cloned is refused");
}
