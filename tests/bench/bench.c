/*
 * The benchmark: instructions retired, user stub included, around each operation, less the cost of reading the
 * counter. Deterministic under `qemu -icount shift=0`. Prints one line an operation: name, minimum, median, maximum;
 * scripts/bench makes the table and holds the budgets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <abi/abi.h>
#include <tabula/handles.h>
#include <tabula/spawn.h>
#include <tabula/syscalls.h>

#define SERVER_TEXT_OF(x) #x
#define SERVER_TEXT(x)    SERVER_TEXT_OF(x)

enum { WARM_UP = 16, ROUNDS = 1000, MAP_PAGES = 4 };

struct operation {
	const char *name;
	void (*prepare)(void); /* before the first round */
	void (*before)(void); /* each round, not counted */
	void (*run)(void); /* counted */
	void (*after)(void); /* each round, not counted */
};

static uint64_t counts[ROUNDS];
static uint64_t reading; /* cost of the two reads and the call of run */

static inline uint64_t instret(void)
{
	uint64_t value;

	__asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
	return value;
}

static void fail(const char *what, long error)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror((int)-error));
	exit(1);
}

static long check(const char *what, long result)
{
	if (result < 0)
		fail(what, result);
	return result;
}

/* ---- calls */

static void empty(void)
{
}

static void null_call(void)
{
	process_id();
}

static void unknown_call(void)
{
	register long a7 __asm__("a7") = SYSCALL_SLOTS + 1;
	register long a0 __asm__("a0");

	__asm__ volatile("ecall" : "=r"(a0) : "r"(a7) : "memory");
}

/* The two encodings alone: arguments from memory to where the kernel takes them, without the trap. */
static volatile uint64_t source[9];

