/* Address spaces and memory objects: edges, overlaps, cuts, protection, zeros, and nothing left after unmapping. */
#include "suite.h"

static memory_handle object;

static process_handle empty_process(void)
{
	return process_create((const uint8_t *)"map", 3);
}

static long map(process_handle p, uint64_t at, uint64_t offset, uint64_t size, uint32_t prot)
{
	return vm_map(p, at, object, offset, size, prot, MAP_FIXED);
}

static void test_edges(void)
{
	struct checks c = {0};
	process_handle p = empty_process();
	static const struct {
		uint64_t at, offset, size;
		long expected; /* 0: the address */
	} tries[] = {
		{USER_BASE, 0, PAGE_SIZE, 0},
		{USER_TOP - PAGE_SIZE, 0, PAGE_SIZE, 0},
		{0x40000000, 15 * PAGE_SIZE, PAGE_SIZE, 0},
		{0x50000000, 0, 16 * PAGE_SIZE, 0},
		{USER_BASE - PAGE_SIZE, 0, PAGE_SIZE, -EINVAL},
		{0, 0, PAGE_SIZE, -EINVAL},
		{USER_TOP, 0, PAGE_SIZE, -EINVAL},
		{USER_TOP - PAGE_SIZE, 0, 2 * PAGE_SIZE, -EINVAL},
		{UINT64_MAX - PAGE_SIZE + 1, 0, PAGE_SIZE, -EINVAL},
		{0xffffffc000000000, 0, PAGE_SIZE, -EINVAL},
		{0xffffffff80200000, 0, PAGE_SIZE, -EINVAL},
		{0x60000000, 0, 0, -EINVAL},
		{0x60000001, 0, PAGE_SIZE, -EINVAL},
		{0x60000000, 1, PAGE_SIZE, -EINVAL},
		{0x60000000, 0, PAGE_SIZE - 1, -EINVAL},
		{0x60000000, 0, PAGE_SIZE + 1, -EINVAL},
		{0x60000000, 16 * PAGE_SIZE, PAGE_SIZE, -EINVAL},
		{0x60000000, 15 * PAGE_SIZE, 2 * PAGE_SIZE, -EINVAL},
		{0x60000000, UINT64_MAX - PAGE_SIZE + 1, 2 * PAGE_SIZE, -EINVAL},
		{0x60000000, 0, 17 * PAGE_SIZE, -EINVAL},
		{0x60000000, 0, UINT64_MAX - PAGE_SIZE + 1, -EINVAL},
		{0x60000000, 0, 1ul << 63, -EINVAL},
	};

	for (unsigned i = 0; i < COUNT(tries); i++) {
		long expected = tries[i].expected ? tries[i].expected : (long)tries[i].at;
		long result = map(p, tries[i].at, tries[i].offset, tries[i].size, PROT_READ);

		check(&c, result == expected, "mapping %#lx of %#lx at %#lx gave %ld",
			(unsigned long)tries[i].size, (unsigned long)tries[i].offset,
			(unsigned long)tries[i].at, result);
		if (tries[i].expected == -EINVAL && tries[i].size != PAGE_SIZE && tries[i].offset == 0)
			check(&c,
				vm_unmap(p, tries[i].at, tries[i].size) == -EINVAL ||
					tries[i].size == 17 * PAGE_SIZE,
				"unmapping %#lx at %#lx", (unsigned long)tries[i].size,
				(unsigned long)tries[i].at);
	}
	handle_close(ANY(p));
	checks_report(&c, "edges of user space and of the object");
}

