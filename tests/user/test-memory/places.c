/* Addresses that the kernel chooses: free, in the best hole, with a struct or without, and an error when there are none. */
#include "memory.h"

/* Any address that the kernel chooses is free and where it fits. */
void test_anywhere(void)
{
	struct checks c = {0};
	long at[40];

	for (unsigned i = 0; i < 40; i++) {
		at[i] = vm_map(own_process(), 0x123, object, 0, (1 + i % 16) * PAGE_SIZE, PROT_READ, 0);
		check(&c, at[i] >= (long)USER_BASE && !(at[i] % PAGE_SIZE), "mapping gave %ld", at[i]);
		if (i % 3 == 2)
			check(&c,
				!vm_unmap(own_process(), (uint64_t)at[i - 1], (1 + (i - 1) % 16) * PAGE_SIZE),
				"a hole");
	}
	for (unsigned i = 0; i < 40; i++)
		check(&c, !vm_unmap(own_process(), (uint64_t)at[i], (1 + i % 16) * PAGE_SIZE), "unmapping");
	process_handle p = empty_process();
	memory_handle all = memory_create(1ul << 38);

	check(&c, vm_map(p, 0, all, 0, 1ul << 38, PROT_READ, 0) == -EINVAL, "more than there is");
	check(&c, vm_map(p, 0, all, 0, (1ul << 38) - USER_BASE, PROT_READ, 0) == -ENOMEM,
		"more than the kernel looks for");
	check(&c, vm_map(p, USER_BASE, all, 0, USER_TOP - USER_BASE, PROT_READ, MAP_FIXED) == USER_BASE,
		"everything");
	check(&c, vm_map(p, 0, all, 0, PAGE_SIZE, PROT_READ, 0) == -ENOMEM, "one page more");
	handle_close(ANY(p));
	handle_close(ANY(all));
	checks_report(&c, "addresses that the kernel chooses");
}

/* What vm_map says with MAP_FIXED left out, of the same arguments. */
void test_places(void)
{
	const uint64_t whole = 4 * PAGE_SIZE;
	const struct {
		uint64_t offset, size;
		uint32_t prot, how;
		long result;
	} tries[] = {
		{0, whole, PROT_READ | PROT_WRITE, 0, 0},
		{PAGE_SIZE, PAGE_SIZE, PROT_EXEC, MAP_SHARED, 0},
		{whole - PAGE_SIZE, PAGE_SIZE, PROT_READ, 0, 0},
		{0, 0, PROT_READ, 0, -EINVAL},
		{0, PAGE_SIZE - 1, PROT_READ, 0, -EINVAL},
		{1, PAGE_SIZE, PROT_READ, 0, -EINVAL},
		{whole, PAGE_SIZE, PROT_READ, 0, -EINVAL},
		{whole + PAGE_SIZE, PAGE_SIZE, PROT_READ, 0, -EINVAL},
		{-PAGE_SIZE, PAGE_SIZE, PROT_READ, 0, -EINVAL},
		{PAGE_SIZE, -PAGE_SIZE, PROT_READ, 0, -EINVAL},
		{0, whole + PAGE_SIZE, PROT_READ, 0, -EINVAL},
		{0, PAGE_SIZE, 0, 0, -EINVAL},
		{0, PAGE_SIZE, PROT_WRITE | PROT_EXEC, 0, -EINVAL},
		{0, PAGE_SIZE, PROT_READ, MAP_FIXED, -EINVAL},
		{0, PAGE_SIZE, PROT_READ, MAP_FIXED | MAP_SHARED, -EINVAL},
	};
	memory_handle m = memory_create(whole), all = memory_create(1ul << 38);
	process_handle p = empty_process();
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(tries); i++) {
		long at = vm_place(
			own_process(), m, tries[i].offset, tries[i].size, tries[i].prot, tries[i].how);
		bool good =
			tries[i].result ? at == tries[i].result : at >= (long)USER_BASE && !(at % PAGE_SIZE);

		check(&c, good, "case %u gave %ld", i, at);
		if (at > 0)
			check(&c, !vm_unmap(own_process(), (uint64_t)at, tries[i].size), "case %u: its end",
				i);
	}
	check(&c, vm_place(p, all, 0, 1ul << 38, PROT_READ, 0) == -ENOMEM, "more than there is");
	check(&c, vm_map(p, USER_BASE, all, 0, USER_TOP - USER_BASE, PROT_READ, MAP_FIXED) == USER_BASE,
		"everything");
	check(&c, vm_place(p, all, 0, PAGE_SIZE, PROT_READ, 0) == -ENOMEM, "one page more");
	handle_close(ANY(p));
	handle_close(ANY(all));
	handle_close(ANY(m));
	checks_report(&c, "places that the kernel chooses, without a struct");
}

/* Among many mappings with small holes between them the kernel finds the one that is large enough, as soon as with few. */
void test_holes(void)
{
	enum { MANY = 2500, LARGER = 1200 };
	const uint64_t room = 0x2000000000, step = 2 * PAGE_SIZE; /* where the kernel looks */
	process_handle p = empty_process();
	struct checks c = {0};
	unsigned mapped = 0;
	long at;

	while (mapped < MANY &&
		vm_map(p, room + mapped * step, object, 0, PAGE_SIZE, PROT_READ, MAP_FIXED) > 0)
		mapped++;
	check(&c, mapped == MANY, "%u mappings", mapped);
	at = vm_map(p, 0, object, 0, 2 * PAGE_SIZE, PROT_READ, 0);
	check(&c, at == (long)(room + (MANY - 1) * step + PAGE_SIZE), "behind them, not at %#lx", at);
	check(&c, !vm_unmap(p, room + LARGER * step, PAGE_SIZE), "vm_unmap");
	at = vm_map(p, 0, object, 0, 2 * PAGE_SIZE, PROT_READ, 0);
	check(&c, at == (long)(room + LARGER * step - PAGE_SIZE), "in the larger hole, not at %#lx", at);
	at = vm_map(p, 0, object, 0, 2 * PAGE_SIZE, PROT_READ, 0);
	check(&c, at > (long)(room + MANY * step), "behind them again, not at %#lx", at);
	for (unsigned i = 0; i < MANY - 2 && mapped; i++) { /* of MANY - 1 holes two have become one */
		at = vm_map(p, 0, object, 0, PAGE_SIZE, PROT_READ, 0);
		mapped = at > (long)room && at < (long)(room + (MANY - 1) * step) ? mapped : 0;
	}
	check(&c, mapped, "a page that should be in a hole is at %#lx", at);
	at = vm_map(p, 0, object, 0, PAGE_SIZE, PROT_READ, 0);
	check(&c, at > (long)(room + MANY * step), "when all are full, not at %#lx", at);
	handle_close(ANY(p));
	checks_report(&c, "room among many mappings");
}
