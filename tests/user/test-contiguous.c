/*
 * Contiguous memory and its bus address: in one piece, zero, at the address that a device reaches it by. The device is
 * QEMU's configuration interface, which copies to and from memory by itself (docs/specs/fw_cfg of QEMU).
 */
#include "suite.h"

enum { MOST = 32 << 20, LEFT = 1200, SMALL_OBJECTS = 600, RUN = 64, MAKERS = 3, KILLED = 40 };

#define DEVICE "/fw-cfg@10100000"

static memory_handle make(uint64_t size, uint64_t align)
{
	return memory_create_contiguous(own_system(), size, align);
}

static uint64_t bus_address(memory_handle memory, uint64_t offset)
{
	return (uint64_t)memory_bus_address(own_system(), memory, offset);
}

static uint8_t *map(memory_handle memory, uint64_t size)
{
	long at = vm_map(own_process(), 0, memory, 0, size, PROT_READ | PROT_WRITE, 0);

	return at > 0 ? (uint8_t *)(uintptr_t)at : NULL;
}

/* ---- what is refused */

static void test_refused(void)
{
	struct checks c = {0};
	memory_handle memory = make(PAGE_SIZE, 0), ordinary = memory_create(PAGE_SIZE), readable;
	memory_handle registers = memory_device(own_system(), (const uint8_t *)DEVICE, sizeof(DEVICE) - 1);

	check(&c, make(0, 0).value == -EINVAL, "nothing");
	check(&c, make(MOST + 1, 0).value == -EINVAL && make(UINT64_MAX, 0).value == -EINVAL, "too much");
	check(&c, make(PAGE_SIZE, 3).value == -EINVAL, "not a power of two");
	check(&c, make(PAGE_SIZE, 2ul * MOST).value == -EINVAL && make(PAGE_SIZE, 1ul << 63).value == -EINVAL,
		"too far apart");
	check(&c, memory.value > 0 && memory_size(memory) == PAGE_SIZE, "a page");
	check(&c, (long)bus_address(memory, PAGE_SIZE) == -EINVAL, "behind it");
	check(&c, (long)bus_address(memory, UINT64_MAX) == -EINVAL, "far behind it");
	check(&c, (long)bus_address(ordinary, 0) == -EINVAL, "other memory");
	check(&c, (long)bus_address(registers, 0) == -EINVAL, "registers");
	check(&c, (long)bus_address(own_archive(), 0) == -EACCES, "the archive, which can't be written");
	readable = (memory_handle){handle_duplicate(ANY(memory), RIGHT_MEMORY_READ).value};
	check(&c, (long)bus_address(readable, 0) == -EACCES, "memory that can only be read");
	check(&c, vm_map(own_process(), 0, memory, 0, PAGE_SIZE, PROT_EXEC, 0) == -EACCES, "executable");
	check(&c, memory_copy(memory, 0, ordinary, 0, PAGE_SIZE) == -EINVAL, "as a copy");
	handle_close(ANY(memory));
	handle_close(ANY(ordinary));
	handle_close(ANY(registers));
	handle_close(ANY(readable));
	checks_report(&c, "what is refused");
}

/* ---- what it is */

static void look_at(struct checks *c, uint64_t size, uint64_t align)
{
	uint64_t whole = (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1), start, used = 0;
	memory_handle memory = make(size, align);
	struct memory_info info = {0};
	uint8_t *bytes;

	if (!check(c, memory.value > 0, "%lu at %lu: %d", (unsigned long)size, (unsigned long)align,
		    memory.value))
		return;
	start = bus_address(memory, 0);
	check(c, start % PAGE_SIZE == 0 && (!align || start % align == 0), "at %#lx", (unsigned long)start);
	check(c, bus_address(memory, whole - 1) == start + whole - 1, "its end");
	check(c,
		!memory_info(memory, &info) && info.size == whole && info.resident == whole &&
			info.source == MEMORY_SOURCE_CONTIGUOUS,
		"memory_info");
	bytes = map(memory, whole);
	for (uint64_t i = 0; bytes && i < whole; i += 8)
		used += *(uint64_t *)(bytes + i) != 0;
	check(c, bytes && !used, "%lu bytes: %lu words are not zero", (unsigned long)size,
		(unsigned long)used);
	if (bytes)
		memset(bytes, 0xa5, whole); /* for the next one to find */
	vm_unmap(own_process(), (uintptr_t)bytes, whole);
	handle_close(ANY(memory));
}

static void test_made(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 2; round++) {
		look_at(&c, 1, 0);
		look_at(&c, PAGE_SIZE, 1);
		look_at(&c, PAGE_SIZE + 1, 8);
		look_at(&c, 16 * PAGE_SIZE, 64 * PAGE_SIZE);
		look_at(&c, 65 * PAGE_SIZE, 2 * PAGE_SIZE);
		look_at(&c, 3 << 20, 1 << 20);
		look_at(&c, 16 << 20, 0);
		look_at(&c, MOST, 0);
	}
	checks_report(&c, "it is in one piece, aligned, and zero, whatever was there before");
}