static void test_sizes(void)
{
	struct checks c = {0};
	static const struct {
		uint64_t asked;
		long got;
	} tries[] = {
		{0, -EINVAL},
		{1, PAGE_SIZE},
		{PAGE_SIZE, PAGE_SIZE},
		{PAGE_SIZE + 1, 2 * PAGE_SIZE},
		{1ul << 38, 1l << 38},
		{(1ul << 38) - 1, 1l << 38},
		{(1ul << 38) + 1, -EINVAL},
		{1ul << 63, -EINVAL},
		{UINT64_MAX, -EINVAL},
		{UINT64_MAX - PAGE_SIZE + 1, -EINVAL},
	};

	for (unsigned i = 0; i < COUNT(tries); i++) {
		memory_handle m = memory_create(tries[i].asked);
		long got = m.value < 0 ? m.value : memory_size(m);

		check(&c, got == tries[i].got, "%#lx gave %ld", (unsigned long)tries[i].asked, got);
		if (m.value > 0)
			handle_close(ANY(m));
	}
	checks_report(&c, "sizes of memory objects");
}

static void test_overlaps(void)
{
	struct checks c = {0};
	process_handle p = empty_process();
	uint64_t base = 0x40000000;

	check(&c, map(p, base + 4 * PAGE_SIZE, 0, 4 * PAGE_SIZE, PROT_READ) > 0, "the first");
	for (uint64_t start = 0; start < 12; start++)
		for (uint64_t pages = 1; pages <= 12; pages++) {
			bool overlaps = start < 8 && start + pages > 4;
			long result = map(p, base + start * PAGE_SIZE, 0, pages * PAGE_SIZE, PROT_READ);

			check(&c, overlaps ? result == -EEXIST : result > 0,
				"pages %lu and %lu more gave %ld", (unsigned long)start, (unsigned long)pages,
				result);
			if (result > 0)
				check(&c, !vm_unmap(p, base + start * PAGE_SIZE, pages * PAGE_SIZE),
					"unmapping");
		}
	handle_close(ANY(p));
	checks_report(&c, "overlaps are refused");
}

static void test_protection(void)
{
	struct checks c = {0};
	process_handle p = empty_process();

	check(&c, map(p, USER_BASE, 0, PAGE_SIZE, 0) == -EINVAL, "no protection");
	for (uint32_t prot = 1; prot < 8; prot++) {
		bool both = prot & PROT_WRITE && prot & PROT_EXEC;
		long result = map(p, USER_BASE, 0, PAGE_SIZE, prot);

		check(&c, both ? result == -EINVAL : result == USER_BASE, "protection %u gave %ld",
			(unsigned)prot, result);
		if (result > 0)
			vm_unmap(p, USER_BASE, PAGE_SIZE);
	}
	for (unsigned bit = 0; bit < 32; bit++) {
		if (bit >= 3)
			check(&c, map(p, USER_BASE, 0, PAGE_SIZE, PROT_READ | 1u << bit) == -EINVAL,
				"unknown protection bit %u", bit);
		if (bit >= 2)
			check(&c,
				vm_map(p, USER_BASE, object, 0, PAGE_SIZE, PROT_READ,
					MAP_FIXED | 1u << bit) == -EINVAL,
				"unknown mapping bit %u", bit);
	}
	handle_close(ANY(p));
	checks_report(&c, "protections and unknown flags");
}

/* The argument struct of vm_map in other lengths, as other versions would pass it. */
static void test_versions(void)
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

static void test_changing_args(void)
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

static const uint32_t load_word[] = {
	0x00052503, 0x00000893 | SYS_process_exit << 20, 0x00000073}; /* lw a0, (a0); exit */

/* Which of sixteen pages are there after a cut is seen by what can be mapped in their place. */
static bool is_mapped(process_handle p, uint64_t at)
{
	long result = map(p, at, 0, PAGE_SIZE, PROT_READ);

	if (result > 0)
		vm_unmap(p, at, PAGE_SIZE);
	return result == -EEXIST;
}

