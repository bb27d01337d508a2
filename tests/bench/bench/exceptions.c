/* Exceptions and foreign calls: the handler's answer is that the instruction has returned a value. */
#include "bench.h"
#include "code.h"

enum { FOREIGN_DATA = 0x50000000, FOREIGN_SIZE = 4 * PAGE_SIZE };

_Static_assert(FOREIGN_ROUNDS == WARM_UP + ROUNDS, "rounds of the foreign caller");

static void start_handler(void)
{
	start_server(handler_code, handler_code_end);
	check("process_set_exceptions", process_set_exceptions(own_process(), endpoint));
}

/* A load where nothing is mapped, of four bytes. */
static void fault(void)
{
	__asm__ volatile(".option push\n.option norvc\nlw a0, (%0)\n.option pop" ::"r"(8ul) : "a0", "memory");
}

static process_handle start_foreign(memory_handle data)
{
	process_handle caller = process_create((const uint8_t *)"foreign", 7);

	check("process_create", caller.value);
	map_code(caller, foreign_code, foreign_code_end);
	check("vm_map",
		vm_map(caller, FOREIGN_DATA, data, 0, FOREIGN_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED));
	check("process_set_table", process_set_table(caller, ABI_FOREIGN));
	check("process_set_exceptions", process_set_exceptions(caller, endpoint));
	check("thread_create", thread_create(caller, CODE_BASE, 0, FOREIGN_DATA).value);
	return caller;
}

static void collect_foreign(void)
{
	memory_handle data = memory_create(FOREIGN_SIZE);
	long at = vm_map(own_process(), 0, data, 0, FOREIGN_SIZE, PROT_READ, 0);
	volatile const uint64_t *words = (volatile const uint64_t *)check("vm_map", at);
	process_handle caller;

	start_server(handler_code, handler_code_end);
	caller = start_foreign(data);
	while (!words[0])
		check("thread_sleep", thread_sleep((uint64_t)clock_now() + 1000000));
	check("process_kill", process_kill(caller, 0));
	for (int i = 0; i < ROUNDS;
		i++) /* less the rdinstret that it has counted, plus what is taken off later */
		counts[i] = words[1 + WARM_UP + i] - 1 + reading;
}

const struct operation exception_operations[] = {
	{.name = "fault_to_handler", .prepare = start_handler, .run = fault},
	{.name = "foreign_call", .collect = collect_foreign},
	{.name = NULL},
};
