/* Calls between threads, with messages in registers and in windows. */
#include "bench.h"
#include "code.h"

endpoint_handle endpoint;

static void make_endpoint(void)
{
	endpoint = endpoint_create();
	check("endpoint_create", endpoint.value);
}

static void start_server_here(void)
{
	make_endpoint();
	thread_start((uint64_t)server_code, (uint64_t)endpoint.value);
	check("thread_create", made.value);
}

void start_server(const char *code, const char *end)
{
	process_handle server = process_create((const uint8_t *)"server", 6);
	memory_handle data = memory_create(2 * PAGE_SIZE);
	long given;

	make_endpoint();
	check("process_create", server.value);
	map_code(server, code, end);
	check("vm_map",
		vm_map(server, SERVER_DATA, data, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED));
	given = check("process_give", process_give(server, ANY(endpoint), RIGHTS_SAME));
	made = thread_create(server, CODE_BASE, 0, (uint64_t)given);
	check("thread_create", made.value);
}

static void start_server_elsewhere(void)
{
	start_server(server_code, server_code_end);
}

static void call_server(void)
{
	struct message message = {.label = 1, .word = {1, 2, 3, 4}, .deadline = DEADLINE_NEVER};

	ipc_call(endpoint, &message);
}

static void start_reader(void)
{
	start_server(reader_code, reader_code_end);
}

static uint64_t lent[PAGE_SIZE / sizeof(uint64_t)] __attribute__((aligned(PAGE_SIZE)));

static void call_lending(uint32_t size)
{
	struct message message = {.label = 1, .word = {size}, .deadline = DEADLINE_NEVER};
	struct windows windows = {.read_address = (uintptr_t)lent, .read_size = size};

	ipc_call_lend(endpoint, &message, &windows);
}

static void lend_128_bytes(void)
{
	call_lending(128);
}

static void lend_4_kib(void)
{
	call_lending(PAGE_SIZE);
}

const struct operation message_operations[] = {
	{.name = "ipc_call_4w", .prepare = start_server_elsewhere, .run = call_server},
	{.name = "ipc_call_4w_same_space", .prepare = start_server_here, .run = call_server},
	{.name = "ipc_call_128B", .prepare = start_reader, .run = lend_128_bytes},
	{.name = "ipc_call_4KiB", .prepare = start_reader, .run = lend_4_kib},
	{.name = NULL},
};