static void test_cuts(void)
{
	struct checks c = {0};
	uint64_t base = 0x700000000;

	for (uint64_t first = 0; first < 16; first += 3)
		for (uint64_t last = first + 1; last <= 16; last += 2) {
			volatile uint32_t *words = (volatile uint32_t *)base;

			check(&c, map(own_process(), base, 0, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE) > 0,
				"mapping");
			for (uint64_t i = 0; i < 16; i++) {
				uint32_t value = (uint32_t)i + 1000;

				if (last % 4 == 1) /* every page is there before the cut, or comes after it */
					words[i * PAGE_SIZE / 4] = value;
				else
					memory_write(object, i * PAGE_SIZE, (const uint8_t *)&value,
						sizeof(value));
			}
			check(&c,
				!vm_unmap(
					own_process(), base + first * PAGE_SIZE, (last - first) * PAGE_SIZE),
				"cutting");
			for (uint64_t i = 0; i < 16; i++) {
				bool there = i < first || i >= last;

				check(&c, is_mapped(own_process(), base + i * PAGE_SIZE) == there, "page %lu",
					(unsigned long)i);
				if (there)
					check(&c, words[i * PAGE_SIZE / 4] == i + 1000,
						"page %lu shows another", (unsigned long)i);
			}
			check(&c, !vm_unmap(own_process(), base, 16 * PAGE_SIZE), "unmapping the rest");
		}
	checks_report(&c, "a mapping cut anywhere keeps the rest");
}

/* After unmapping, the hardware must have forgotten the page, too: what is mapped next at the address shows. */
static void test_remap(void)
{
	struct checks c = {0};
	volatile uint32_t *word = (volatile uint32_t *)0x710000000;

	for (uint32_t i = 0; i < 200; i++) {
		uint32_t there = 0, offset = i % 16;

		check(&c,
			map(own_process(), (uintptr_t)word, offset * PAGE_SIZE, PAGE_SIZE,
				PROT_READ | PROT_WRITE) > 0,
			"mapping");
		*word = i;
		memory_read(object, offset * PAGE_SIZE, (uint8_t *)&there, sizeof(there));
		check(&c, there == i, "round %u wrote to another page", (unsigned)i);
		check(&c, !vm_unmap(own_process(), (uintptr_t)word, PAGE_SIZE), "unmapping");
		check(&c, memory_read(object, 0, (uint8_t *)(uintptr_t)word, 4) == -EFAULT,
			"the kernel still sees the page");
		if (i % 2) { /* read-only in the same place: writable no more */
			check(&c,
				map(own_process(), (uintptr_t)word, offset * PAGE_SIZE, PAGE_SIZE,
					PROT_READ) > 0,
				"mapping");
			check(&c, *word == i, "round %u reads %u", (unsigned)i, (unsigned)*word);
			check(&c, memory_read(object, 0, (uint8_t *)(uintptr_t)word, 4) == -EFAULT,
				"still writable");
			vm_unmap(own_process(), (uintptr_t)word, PAGE_SIZE);
		}
	}
	checks_report(&c, "an address used again shows what is there now");
}

/* Loads after another has unmapped. */
/* clang-format off */
CHILD_PROGRAM(loader,
	"1:	lw	a1, (a0)\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	mv	s0, a0\n"
	"	ecall\n"
	"	mv	a0, s0\n"
	"	j	1b\n");
/* clang-format on */

static void test_unmap_other(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 20; i++) {
		struct process_result r = {0};
		struct child child;

		check(&c,
			!child_make(&child, loader, (size_t)(loader_end - loader)) &&
				!child_start(&child, CHILD_DATA),
			"child");
		check(&c, process_wait(child.process, now() + MS, &r) == -ETIMEDOUT, "it ended with %d",
			(int)r.status);
		check(&c, !vm_unmap(child.process, CHILD_DATA, PAGE_SIZE), "unmapping");
		check(&c,
			!process_wait(child.process, now() + PATIENCE, &r) &&
				r.reason == END_REASON_FAULTED && r.address == CHILD_DATA,
			"it still reads");
		child_close(&child);
	}
	checks_report(&c, "unmapping in a process that runs");
}

