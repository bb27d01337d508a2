/* Where a mapping may be: edges of user space and of the object, sizes, overlaps, protections and unknown flags. */
#include "memory.h"

void test_edges(void)
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

void test_sizes(void)
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

void test_overlaps(void)
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

void test_protection(void)
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