static uint64_t charged(void)
{
	struct system_info info = {0};

	system_info(own_system(), &info);
	return info.memory_charged;
}

/* Makes 1 MiB, and exits with the error. */
/* clang-format off */
CHILD_PROGRAM(poor,
	"	li	a1, 0x100000\n"
	"	li	a2, 0\n"
	"	li	a7, " SUITE_TEXT(SYS_memory_create_contiguous) "\n"
	"	ecall\n"
	"	neg	a0, a0\n"
	CHILD_EXIT);
/* clang-format on */

static int error_with_limit(struct checks *c, uint64_t limit)
{
	struct process_result r = {.reason = (enum end_reason) - 1};
	struct child child;
	long system;

	if (!check(c, !child_make(&child, poor, (size_t)(poor_end - poor)), "no child"))
		return 0;
	system = process_give(child.process, ANY(own_system()), RIGHTS_SAME);
	check(c, system > 0 && !process_limit(child.process, limit), "process_limit");
	check(c, !child_start(&child, (uint64_t)system), "no thread");
	check(c, !process_wait(child.process, now() + PATIENCE, &r) && r.reason == END_REASON_EXITED,
		"it fails");
	child_close(&child);
	return (int)r.status;
}

static void test_charged(void)
{
	struct checks c = {0};
	uint64_t before, with, after;
	memory_handle memory;

	handle_close(ANY(make(PAGE_SIZE, 0)));
	thread_sleep(now() + 50 * MS); /* until what others have just ended is given back */
	before = charged();
	memory = make(1 << 20, 0);
	with = charged();
	check(&c, with - before >= 1 << 20 && with - before < (1 << 20) + 8 * PAGE_SIZE, "%lu, then %lu",
		before, with);
	handle_close(ANY(memory));
	after = charged();
	for (unsigned i = 0; i < 1000 && after != before; i++, after = charged())
		thread_yield();
	check(&c, after == before, "%lu before, %lu after", before, after);
	check(&c, error_with_limit(&c, 900 << 10) == 12, "ENOMEM under a limit");
	check(&c, error_with_limit(&c, 1400 << 10) < 0, "enough under a limit");
	checks_report(&c, "it is charged, whole, and given back");
}

/* A device goes on reaching the same memory, so a clone of its driver has to have that, and not a copy. */
static void test_cloned(void)
{
	struct checks c = {0};
	memory_handle memory = make(2 * PAGE_SIZE, 0), copy = memory_create(2 * PAGE_SIZE);
	process_handle from = process_create((const uint8_t *)"from", 4),
		       to = process_create((const uint8_t *)"to", 2);
	uint32_t number = 1, found = 0;

	memory_write(memory, PAGE_SIZE, (const uint8_t *)&number, sizeof(number));
	check(&c,
		vm_map(from, CHILD_DATA, memory, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED) ==
			(long)CHILD_DATA,
		"vm_map");
	check(&c, vm_clone(to, from, 0) == 0, "vm_clone");
	check(&c, memory_copy(copy, 0, memory, 0, 2 * PAGE_SIZE) == 2 * PAGE_SIZE, "memory_copy");
	number = 2;
	memory_write(memory, PAGE_SIZE, (const uint8_t *)&number, sizeof(number));
	check(&c,
		process_read(to, CHILD_DATA + PAGE_SIZE, (uint8_t *)&found, sizeof(found)) == sizeof(found) &&
			found == 2,
		"the clone has %u", found);
	check(&c,
		memory_read(copy, PAGE_SIZE, (uint8_t *)&found, sizeof(found)) == sizeof(found) && found == 1,
		"the copy has %u", found);
	handle_close(ANY(memory));
	handle_close(ANY(copy));
	handle_close(ANY(from));
	handle_close(ANY(to));
	checks_report(&c, "a clone of a process has the same, a copy of the memory has not");
}

/* ---- a device */

struct fw_cfg_access {
	uint32_t control, length; /* big endian, all of it */
	uint64_t address;
};

enum { FW_CFG_READ = 2, FW_CFG_SELECT = 8, FW_CFG_SIGNATURE = 0, FW_CFG_DMA = 16, SECOND_PAGE = 0x1000 };

