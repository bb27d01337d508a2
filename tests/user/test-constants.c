/* What the kernel reads for a call of pages that the program can't write to: as they are, and as they are from a change on. */
#include "suite.h"

#include <errno.h>

enum { PAGES = 3 };

/* Whole pages, which lie in the boot archive as they are in memory. */
static const volatile uint8_t constants[PAGES * PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE))) = {[0 ... PAGES * PAGE_SIZE - 1] = 0x5a};

static uint64_t page(unsigned i)
{
	return (uintptr_t)&constants[i * PAGE_SIZE];
}

/* The byte at an address as the kernel reads it, or an error. */
static long read_byte(uint64_t at)
{
	uint8_t byte;
	long n = process_read(own_process(), at, &byte, 1);

	return n == 1 ? byte : n;
}

static long write_byte(uint64_t at, uint8_t byte)
{
	return process_write(own_process(), at, &byte, 1);
}

static uint64_t memory_free(void)
{
	struct system_info info = {.memory_free = 0};

	system_info(own_system(), &info);
	return info.memory_free;
}

/* A page that the program has not touched, and one that it has. */
static void test_read(void)
{
	struct checks c = {0};
	uint64_t before;

	check(&c, constants[PAGE_SIZE] == 0x5a, "the second page");
	check(&c, read_byte(page(0)) == 0x5a && read_byte(page(2) + PAGE_SIZE - 1) == 0x5a, "untouched");
	before = memory_free();
	for (unsigned i = 0; i < 10; i++)
		check(&c, read_byte(page(1) + i) == 0x5a, "touched");
	check(&c, memory_free() == before, "%ld bytes went", (long)(before - memory_free()));
	checks_report(&c, "constants are read where they lie");
}

static void test_changed(void)
{
	struct checks c = {0};

	check(&c, read_byte(page(1)) == 0x5a, "before");
	check(&c, write_byte(page(1), 0x11) == 1, "the first change");
	check(&c, read_byte(page(1)) == 0x11 && constants[PAGE_SIZE] == 0x11, "a copy of its own");
	check(&c, read_byte(page(1) + 1) == 0x5a && read_byte(page(0)) == 0x5a, "what is around it");
	check(&c, write_byte(page(1), 0x12) == 1 && read_byte(page(1)) == 0x12, "the second change");
	check(&c, read_byte(page(2)) == 0x5a && write_byte(page(2), 0x13) == 1 && read_byte(page(2)) == 0x13,
		"another page");
	checks_report(&c, "what is changed is read as it is then");
}

static void test_mapped(void)
{
	memory_handle memory = memory_create(PAGE_SIZE);
	struct checks c = {0};
	uint8_t byte = 0x77;

	check(&c, read_byte(page(0)) == 0x5a, "before");
	check(&c, !vm_protect(own_process(), page(0), PAGE_SIZE, 0), "taking the right");
	check(&c, read_byte(page(0)) == -EBADMSG, "what can't be read");
	check(&c, !vm_protect(own_process(), page(0), PAGE_SIZE, PROT_READ), "giving it back");
	check(&c, read_byte(page(0)) == 0x5a && constants[0] == 0x5a, "what can be read again");
	check(&c, !vm_unmap(own_process(), page(0), PAGE_SIZE), "unmapping");
	check(&c, read_byte(page(0)) == -EBADMSG, "what is not there");
	check(&c, memory_write(memory, 0, &byte, 1) == 1, "other memory");
	check(&c, vm_map(own_process(), page(0), memory, 0, PAGE_SIZE, PROT_READ, MAP_FIXED) == (long)page(0),
		"in its place");
	check(&c, read_byte(page(0)) == 0x77 && constants[0] == 0x77, "what is there now");
	byte = 0x78;
	check(&c, memory_write(memory, 0, &byte, 1) == 1 && read_byte(page(0)) == 0x78, "and changes");
	handle_close(ANY(memory));
	checks_report(&c, "what is mapped in the place of constants is read");
}

int main(void)
{
	ktap_plan(3);
	test_read();
	test_changed();
	test_mapped();
	return ktap_end();
}