/* Stores, unmaps its own page, stores again. In a0 a handle to itself. */
/* clang-format off */
CHILD_PROGRAM(unmapper,
	"	li	a1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	a2, " SUITE_TEXT(CHILD_SIZE_TEXT) "\n"
	"	sd	a1, (a1)\n"
	"	li	a7, " SUITE_TEXT(SYS_vm_unmap) "\n"
	"	ecall\n"
	"	bnez	a0, 1f\n"
	"	sd	a1, (a1)\n"
	"1:\n"
	CHILD_EXIT);
/* clang-format on */

/* No call copies anything in between: emulators drop their translations when the kernel touches user memory. */
static void test_unmap_own(void)
{
	struct process_result r = {0};
	struct checks c = {0};
	struct child child;

	check(&c, !child_make(&child, unmapper, (size_t)(unmapper_end - unmapper)), "child");
	check(&c,
		!child_start(&child, (uint64_t)process_give(child.process, ANY(child.process), RIGHTS_SAME)),
		"start");
	check(&c, !process_wait(child.process, now() + PATIENCE, &r), "it does not end");
	check(&c, r.reason == END_REASON_FAULTED && r.cause == 15 && r.address == CHILD_DATA,
		"reason %d, status %d", (int)r.reason, (int)r.status);
	child_close(&child);
	checks_report(&c, "a process that unmaps what it has just used");
}

/* Memory of those before: written full, freed, and then found zero in everything that is new. */
static void test_fresh(void)
{
	struct checks c = {0};
	static uint8_t
		bytes[PAGE_SIZE]; /* so much is copied at once; of more, an interrupt may leave a part */

	for (unsigned round = 0; round < 10; round++) {
		memory_handle m = memory_create(256 * PAGE_SIZE);

		memset(bytes, 0xee, sizeof(bytes));
		for (uint64_t at = 0; at < 256 * PAGE_SIZE; at += sizeof(bytes))
			memory_write(m, at, bytes, sizeof(bytes));
		handle_close(ANY(m));

		m = memory_create(256 * PAGE_SIZE);
		for (uint64_t at = 0; at < 256 * PAGE_SIZE; at += sizeof(bytes)) {
			memset(bytes, 0x55, sizeof(bytes));
			check(&c, memory_read(m, at, bytes, sizeof(bytes)) == sizeof(bytes), "read");
			for (size_t i = 0; i < sizeof(bytes); i++)
				if (bytes[i])
					check(&c, false, "byte %zu of a new object is %#x", i, bytes[i]);
		}
		struct pages pages = pages_map(64 * PAGE_SIZE, PROT_READ | PROT_WRITE);

		for (size_t i = 0; i < pages.size; i++)
			if (pages.at[i])
				check(&c, false, "byte %zu of new pages is %#x", i, pages.at[i]);
		pages_unmap(&pages);
		handle_close(ANY(m));
		check(&c, true, " ");
	}
	checks_report(&c, "new memory is zero, whoever had it before");
}

/* Any address that the kernel chooses is free and where it fits. */
static void test_anywhere(void)
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
static void test_places(void)
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
static void test_holes(void)
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

/* A program's pages are copies: what it writes to its data does not reach the file it came from. */
static void test_image(void)
{
	struct checks c = {0};
	static uint8_t before[PAGE_SIZE], after[PAGE_SIZE];
	volatile uint8_t *data = before;

	for (uint64_t at = 0;; at += PAGE_SIZE) {
		long n = memory_read(own_archive(), at, after, sizeof(after));
		if (n <= 0)
			break;
		for (long i = 0; i < n; i++) /* a simple sum, to be compared below */
			data[i % 64] = (uint8_t)(data[i % 64] + after[i]);
	}
	struct process_result r = again_run("/bin/true", NULL, NULL, 0);

	check(&c, child_exited(&r, 0), "true gave %d", (int)r.status);
	for (uint64_t at = 0;; at += PAGE_SIZE) {
		long n = memory_read(own_archive(), at, after, sizeof(after));
		if (n <= 0)
			break;
		for (long i = 0; i < n; i++)
			data[i % 64] = (uint8_t)(data[i % 64] - after[i]);
	}
	for (unsigned i = 0; i < 64; i++)
		check(&c, !data[i], "the archive has changed");
	check(&c, memory_write(own_archive(), 0, before, 1) == -EACCES, "the archive can be written");
	check(&c, vm_map(own_process(), 0, own_archive(), 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0) == -EACCES,
		"mapped writable");
	check(&c, vm_map(own_process(), 0, own_archive(), 0, PAGE_SIZE, PROT_READ | PROT_EXEC, 0) == -EACCES,
		"mapped executable");
	checks_report(&c, "the boot archive stays as it is");
}

