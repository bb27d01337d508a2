/* The argument struct of vm_map: in other lengths, and changed by another thread while the kernel reads it. */
#include "memory.h"

/* The argument struct of vm_map in other lengths, as other versions would pass it. */
void test_versions(void)
{
	struct checks c = {0};
	process_handle p = empty_process();
	static struct {
		struct vm_map_args args;
		uint8_t tail[2 * PAGE_SIZE];
	} longer;

	longer.args = (struct vm_map_args){(uint32_t)p.value, 0, USER_BASE, (uint32_t)object.value, 0, 0,
		PAGE_SIZE, PROT_READ, MAP_FIXED};
	for (uint64_t size = 0; size < sizeof(longer.args); size++)
		check(&c, tabula_syscall2(SYS_vm_map, (uintptr_t)&longer, size) == -EINVAL, "%lu bytes",
			(unsigned long)size);
	for (uint64_t size = sizeof(longer.args); size <= PAGE_SIZE; size += size < 200 ? 1 : 97) {
		long result = tabula_syscall2(SYS_vm_map, (uintptr_t)&longer, size);

		check(&c, result == USER_BASE, "%lu bytes gave %ld", (unsigned long)size, result);
		if (result > 0)
			vm_unmap(p, USER_BASE, PAGE_SIZE);
		if (size == sizeof(longer.args))
			continue;
		uint8_t *last = (uint8_t *)&longer + size - 1;

		*last = 1;
		check(&c, tabula_syscall2(SYS_vm_map, (uintptr_t)&longer, size) == -E2BIG,
			"%lu bytes, the last not 0", (unsigned long)size);
		*last = 0;
	}
	static const uint64_t absurd[] = {PAGE_SIZE + 1, 1u << 31, 1ul << 38, 1ul << 63, UINT64_MAX};

	for (unsigned i = 0; i < COUNT(absurd); i++)
		check(&c, tabula_syscall2(SYS_vm_map, (uintptr_t)&longer, absurd[i]) == -E2BIG, "%#lx bytes",
			(unsigned long)absurd[i]);
	longer.args.reserved0 = 1;
	check(&c, tabula_syscall2(SYS_vm_map, (uintptr_t)&longer, sizeof(longer.args)) == -EINVAL,
		"reserved0");
	longer.args.reserved0 = 0;
	longer.args.reserved1 = 0x80000000;
	check(&c, tabula_syscall2(SYS_vm_map, (uintptr_t)&longer, sizeof(longer.args)) == -EINVAL,
		"reserved1");
	handle_close(ANY(p));
	checks_report(&c, "argument structs of other lengths");
}

/*
 * What another thread changes while a call looks at it counts once: the call does what the struct said at one moment for each
 * member, and none of the forbidden values, which the other thread puts in between.
 */
static struct vm_map_args changing;
static volatile bool changes_over;
static int32_t unreadable; /* a handle to the object without rights */

static void stay_so(void)
{
	for (volatile uint64_t i = random_below(100); i; i--)
		continue;
}

/* One member at a time. An unknown flag in place of MAP_FIXED would show in the address, if it came after the check. */
static void spoil(volatile struct vm_map_args *args)
{
	switch (random_below(5)) {
	case 0:
		args->len = UINT64_MAX;
		break;
	case 1:
		args->prot = PROT_WRITE | PROT_EXEC;
		break;
	case 2:
		args->m = (uint32_t)unreadable;
		break;
	case 3:
		args->offset = UINT64_MAX - PAGE_SIZE + 1;
		break;
	default:
		args->how = 1u << 31;
		break;
	}
}

static void mend(volatile struct vm_map_args *args)
{
	args->len = PAGE_SIZE;
	args->prot = PROT_READ;
	args->m = (uint32_t)object.value;
	args->offset = 0;
	args->how = MAP_FIXED;
}

static void change_args(void *argument)
{
	while (!changes_over) {
		spoil(argument);
		stay_so();
		mend(argument);
		stay_so();
	}
}

/* Exactly one page is mapped. */
static bool is_one_page(process_handle p)
{
	return map(p, USER_BASE, 0, PAGE_SIZE, PROT_READ) == -EEXIST &&
	       map(p, USER_BASE + PAGE_SIZE, 0, PAGE_SIZE, PROT_READ) > 0 &&
	       !vm_unmap(p, USER_BASE + PAGE_SIZE, PAGE_SIZE);
}

void test_changing_args(void)
{
	enum { ROUNDS = 20000 };
	static struct suite_thread other;
	struct checks c = {0};
	process_handle p = empty_process();
	unsigned mapped = 0;

	unreadable = handle_duplicate(ANY(object), 0).value;
	changing = (struct vm_map_args){(uint32_t)p.value, 0, USER_BASE, (uint32_t)object.value, 0, 0,
		PAGE_SIZE, PROT_READ, MAP_FIXED};
	changes_over = false;
	suite_thread_start(&other, change_args, &changing);
	for (unsigned i = 0; i < ROUNDS; i++) {
		long result = tabula_syscall2(SYS_vm_map, (uintptr_t)&changing, sizeof(changing));

		check(&c, result == USER_BASE || result == -EINVAL || result == -EACCES, "it gave %ld",
			result);
		if (result < 0)
			continue;
		mapped++;
		check(&c, is_one_page(p), "something else is mapped");
		vm_unmap(p, USER_BASE, PAGE_SIZE);
	}
	changes_over = true;
	suite_thread_join(&other);
	check(&c, mapped > 0, "none came through");
	handle_close((any_handle){unreadable});
	handle_close(ANY(p));
	ktap_diagnose("%u of %d were mapped", mapped, ROUNDS);
	checks_report(&c, "an argument struct that changes while it is read");
}