static void test_device(void)
{
	struct checks c = {0};
	memory_handle registers = memory_device(own_system(), (const uint8_t *)DEVICE, sizeof(DEVICE) - 1);
	memory_handle memory = make(4 * PAGE_SIZE, 0);
	volatile uint64_t *dma = (volatile uint64_t *)(map(registers, PAGE_SIZE) + FW_CFG_DMA);
	uint8_t *bytes = map(memory, 4 * PAGE_SIZE);
	volatile struct fw_cfg_access *access = (volatile struct fw_cfg_access *)bytes;

	if (!check(&c, bytes && (uintptr_t)dma > FW_CFG_DMA, "no device, or no memory")) {
		checks_report(&c, "a device writes to it");
		return;
	}
	access->control = __builtin_bswap32(FW_CFG_SIGNATURE << 16 | FW_CFG_SELECT | FW_CFG_READ);
	access->length = __builtin_bswap32(4);
	access->address = __builtin_bswap64(bus_address(memory, 2 * PAGE_SIZE + SECOND_PAGE - 2));
	__asm__ volatile("fence w, o" ::: "memory");
	*dma = __builtin_bswap64(bus_address(memory, 0));
	for (uint64_t end = now() + SECOND; access->control && now() < end;)
		thread_yield();
	check(&c, !access->control, "control is %#x", __builtin_bswap32(access->control));
	check(&c, !memcmp(bytes + 2 * PAGE_SIZE + SECOND_PAGE - 2, "QEMU", 4),
		"it has written something else");
	vm_unmap(own_process(), (uintptr_t)dma & ~(uintptr_t)(PAGE_SIZE - 1), PAGE_SIZE);
	vm_unmap(own_process(), (uintptr_t)bytes, 4 * PAGE_SIZE);
	handle_close(ANY(registers));
	handle_close(ANY(memory));
	checks_report(&c, "a device writes to it, across the end of a page");
}

/* ---- many pieces */

/* Every other page is in use: there is no run, and nothing is lost by looking for one. */
static void fragment(struct checks *c)
{
	static memory_handle small[SMALL_OBJECTS];
	unsigned made = 0;
	memory_handle run;

	for (; made < SMALL_OBJECTS; made++) {
		small[made] = memory_create(PAGE_SIZE);
		if (small[made].value < 0 || !page_fill(small[made], 0))
			break;
	}
	check(c, made == SMALL_OBJECTS, "%u objects", made);
	for (unsigned i = 0; i < made; i += 2)
		handle_close(ANY(small[i]));
	for (unsigned i = 0; i < 3; i++)
		check(c, make(LEFT * PAGE_SIZE, 0).value == -ENOMEM, "more than there is");
	for (unsigned i = 1; i < made; i += 2)
		handle_close(ANY(small[i]));
	for (unsigned i = 0; i < 100 && (run = make(RUN * PAGE_SIZE, 0)).value == -ENOMEM; i++)
		thread_sleep(now() + MS); /* other harts give their objects back a little later */
	check(c, run.value > 0, "once it is free again: %d", run.value);
	handle_close(ANY(run));
}

/* A run takes what is there, whole, and leaves it so. */
static void test_again_and_again(void)
{
	struct checks c = {0};
	uint64_t most = 0;

	for (uint64_t size = 32 << 20; size >= PAGE_SIZE && !most; size /= 2) {
		memory_handle memory = make(size, 0);

		most = memory.value > 0 ? size : 0;
		handle_close(ANY(memory));
	}
	check(&c, most >= 8 << 20, "not more than %lu at once", (unsigned long)most);
	for (unsigned i = 0; i < 20; i++) {
		memory_handle memory = make(most / 2, 0);

		check(&c, memory.value > 0, "round %u: %d", i, memory.value);
		handle_close(ANY(memory));
	}
	checks_report(&c, "what was given back is in one piece again");
}

/* ---- while it is being made */

/* Makes memory, again and again: a0 is the handle. */
/* clang-format off */
CHILD_PROGRAM(maker,
	"	mv	s0, a0\n"
	"1:	mv	a0, s0\n"
	"	li	a1, 0x400000\n"
	"	li	a2, 0\n"
	"	li	a7, " SUITE_TEXT(SYS_memory_create_contiguous) "\n"
	"	ecall\n"
	"	bltz	a0, 1b\n"
	"	li	a7, " SUITE_TEXT(SYS_handle_close) "\n"
	"	ecall\n"
	"	j	1b\n");
/* clang-format on */

static void kill_makers(struct checks *c)
{
	for (unsigned i = 0; i < KILLED; i++) {
		struct process_result r;
		struct child child;
		long system;

		if (!check(c, !child_make(&child, maker, (size_t)(maker_end - maker)), "no child"))
			return;
		system = process_give(child.process, ANY(own_system()), RIGHTS_SAME);
		for (unsigned k = 0; k < MAKERS; k++)
			check(c, system > 0 && !child_start(&child, (uint64_t)system), "no thread");
		thread_sleep(now() + i % 8 * MS / 2);
		process_kill(child.process, 1);
		check(c, !process_wait(child.process, now() + PATIENCE, &r), "it does not end");
		child_close(&child);
	}
}

int main(void)
{
	ktap_plan(8);
	test_refused();
	test_made();
	test_charged();
	test_cloned();
	test_device();
	test_again_and_again();
	test_nothing_is_lost(kill_makers, 6000, "programs that end while they make some");
	test_nothing_is_lost(fragment, LEFT, "memory in many pieces");
	return ktap_end();
}