static void encode_register(void)
{
	register uint64_t a0 __asm__("a0") = source[0];
	register uint64_t a1 __asm__("a1") = source[1];
	register uint64_t a2 __asm__("a2") = source[2];
	register uint64_t a3 __asm__("a3") = source[3];
	register uint64_t a4 __asm__("a4") = source[4];
	register uint64_t a5 __asm__("a5") = source[5];
	register uint64_t a7 __asm__("a7") = SYS_process_id;

	__asm__ volatile("" ::"r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7));
}

static void encode_packed(void)
{
	struct vm_map_args packed = {.p = (uint32_t)source[0],
		.at = source[1],
		.m = (uint32_t)source[2],
		.offset = source[3],
		.len = source[4],
		.prot = (uint32_t)source[5],
		.how = (uint32_t)source[6]};
	register uint64_t a0 __asm__("a0") = (uint64_t)&packed;
	register uint64_t a1 __asm__("a1") = sizeof(packed);
	register uint64_t a7 __asm__("a7") = SYS_vm_map;

	__asm__ volatile("" ::"r"(a0), "r"(a1), "r"(a7) : "memory");
}

static memory_handle page;
static any_handle copy;

static void make_page(void)
{
	page = memory_create(MAP_PAGES * PAGE_SIZE);
	check("memory_create", page.value);
}

static void handle_dup_close(void)
{
	copy = handle_duplicate(ANY(page), RIGHTS_SAME);
	handle_close(copy);
}

/* ---- memory */

static long mapped;

static void map_page(void)
{
	mapped = vm_map(own_process(), 0, page, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
}

static void unmap_page(void)
{
	vm_unmap(own_process(), (uint64_t)mapped, PAGE_SIZE);
}

static void touch(void)
{
	*(volatile char *)mapped = 1;
}

static void make_and_map(void)
{
	make_page();
	map_page();
	check("vm_map", mapped);
}

static void map_and_touch(void)
{
	make_and_map();
	touch();
}

static void close_page(void)
{
	check("handle_close", handle_close(ANY(page)));
}

static void unmap_and_close(void)
{
	unmap_page();
	close_page();
}

/* ---- threads and processes */

static char thread_stack[4096] __attribute__((aligned(16)));
static thread_handle made;

static void run_nothing(void)
{
	thread_exit();
}

static void thread_make(void)
{
	made = thread_create(
		own_process(), (uint64_t)run_nothing, (uint64_t)(thread_stack + sizeof(thread_stack)), 0);
}

static void thread_finish(void)
{
	check("thread_create", made.value);
	check("thread_yield", thread_yield());
	check("handle_close", handle_close(ANY(made)));
}

/* ---- notifications, timers, interrupts */

static notification_handle here, there;

static long take(notification_handle n)
{
	return (long)notification_wait(n, 1, DEADLINE_NEVER);
}

static char answering_stack[4096] __attribute__((aligned(16)));

/* The thread has no gp, so it can't reach global variables. */
static void run_answering(uint64_t both)
{
	notification_handle wait = {(int32_t)(both & UINT32_MAX)}, signal = {(int32_t)(both >> 32)};

	while (take(wait) == 1)
		notification_signal(signal, 1);
	thread_exit();
}

static void start_answering(void)
{
	here = notification_create();
	there = notification_create();
	made = thread_create(own_process(), (uint64_t)run_answering,
		(uint64_t)(answering_stack + sizeof(answering_stack)),
		(uint64_t)here.value << 32 | (uint32_t)there.value);
	check("thread_create", made.value);
}

/* There and back: two signals, two waits, two switches. */
static void notify_pingpong(void)
{
	notification_signal(there, 1);
	take(here);
}

static timer_handle timer;

static void make_timer(void)
{
	here = notification_create();
	timer = timer_create(here, 1);
	check("timer_create", timer.value);
}

/* A timer that is due at once: set, interrupt, and the wait that finds its bit. */
static void timer_wake(void)
{
	timer_set(timer, 0, 0);
	take(here);
}

static volatile uint32_t *alarm_clock; /* words of the goldfish clock: 2 and 3 the alarm, 4 enable, 7 clear */
static interrupt_handle line;

static void become_driver(void)
{
	static const char path[] = "/soc/rtc@101000";
	memory_handle registers = memory_device(own_system(), (const uint8_t *)path, sizeof(path) - 1);
	long number = device_interrupt(own_system(), (const uint8_t *)path, sizeof(path) - 1);
	long at = vm_map(own_process(), 0, registers, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);

	check("vm_map", at);
	check("device_interrupt", number);
	here = notification_create();
	line = interrupt_create(own_system(), (uint32_t)number, here, 1);
	check("interrupt_create", line.value);
	alarm_clock = (volatile uint32_t *)at;
	alarm_clock[4] = 1;
	alarm_clock[3] = 0;
}

/* An alarm in the past: the interrupt, the wait that finds it, quiet for the device, acknowledged. */
static void irq_to_driver(void)
{
	alarm_clock[2] = 0;
	take(here);
	alarm_clock[7] = 1;
	interrupt_acknowledge(line);
}

static void run_yielding(void)
{
	for (;;)
		thread_yield();
}

static void start_partner(void)
{
	made = thread_create(
		own_process(), (uint64_t)run_yielding, (uint64_t)(thread_stack + sizeof(thread_stack)), 0);
	check("thread_create", made.value);
}

static void yield(void)
{
	thread_yield();
}

static void spawn_and_wait(void)
{
	char *arguments[] = {"true", NULL};
	struct process_result result;
	process_handle child = spawn("/bin/true", arguments, NULL, RIGHTS_SAME);

	check("spawn", child.value);
	check("spawn_wait", spawn_wait(child, &result));
}

/* ---- calls between threads: the server is this code, wherever it is mapped, with the endpoint in a0 */

extern const char server_code[], server_code_end[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"server_code:\n"
	"	mv	s0, a0\n"
	"	li	a7, " SERVER_TEXT(
		SYS_ipc_receive) "\n"
				 "	li	a6, -1\n"
				 "1:	ecall\n"
				 "	mv	a0, s0\n"
				 "	li	a7, " SERVER_TEXT(
					 SYS_ipc_reply_receive) "\n"
								"	li	a6, -1\n"
								"	j	1b\n"
								"server_code_end:\n"
								".popsection\n");

enum { SERVER_CODE = 0x40000000 };

static endpoint_handle endpoint;

static void make_endpoint(void)
{
	endpoint = endpoint_create();
	check("endpoint_create", endpoint.value);
}

static void start_server_here(void)
{
	make_endpoint();
	made = thread_create(own_process(), (uint64_t)server_code,
		(uint64_t)(thread_stack + sizeof(thread_stack)), (uint64_t)endpoint.value);
	check("thread_create", made.value);
}

static void start_server_elsewhere(void)
{
	process_handle server = process_create("server", 6);
	memory_handle code = memory_create(PAGE_SIZE);
	long given;

	make_endpoint();
	check("process_create", server.value);
	check("memory_write", memory_write(code, 0, server_code, (size_t)(server_code_end - server_code)));
	check("vm_map", vm_map(server, SERVER_CODE, code, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED));
	given = check("process_give", process_give(server, ANY(endpoint), RIGHTS_SAME));
	made = thread_create(server, SERVER_CODE, 0, (uint64_t)given);
	check("thread_create", made.value);
}

static void call_server(void)
{
	struct message message = {.label = 1, .word = {1, 2, 3, 4}, .deadline = DEADLINE_NEVER};

	ipc_call(endpoint, &message);
}

static void malloc_free_small(void)
{
	void *volatile p = malloc(32);

	free(p);
}

/* ---- files and pipes */

enum { LARGE = 65536, ECHO_IN = 0, ECHO_OUT = 1 };

static char buffer[LARGE];
static int file, to_echo, from_echo;

static void open_and_close(void)
{
	close(open("/etc/motd", O_RDONLY));
}

static void make_file(void)
{
	file = open("/tmp/bench", O_RDWR | O_CREAT | O_TRUNC, 0600);
	check("open", file);
	if (write(file, buffer, LARGE) != LARGE)
		fail("write", -EIO);
}

static void rewind_file(void)
{
	lseek(file, 0, SEEK_SET);
}

static void file_read_small(void)
{
	read(file, buffer, 4096);
}

static void file_read_large(void)
{
	read(file, buffer, LARGE);
}

/* Another process of this program, which sends everything back in pieces as they come; see main. */
static void start_echo(void)
{
	char *arguments[] = {"bench", "--echo", NULL}, *variables[] = {NULL};
	int forth[2], back[2];

	if (pipe(forth) || pipe(back))
		fail("pipe", -errno);
	to_echo = forth[1];
	from_echo = back[0];

	const struct spawn_handle handles[] = {
		{STARTUP_DESCRIPTOR + ECHO_IN, ANY(own_descriptor(forth[0])), RIGHTS_SAME},
		{STARTUP_DESCRIPTOR + ECHO_OUT, ANY(own_descriptor(back[1])), RIGHTS_SAME}};

	check("spawn", spawn_with("/bin/bench", arguments, variables, 0, handles, 2).value);
	close(forth[0]);
	close(back[1]);
}

static int echo(void)
{
	ssize_t count;

	while ((count = read(ECHO_IN, buffer, LARGE)) > 0)
		if (write(ECHO_OUT, buffer, (size_t)count) != count)
			return 1;
	return count != 0;
}

static void pipe_pingpong(void)
{
	write(to_echo, buffer, 1);
	read(from_echo, buffer, 1);
}

static const struct operation operations[] = {
	{.name = "null_call", .run = null_call}, {.name = "unknown_call", .run = unknown_call},
	{.name = "encode_register", .run = encode_register}, {.name = "encode_packed", .run = encode_packed},
	{.name = "handle_dup_close", .prepare = make_page, .run = handle_dup_close},
	{.name = "anon_touch", .before = make_and_map, .run = touch, .after = unmap_and_close},
	{.name = "map_page", .before = make_page, .run = map_page, .after = unmap_and_close},
	{.name = "unmap_page", .before = map_and_touch, .run = unmap_page, .after = close_page},
	{.name = "thread_create", .run = thread_make, .after = thread_finish},
	{.name = "malloc_free_small", .run = malloc_free_small},
	{.name = "spawn_wait", .run = spawn_and_wait}, {.name = "file_open_close", .run = open_and_close},
	{.name = "file_read_4KiB", .prepare = make_file, .before = rewind_file, .run = file_read_small},
	{.name = "file_read_64KiB", .before = rewind_file, .run = file_read_large},
	{.name = "pipe_pingpong", .prepare = start_echo, .run = pipe_pingpong},
	{.name = "ipc_call_4w", .prepare = start_server_elsewhere, .run = call_server},
	{.name = "ipc_call_4w_same_space", .prepare = start_server_here, .run = call_server},
	{.name = "timer_wake", .prepare = make_timer, .run = timer_wake},
	{.name = "irq_to_driver", .prepare = become_driver, .run = irq_to_driver},
	{.name = "notify_pingpong", .prepare = start_answering, .run = notify_pingpong},
	{.name = "sched_yield_pair", .prepare = start_partner, .run = yield}, /* last: its partner stays */
};

/* ---- measuring */

static uint64_t count(const struct operation *op)
{
	uint64_t before, after;

	if (op->before)
		op->before();
	before = instret();
	op->run();
	after = instret();
	if (op->after)
		op->after();
	return after - before;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(const struct operation *op)
{
	if (op->prepare)
		op->prepare();
	for (int i = 0; i < WARM_UP; i++)
		count(op);
	for (int i = 0; i < ROUNDS; i++)
		counts[i] = count(op);
	qsort(counts, ROUNDS, sizeof(counts[0]), compare);
}

int main(int argc, char **argv)
{
	uint64_t start = instret();

	if (instret() == start) {
		fprintf(stderr,
			"bench: this machine's instret does not count; run it with -icount shift=0\n");
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "--echo"))
		return echo();
	measure(&(struct operation){.name = "reading", .run = empty});
	reading = counts[0];
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		const struct operation *op = &operations[i];

		if (argc > 1 && strcmp(argv[1], op->name))
			continue;
		measure(op);
		printf("%s %lu %lu %lu\n", op->name, counts[0] - reading, counts[ROUNDS / 2] - reading,
			counts[ROUNDS - 1] - reading);
	}
	return 0;
}
