/* What is in memory: zeros at first, the archive as it was, and what each protection lets a program do with it. */
#include "memory.h"

static const uint32_t load_word[] = {
	0x00052503, 0x00000893 | SYS_process_exit << 20, 0x00000073}; /* lw a0, (a0); exit */

/* Memory of those before: written full, freed, and then found zero in everything that is new. */
void test_fresh(void)
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

/* A program's pages are copies: what it writes to its data does not reach the file it came from. */
void test_image(void)
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
void test_access(void)
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