/* What the process can do with each protection: load, store, execute. */
static void test_access(void)
{
	struct checks c = {0};
	static const uint32_t store_word[] = {
		0x00052023, 0x00000513, 0x00000893 | SYS_process_exit << 20, 0x00000073};
	static const uint32_t jump[] = {0x00050067};

	for (uint32_t prot = 1; prot < 8; prot++) {
		if (prot & PROT_WRITE && prot & PROT_EXEC)
			continue;
		for (unsigned way = 0; way < 3; way++) {
			static const uint32_t ret[] = {
				0x00000513, 0x00000893 | SYS_process_exit << 20, 0x00000073};
			const void *code[] = {load_word, store_word, jump};
			const size_t size[] = {sizeof(load_word), sizeof(store_word), sizeof(jump)};
			bool may[] = {prot & (PROT_READ | PROT_WRITE), prot & PROT_WRITE, prot & PROT_EXEC};
			struct process_result r = {0};
			struct child child;

			memory_write(object, 0, (const uint8_t *)ret, sizeof(ret));
			check(&c, !child_make(&child, code[way], size[way]), "child");
			check(&c, map(child.process, 0x40000000, 0, PAGE_SIZE, prot) > 0, "mapping");
			child_start(&child, 0x40000000);
			process_wait(child.process, now() + PATIENCE, &r);
			check(&c, (r.reason == END_REASON_EXITED) == may[way],
				"protection %u, way %u: reason %d", (unsigned)prot, way, (int)r.reason);
			child_close(&child);
		}
	}
	checks_report(&c, "what each protection allows");
}

/* ---- ranges that take the kernel several pieces */

enum { LARGE = 4096, TOUCHED = 1500, SMALL = 400, MEDDLED = 8 };

static volatile bool meddle_stop;
static volatile unsigned meddle_wrong, meddle_rounds;

/* Maps a page wherever the kernel wants it, and has it until it unmaps it. The kernel looks, so that no fault is met. */
static void meddler(void *unused)
{
	memory_handle page = memory_create(PAGE_SIZE);

	(void)unused;
	while (!meddle_stop) {
		long at = vm_map(own_process(), 0, page, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);

		meddle_wrong += at < 0;
		for (unsigned i = 0; i < 4; i++) {
			thread_yield();
			meddle_wrong += memory_read(page, 8, (uint8_t *)(uintptr_t)at, 8) != 8;
		}
		meddle_wrong += vm_unmap(own_process(), (uint64_t)at, PAGE_SIZE) != 0;
		meddle_rounds++;
	}
	handle_close(ANY(page));
}

static const uint64_t large_mark = 0x6c61726765;

/* Whether a page shows the large object. Another may have been mapped there since. */
static bool is_large(uint64_t address)
{
	uint64_t word = 0;

	return process_read(own_process(), address, (uint8_t *)&word, sizeof(word)) == sizeof(word) &&
	       word == large_mark;
}

