/* Memory that can't be reached: on the caller's side, on the server's own, and registers of a device. */
#include "windows.h"

/* Pages that can't be reached on the caller's side, and on the own one. */
void test_faults(void)
{
	struct checks c = {0};
	uint32_t token = start_lender(&c);
	uint8_t *hole = lent.at + PAGE_SIZE, *nowhere = own.at + WINDOW;
	const uint64_t border = 3 * PAGE_SIZE; /* between two pages that are there */
	struct pages fresh;

	fill(lent.at, WINDOW);
	vm_unmap(own_process(), (uintptr_t)hole, PAGE_SIZE);
	for (unsigned n = 1; n <= 64; n++) {
		check(&c, ipc_read(endpoint, token, PAGE_SIZE - n, own.at, n) == n, "up to the hole");
		check(&c, ipc_read(endpoint, token, PAGE_SIZE - n, own.at, n + 1) == -EBADMSG, "into it");
		check(&c, ipc_read(endpoint, token, 2 * PAGE_SIZE - n, own.at, n + 1) == -EBADMSG,
			"out of it");
		check(&c, ipc_read(endpoint, token, 2 * PAGE_SIZE, own.at, n) == n, "behind it");
		check(&c, ipc_write(endpoint, token, PAGE_SIZE - n, own.at, n + 1) == -EBADMSG,
			"write into it");
		check(&c, ipc_write(endpoint, token, 2 * PAGE_SIZE, own.at, n) == n, "write behind it");
		check(&c, ipc_read(endpoint, token, 0, nowhere - n, n) == n, "own, up to the end");
		check(&c, ipc_read(endpoint, token, 0, nowhere - n, n + 1) == -EFAULT, "own, beyond it");
		check(&c, ipc_write(endpoint, token, 0, nowhere - n, n + 1) == -EFAULT, "write from beyond");
		check(&c, ipc_read(endpoint, token, 0, own.at - n, n + 1) == -EFAULT, "own, before it");
		check(&c, ipc_read(endpoint, token, border - n, nowhere - n, n + 1) == -EFAULT,
			"own, beyond it, of the second page");
		check(&c, ipc_write(endpoint, token, border - n, nowhere - n, n + 1) == -EFAULT,
			"write from beyond to the second page");
		check(&c, ipc_read(endpoint, token, border - n, own.at - n, n + 1) == -EFAULT,
			"own, before it, of the first page");
	}
	fresh = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	check(&c,
		ipc_read(endpoint, token, border - 8, fresh.at + PAGE_SIZE - 8, 16) == 16 &&
			!memcmp(fresh.at + PAGE_SIZE - 8, lent.at + border - 8, 16),
		"own pages that nobody has touched, from two pages");
	pages_unmap(&fresh);
	vm_unmap(own_process(), (uintptr_t)lent.at, PAGE_SIZE);
	vm_map(own_process(), (uintptr_t)lent.at, lent.memory, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
	check(&c, ipc_read(endpoint, token, 0, own.at, 8) == 8, "read of what is read-only");
	check(&c, ipc_write(endpoint, token, 0, own.at, 8) == -EBADMSG, "write to what is read-only");
	check(&c, ipc_read(endpoint, token, 0, (void *)(uintptr_t)test_faults, 8) == -EFAULT,
		"to the own text");
	vm_unmap(own_process(), (uintptr_t)lent.at, PAGE_SIZE);
	vm_map(own_process(), (uintptr_t)lent.at, lent.memory, 0, PAGE_SIZE, PROT_EXEC, MAP_FIXED);
	check(&c, ipc_read(endpoint, token, 0, own.at, 8) == -EBADMSG, "read of what is execute-only");
	vm_unmap(own_process(), (uintptr_t)lent.at, PAGE_SIZE);
	end_lender(&c, token);
	checks_report(&c, "memory that can't be reached, on either side");
}

/* Registers of a device are mapped, but the kernel does not touch them for others. */
void test_device(void)
{
	static const char path[] = "/soc/rtc@101000";
	memory_handle registers = memory_device(own_system(), path, sizeof(path) - 1);
	long at = vm_map(own_process(), 0, registers, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	struct checks c = {0};
	struct message m;
	uint64_t word;

	open_endpoint();
	lender = (struct lender){0};
	check(&c, at > 0, "registers: %ld", at);
	lender_start(&lender, (void *)at, 8, (void *)at, 8, DEADLINE_NEVER);
	check(&c, !receive(&m), "receive");
	check(&c, ipc_read(endpoint, m.token, 0, &word, 8) == -EBADMSG, "read");
	check(&c, ipc_write(endpoint, m.token, 0, &word, 8) == -EBADMSG, "write");
	check(&c, !answer(m.token, 0), "answer");
	suite_thread_join(&lender.thread);
	close_endpoint();
	vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE);
	handle_close(ANY(registers));
	checks_report(&c, "registers of a device can't be lent");
}