/* A range with many pages, or with many mappings too, is gone whole when the call returns, and only that. */
static void unmap_large(struct checks *c, memory_handle large, bool small)
{
	uint64_t size = LARGE * PAGE_SIZE, piece = LARGE / SMALL * PAGE_SIZE;
	long at = vm_map(own_process(), 0, large, 0, size + 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	uint64_t start = (uint64_t)at + PAGE_SIZE;
	unsigned shown = 0;

	if (!check(c, at > 0, "vm_map: %ld", at))
		return;
	for (uint64_t done = 0; small && done + piece <= size; done += piece)
		check(c, !vm_protect(own_process(), start + done, PAGE_SIZE, PROT_READ), "vm_protect");
	for (uint64_t i = 0; i < LARGE; i += LARGE / TOUCHED)
		shown += *(volatile uint64_t *)(start + i * PAGE_SIZE) == large_mark;
	check(c, shown == (LARGE + LARGE / TOUCHED - 1) / (LARGE / TOUCHED), "%u pages", shown);
	check(c, !vm_unmap(own_process(), start, size), "vm_unmap");
	for (uint64_t i = 0; i < LARGE; i++)
		shown -= !is_large(start + i * PAGE_SIZE) && i % (LARGE / TOUCHED) == 0;
	check(c, !shown, "%u pages are still there", shown);
	check(c, is_large(start - PAGE_SIZE) && is_large(start + size), "what is beside it");
	check(c, !vm_unmap(own_process(), start - PAGE_SIZE, PAGE_SIZE), "the page before");
	check(c, !vm_unmap(own_process(), start + size, PAGE_SIZE), "the page behind");
}

static void test_large(void)
{
	static struct suite_thread thread;
	struct checks c = {0};
	memory_handle large = memory_create((LARGE + 2) * PAGE_SIZE);

	for (uint64_t i = 0; i < LARGE + 2; i++)
		memory_write(large, i * PAGE_SIZE, (const uint8_t *)&large_mark, sizeof(large_mark));
	suite_thread_start(&thread, meddler, NULL);
	for (unsigned i = 0; i < MEDDLED; i++)
		unmap_large(&c, large, i % 2);
	meddle_stop = true;
	suite_thread_join(&thread);
	check(&c, !meddle_wrong, "somebody else's page: %u of %u", meddle_wrong, meddle_rounds);
	handle_close(ANY(large));
	checks_report(&c, "large ranges, while others look for room");
}

/* Whether user mode can write to a page, whose first word the kernel does not change by asking. */
static bool is_writable(memory_handle source, uint64_t address)
{
	return memory_read(source, 0, (uint8_t *)(uintptr_t)address, 8) == 8;
}

/* Rights of a range with many pages, or with many mappings too, have all changed when the call returns, and only those. */
static void protect_large(struct checks *c, memory_handle large, bool small)
{
	uint64_t size = LARGE * PAGE_SIZE, piece = LARGE / SMALL * PAGE_SIZE;
	long at = vm_map(own_process(), 0, large, 0, size + 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	uint64_t start = (uint64_t)at + PAGE_SIZE;
	unsigned writable = 0;

	if (!check(c, at > 0, "vm_map: %ld", at))
		return;
	for (uint64_t done = 0; small && done + piece <= size; done += piece)
		check(c, !vm_protect(own_process(), start + done, PAGE_SIZE, 0), "vm_protect");
	check(c, !vm_protect(own_process(), start, size, PROT_READ | PROT_WRITE), "what it was");
	for (uint64_t i = 0; i < LARGE; i++)
		*(volatile uint64_t *)(start + i * PAGE_SIZE) = large_mark;
	check(c, !vm_protect(own_process(), start, size, PROT_READ), "for reading");
	for (uint64_t i = 0; i < LARGE; i++)
		writable += is_writable(large, start + i * PAGE_SIZE) || !is_large(start + i * PAGE_SIZE);
	check(c, !writable, "%u pages can be written, or are others", writable);
	check(c, is_writable(large, start - PAGE_SIZE) && is_writable(large, start + size),
		"what is beside it");
	check(c, vm_protect(own_process(), start, size, PROT_EXEC) == -EACCES, "more than it was mapped for");
	check(c, !vm_unmap(own_process(), (uint64_t)at, size + 2 * PAGE_SIZE), "vm_unmap");
}

/* What is refused is so before anything has changed, however far behind the reason lies. */
static void protect_to_hole(struct checks *c, memory_handle large)
{
	uint64_t size = LARGE * PAGE_SIZE;
	long at = vm_map(own_process(), 0, large, 0, size, PROT_READ | PROT_WRITE, 0);
	uint64_t start = (uint64_t)at;

	check(c, !vm_protect(own_process(), start, size, PROT_READ), "for reading");
	check(c, !vm_unmap(own_process(), start + size - PAGE_SIZE, PAGE_SIZE), "a hole");
	check(c, vm_protect(own_process(), start, size, PROT_READ | PROT_WRITE) == -EFAULT, "up to a hole");
	check(c, !is_writable(large, start), "what is refused has changed something");
	check(c, !vm_unmap(own_process(), start, size), "vm_unmap");
}

static void test_protect_large(void)
{
	static struct suite_thread thread;
	struct checks c = {0};
	memory_handle large = memory_create((LARGE + 2) * PAGE_SIZE);

	memory_write(large, 0, (const uint8_t *)&large_mark, sizeof(large_mark));
	meddle_stop = false;
	suite_thread_start(&thread, meddler, NULL);
	for (unsigned i = 0; i < MEDDLED / 2; i++)
		protect_large(&c, large, i % 2);
	meddle_stop = true;
	suite_thread_join(&thread);
	check(&c, !meddle_wrong, "somebody else's page: %u of %u", meddle_wrong, meddle_rounds);
	protect_to_hole(&c, large);
	handle_close(ANY(large));
	checks_report(&c, "rights of large ranges, while others look for room");
}

/* Changes the rights of a large range, again and again: a0 is its process. */
/* clang-format off */
CHILD_PROGRAM(protector,
	"	mv	s0, a0\n"
	"	li	s1, 1\n"
	"1:	mv	a0, s0\n"
	"	li	a1, 0x40000000\n"
	"	li	a2, 0x1000000\n"
	"	mv	a3, s1\n"
	"	li	a7, " SUITE_TEXT(SYS_vm_protect) "\n"
	"	ecall\n"
	"	bnez	a0, 2f\n"
	"	xori	s1, s1, 2\n"
	"	j	1b\n"
	"2:\n"
	CHILD_EXIT);
/* clang-format on */

static void kill_protectors(struct checks *c)
{
	enum { KILLED = 20, AT = 0x40000000, SIZE = 0x1000000 };

	for (unsigned i = 0; i < KILLED; i++) {
		memory_handle large = memory_create(SIZE);
		struct process_result r = {0};
		struct child child;
		long self;

		if (!check(c, !child_make(&child, protector, (size_t)(protector_end - protector)),
			    "no child"))
			return;
		self = process_give(child.process, ANY(child.process), RIGHTS_SAME);
		check(c, vm_map(child.process, AT, large, 0, SIZE, PROT_READ | PROT_WRITE, MAP_FIXED) == AT,
			"vm_map");
		for (unsigned page = 0; page < SIZE / PAGE_SIZE; page += 5)
			process_write(child.process, AT + page * PAGE_SIZE, (const uint8_t *)&large_mark, 8);
		for (unsigned k = 0; k < 2; k++)
			check(c, self > 0 && !child_start(&child, (uint64_t)self), "no thread");
		thread_sleep(now() + i % 8 * MS / 4);
		process_kill(child.process, 1);
		check(c, !process_wait(child.process, now() + PATIENCE, &r) && r.reason == END_REASON_KILLED,
			"it has ended by itself, with %d", (int)r.status);
		child_close(&child);
		handle_close(ANY(large));
	}
}

int main(void)
{
	ktap_plan(19);
	object = memory_create(16 * PAGE_SIZE);
	test_edges();
	test_sizes();
	test_overlaps();
	test_protection();
	test_versions();
	test_changing_args();
	test_cuts();
	test_remap();
	test_unmap_other();
	test_unmap_own();
	test_fresh();
	test_anywhere();
	test_places();
	test_holes();
	test_image();
	test_access();
	test_large();
	test_protect_large();
	test_nothing_is_lost(kill_protectors, 6000, "programs that end while they change rights");
	return ktap_end();
}
