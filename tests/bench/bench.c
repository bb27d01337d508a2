/*
 * The benchmark: instructions retired, user stub included, around each operation, less the cost of reading the
 * counter. Deterministic under `qemu -icount shift=0`. Prints one line an operation: name, minimum, median, maximum;
 * scripts/bench makes the table and holds the budgets.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <abi/abi.h>
#include <tabula/handles.h>
#include <tabula/protocol/directory.h>
#include <tabula/spawn.h>
#include <tabula/syscalls.h>

#define SERVER_DATA       0x50000000 /* where a server in a process of its own has a buffer */
#define SERVER_TEXT_OF(x) #x
#define SERVER_TEXT(x)    SERVER_TEXT_OF(x)

extern char **environ;

enum { WARM_UP = 16, ROUNDS = 1000, MAP_PAGES = 4 };

struct operation {
	const char *name;
	void (*prepare)(void); /* before the first round */
	void (*before)(void); /* each round, not counted */
	void (*run)(void); /* counted */
	void (*after)(void); /* each round, not counted */
	void (*finish)(void); /* after the last round */
	void (*collect)(void); /* instead of all these: fills `counts` itself */
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

static uint32_t priority; /* of this thread */

static void read_priority(void)
{
	thread_handle self = process_thread(own_process(), 0);
	struct thread_info info;

	check("process_thread", self.value);
	check("thread_info", thread_info(self, &info));
	check("handle_close", handle_close(ANY(self)));
	priority = info.priority;
}

/* Nine arguments: more than there are registers for. */
static void thread_make_stopped(void)
{
	made = thread_create_with(own_process(), (uint64_t)run_nothing,
		(uint64_t)(thread_stack + sizeof(thread_stack)), 0, 0, 0, priority, 1, START_STOPPED);
}

static void thread_unmake(void)
{
	check("thread_create_with", made.value);
	check("thread_kill", thread_kill(made));
	check("handle_close", handle_close(ANY(made)));
}

static void *return_nothing(void *argument)
{
	return argument;
}

static void create_exit_join(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, return_nothing, NULL);

	if (!error)
		error = pthread_join(thread, NULL);
	check("pthread_create, pthread_join", -error);
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

static void start_answering_with(void (*run)(uint64_t both))
{
	here = notification_create();
	there = notification_create();
	made = thread_create(own_process(), (uint64_t)run,
		(uint64_t)(answering_stack + sizeof(answering_stack)),
		(uint64_t)here.value << 32 | (uint32_t)there.value);
	check("thread_create", made.value);
}

static void start_answering(void)
{
	start_answering_with(run_answering);
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

static void stop_partner(void)
{
	check("thread_kill", thread_kill(made));
	check("handle_close", handle_close(ANY(made)));
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

static void wait_for_child(pid_t pid)
{
	int status = -1;

	check("fork", pid);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		check("waitpid", -ECHILD);
}

static void fork_and_exit(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	wait_for_child(pid);
}

static void fork_and_exec(void)
{
	char *arguments[] = {"true", NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execve("/bin/true", arguments, environ);
		_exit(1);
	}
	wait_for_child(pid);
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

/* A server that reads as many bytes of the caller's window as word 0 says, to SERVER_DATA. */
extern const char reader_code[], reader_code_end[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"reader_code:\n"
	"	mv	s0, a0\n"
	"	li	a7, " SERVER_TEXT(
		SYS_ipc_receive) "\n"
				 "	li	a6, -1\n"
				 "	ecall\n"
				 "1:	srli	s1, a1, 32\n"
				 "	mv	a0, s0\n"
				 "	mv	a1, s1\n"
				 "	mv	a4, a2\n"
				 "	li	a2, 0\n"
				 "	li	a3, " SERVER_TEXT(
					 SERVER_DATA) "\n"
						      "	li	a7, " SERVER_TEXT(
							      SYS_ipc_read) "\n"
									    "	ecall\n"
									    "	mv	a0, s0\n"
									    "	slli	a1, s1, 32\n"
									    "	li	a6, -1\n"
									    "	li	a7, " SERVER_TEXT(
										    SYS_ipc_reply_receive) "\n"
													   "	ecall\n"
													   "	j	1b\n"
													   "reader_code_end:\n"
													   ".popsection\n");

enum { SERVER_CODE = 0x40000000, FOREIGN_DATA = 0x50000000, FOREIGN_SIZE = 4 * PAGE_SIZE };
#define FOREIGN_ROUNDS 1016 /* for assembly */
_Static_assert(FOREIGN_ROUNDS == WARM_UP + ROUNDS, "rounds of the foreign caller");

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

static void map_code(process_handle process, const char *code, size_t size)
{
	memory_handle memory = memory_create(PAGE_SIZE);

	check("memory_write", memory_write(memory, 0, (const uint8_t *)code, size));
	check("vm_map", vm_map(process, SERVER_CODE, memory, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED));
	check("handle_close", handle_close(ANY(memory)));
}

/* A program that ends at once. */
extern const char exit_code[], exit_code_end[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"exit_code:\n"
	"	li	a7, " SERVER_TEXT(SYS_process_exit) "\n"
							    "	ecall\n"
							    "exit_code_end:\n"
							    ".popsection\n");

static memory_handle exit_memory;

static void make_exit_code(void)
{
	exit_memory = memory_create(PAGE_SIZE);
	check("memory_write", memory_write(exit_memory, 0, (const uint8_t *)exit_code,
				      (size_t)(exit_code_end - exit_code)));
}

/* A page of code, one thread, no stack. */
static void process_make_and_wait(void)
{
	struct process_result result;
	process_handle process = process_create((const uint8_t *)"exit", 4);
	thread_handle thread;

	check("vm_map",
		vm_map(process, SERVER_CODE, exit_memory, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED));
	thread = thread_create(process, SERVER_CODE, 0, 0);
	check("thread_create", thread.value);
	check("process_wait", process_wait(process, DEADLINE_NEVER, &result));
	check("handle_close", handle_close(ANY(thread)));
	check("handle_close", handle_close(ANY(process)));
}

static void start_server(const char *code, size_t size)
{
	process_handle server = process_create((const uint8_t *)"server", 6);
	memory_handle data = memory_create(2 * PAGE_SIZE);
	long given;

	make_endpoint();
	check("process_create", server.value);
	map_code(server, code, size);
	check("vm_map",
		vm_map(server, SERVER_DATA, data, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED));
	given = check("process_give", process_give(server, ANY(endpoint), RIGHTS_SAME));
	made = thread_create(server, SERVER_CODE, 0, (uint64_t)given);
	check("thread_create", made.value);
}

static void start_server_elsewhere(void)
{
	start_server(server_code, (size_t)(server_code_end - server_code));
}

static void call_server(void)
{
	struct message message = {.label = 1, .word = {1, 2, 3, 4}, .deadline = DEADLINE_NEVER};

	ipc_call(endpoint, &message);
}

static void start_reader(void)
{
	start_server(reader_code, (size_t)(reader_code_end - reader_code));
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

/* ---- exceptions and foreign calls: the handler's answer is that the instruction has returned a value */

extern const char handler_code[], handler_code_end[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"handler_code:\n"
	"	mv	s0, a0\n"
	"	li	a7, " SERVER_TEXT(
		SYS_ipc_receive) "\n"
				 "	li	a6, -1\n"
				 "1:	ecall\n"
				 "	srli	a1, a1, 32\n"
				 "	slli	a1, a1, 32\n"
				 "	ori	a1, a1, 1\n"
				 "	mv	a0, s0\n"
				 "	li	a7, " SERVER_TEXT(
					 SYS_ipc_reply_receive) "\n"
								"	li	a6, -1\n"
								"	j	1b\n"
								"handler_code_end:\n"
								".popsection\n");

static void start_handler(void)
{
	start_server(handler_code, (size_t)(handler_code_end - handler_code));
	check("process_set_exceptions", process_set_exceptions(own_process(), endpoint));
}

/* A load where nothing is mapped, of four bytes. */
static void fault(void)
{
	__asm__ volatile(".option push\n.option norvc\nlw a0, (%0)\n.option pop" ::"r"(8ul) : "a0", "memory");
}

/* Calls through the foreign table, and counts itself, into the words behind the one at a0, which it sets afterwards. */
extern const char foreign_code[], foreign_code_end[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"foreign_code:\n"
	"	mv	s0, a0\n"
	"	mv	s4, a0\n"
	"	li	s1, " SERVER_TEXT(FOREIGN_ROUNDS) "\n"
							  "1:	li	a7, 172\n"
							  "	rdinstret s2\n"
							  "	ecall\n"
							  "	rdinstret s3\n"
							  "	sub	s3, s3, s2\n"
							  "	addi	s0, s0, 8\n"
							  "	sd	s3, (s0)\n"
							  "	addi	s1, s1, -1\n"
							  "	bnez	s1, 1b\n"
							  "	li	t0, 1\n"
							  "	sd	t0, (s4)\n"
							  "2:	j	2b\n"
							  "foreign_code_end:\n"
							  ".popsection\n");

static process_handle start_foreign(memory_handle data)
{
	process_handle caller = process_create((const uint8_t *)"foreign", 7);

	check("process_create", caller.value);
	map_code(caller, foreign_code, (size_t)(foreign_code_end - foreign_code));
	check("vm_map",
		vm_map(caller, FOREIGN_DATA, data, 0, FOREIGN_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED));
	check("process_set_table", process_set_table(caller, ABI_FOREIGN));
	check("process_set_exceptions", process_set_exceptions(caller, endpoint));
	check("thread_create", thread_create(caller, SERVER_CODE, 0, FOREIGN_DATA).value);
	return caller;
}

static void collect_foreign(void)
{
	memory_handle data = memory_create(FOREIGN_SIZE);
	long at = vm_map(own_process(), 0, data, 0, FOREIGN_SIZE, PROT_READ, 0);
	volatile const uint64_t *words = (volatile const uint64_t *)check("vm_map", at);
	process_handle caller;

	start_server(handler_code, (size_t)(handler_code_end - handler_code));
	caller = start_foreign(data);
	while (!words[0])
		check("thread_sleep", thread_sleep((uint64_t)clock_now() + 1000000));
	check("process_kill", process_kill(caller, 0));
	for (int i = 0; i < ROUNDS;
		i++) /* less the rdinstret that it has counted, plus what is taken off later */
		counts[i] = words[1 + WARM_UP + i] - 1 + reading;
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

/* Another process of this program, which does what the argument says with what it reads; see main. */
static void start_other(char *what)
{
	char *arguments[] = {"bench", what, NULL}, *variables[] = {NULL};
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

static void start_echo(void)
{
	start_other("--echo");
}

static void start_sink(void)
{
	close(to_echo);
	close(from_echo);
	start_other("--sink");
}

/* Sends everything back in pieces as they come. */
static int echo(void)
{
	ssize_t count;

	while ((count = read(ECHO_IN, buffer, LARGE)) > 0)
		if (write(ECHO_OUT, buffer, (size_t)count) != count)
			return 1;
	return count != 0;
}

/* Sends one byte back for each LARGE of them. */
static int sink(void)
{
	ssize_t count;
	size_t total = 0;

	while ((count = read(ECHO_IN, buffer, LARGE)) > 0) {
		total += (size_t)count;
		if (total >= LARGE && write(ECHO_OUT, buffer, 1) != 1)
			return 1;
		total %= LARGE;
	}
	return count != 0;
}

static void pipe_large(void)
{
	if (write(to_echo, buffer, LARGE) != LARGE || read(from_echo, buffer, 1) != 1)
		fail("pipe", -EIO);
}

static void pipe_pingpong(void)
{
	write(to_echo, buffer, 1);
	read(from_echo, buffer, 1);
}

static const struct operation operations[] = {
	{.name = "null_call", .run = null_call},
	{.name = "unknown_call", .run = unknown_call},
	{.name = "packed_call_9args",
		.prepare = read_priority,
		.run = thread_make_stopped,
		.after = thread_unmake},
	{.name = "encode_register", .run = encode_register},
	{.name = "encode_packed", .run = encode_packed},
	{.name = "handle_dup_close", .prepare = make_page, .run = handle_dup_close},
	{.name = "anon_touch", .before = make_and_map, .run = touch, .after = unmap_and_close},
	{.name = "map_page", .before = make_page, .run = map_page, .after = unmap_and_close},
	{.name = "unmap_page", .before = map_and_touch, .run = unmap_page, .after = close_page},
	{.name = "thread_create", .run = thread_make, .after = thread_finish},
	{.name = "thread_create_exit_join", .run = create_exit_join},
	{.name = "process_create_exit", .prepare = make_exit_code, .run = process_make_and_wait},
	{.name = "malloc_free_small", .run = malloc_free_small},
	{.name = "spawn_wait", .run = spawn_and_wait},
	{.name = "fork_exit_wait", .run = fork_and_exit},
	{.name = "fork_exec_wait", .run = fork_and_exec},
	{.name = "file_open_close", .run = open_and_close},
	{.name = "file_read_4KiB", .prepare = make_file, .before = rewind_file, .run = file_read_small},
	{.name = "file_read_64KiB", .prepare = make_file, .before = rewind_file, .run = file_read_large},
	{.name = "pipe_pingpong", .prepare = start_echo, .run = pipe_pingpong},
	{.name = "pipe_64KiB", .prepare = start_sink, .run = pipe_large},
	{.name = "ipc_call_4w", .prepare = start_server_elsewhere, .run = call_server},
	{.name = "ipc_call_4w_same_space", .prepare = start_server_here, .run = call_server},
	{.name = "ipc_call_128B", .prepare = start_reader, .run = lend_128_bytes},
	{.name = "ipc_call_4KiB", .prepare = start_reader, .run = lend_4_kib},
	{.name = "fault_to_handler", .prepare = start_handler, .run = fault},
	{.name = "foreign_call", .collect = collect_foreign},
	{.name = "timer_wake", .prepare = make_timer, .run = timer_wake},
	{.name = "irq_to_driver", .prepare = become_driver, .run = irq_to_driver},
	{.name = "notify_pingpong", .prepare = start_answering, .run = notify_pingpong},
	{.name = "sched_yield_pair", .prepare = start_partner, .run = yield, .finish = stop_partner},
};

/* ---- growth: the same operation among 10, 1,000 and 10,000 others */

static const unsigned growth_counts[] = {10, 1000, 10000};

static notification_handle growth_notification;

static void handle_more(void)
{
	check("handle_duplicate", handle_duplicate(ANY(page), RIGHTS_SAME).value);
}

extern const char sleeper_code[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"sleeper_code:\n"
	"	li	a7, " SERVER_TEXT(SYS_thread_sleep) "\n"
							    "	ecall\n"
							    "	li	a7, " SERVER_TEXT(
								    SYS_thread_exit) "\n"
										     "	ecall\n"
										     ".popsection\n");

/* A time that is far away, and another one each time. */
static uint64_t far_away(void)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005 + 1442695040888963407;
	return (1ul << 60) + (x >> 33);
}

/* One that sleeps for long; it has no stack. */
static void thread_more(void)
{
	thread_handle thread = thread_create(own_process(), (uint64_t)sleeper_code, 0, far_away());

	check("thread_create", thread.value);
	check("thread_yield", thread_yield());
	check("handle_close", handle_close(ANY(thread)));
}

/* Answers like run_answering, but each of its waits has a deadline: it is a sleeper among the others. */
static void run_answering_in_time(uint64_t both)
{
	notification_handle wait = {(int32_t)(both & UINT32_MAX)}, signal = {(int32_t)(both >> 32)};

	while (notification_wait(wait, 1, (1ul << 60) + (1ul << 30)) == 1)
		notification_signal(signal, 1);
	thread_exit();
}

static void start_answering_in_time(void)
{
	start_answering_with(run_answering_in_time);
}

static void mapping_more(void)
{
	static memory_handle mapped_often;

	if (!mapped_often.value)
		mapped_often = memory_create(PAGE_SIZE);
	check("vm_map", vm_map(own_process(), 0, mapped_often, 0, PAGE_SIZE, PROT_READ, 0));
}

static timer_handle one_timer;

static void timer_more(void)
{
	if (!growth_notification.value)
		growth_notification = notification_create();
	one_timer = timer_create(growth_notification, 1);
	check("timer_create", one_timer.value);
	check("timer_set", timer_set(one_timer, far_away(), 0));
}

static void set_timer(void)
{
	timer_set(one_timer, (1ul << 60) + (1ul << 30), 0);
}

/* Without a descriptor, of which a process has 256. */
static endpoint_handle open_motd(void)
{
	endpoint_handle opened = directory_open(own_root(), "etc/motd", OPEN_READ, 0, DEADLINE_NEVER);

	check("directory_open", opened.value);
	return opened;
}

static void file_more(void)
{
	open_motd();
}

static void open_and_close_motd(void)
{
	handle_close(ANY(open_motd()));
}

static const struct growth {
	void (*more)(void); /* one more of what there is much of */
	struct operation operation;
} growths[] = {
	{timer_more, {.name = "timer_set", .run = set_timer}},
	{mapping_more, {.name = "map_page", .before = make_page, .run = map_page, .after = unmap_and_close}},
	{mapping_more,
		{.name = "anon_touch", .before = make_and_map, .run = touch, .after = unmap_and_close}},
	{thread_more, {.name = "thread_create", .run = thread_make, .after = thread_finish}},
	{thread_more, {.name = "thread_wake",
			      .prepare = start_answering_in_time,
			      .run = notify_pingpong,
			      .finish = stop_partner}},
	{file_more, {.name = "file_open_close", .run = open_and_close_motd}},
	{handle_more, {.name = "handle_dup_close", .run = handle_dup_close}},
};

/* ---- how long interrupts are off while something large is made or ends: a timer is set to fire meanwhile, and says when it did */

enum { LATENCY_ROUNDS = 32, LATENCY_PAGES = 2048, LATENCY_HANDLES = 1000, LATENCY_REGIONS = 300 };

static timer_handle latency_timer;

static any_handle large_object(void)
{
	static const uint8_t byte = 1;
	memory_handle m = memory_create(LATENCY_PAGES * PAGE_SIZE);

	for (uint64_t i = 0; i < LATENCY_PAGES; i++)
		check("memory_write", memory_write(m, i * PAGE_SIZE, &byte, 1));
	return ANY(m);
}

static any_handle large_process(void)
{
	process_handle p = process_create((const uint8_t *)"large", 5);
	memory_handle m = memory_create(PAGE_SIZE);

	for (unsigned i = 0; i < LATENCY_HANDLES; i++)
		check("process_give", process_give(p, ANY(m), RIGHTS_SAME));
	for (unsigned i = 0; i < LATENCY_REGIONS; i++)
		check("vm_map",
			vm_map(p, 0x100000 + 2ul * i * PAGE_SIZE, m, 0, PAGE_SIZE, PROT_READ, MAP_FIXED));
	handle_close(ANY(m));
	return ANY(p);
}

/* Acts on the thing, with the timer set to a time from now; returns by how much it fired too late. */
static uint64_t latency_at(any_handle thing, void (*act)(any_handle thing), uint64_t from_now)
{
	uint64_t deadline = (uint64_t)clock_now() + from_now;

	check("timer_set", timer_set(latency_timer, deadline, 0));
	act(thing);
	while ((uint64_t)clock_now() < deadline)
		continue;
	thread_yield();
	return (uint64_t)timer_fired(latency_timer) - deadline;
}

/* What does nothing but be ended, or made. */
static any_handle nothing(void)
{
	return (any_handle){0};
}

static void end(any_handle thing)
{
	handle_close(thing);
}

static void make_contiguous(any_handle thing)
{
	memory_handle m = memory_create_contiguous(own_system(), LATENCY_PAGES * PAGE_SIZE, 0);

	(void)thing;
	check("memory_create_contiguous", m.value);
	handle_close(ANY(m));
}

/* The longest of many tries, each with the timer a little later. */
static void measure_latency(const char *name, any_handle (*make)(void), void (*act)(any_handle thing))
{
	uint64_t start, span, worst = 0;
	any_handle thing;

	latency_timer = timer_create(notification_create(), 1);
	check("timer_create", latency_timer.value);
	thing = make();
	start = (uint64_t)clock_now();
	act(thing);
	span = (uint64_t)clock_now() - start;
	for (unsigned i = 0; i < LATENCY_ROUNDS; i++) {
		uint64_t late = latency_at(make(), act, 2000 + span * i / LATENCY_ROUNDS);

		worst = late > worst ? late : worst;
	}
	printf("%s %lu %lu %lu\n", name, worst, worst, worst);
}

static const struct {
	const char *name;
	any_handle (*make)(void);
	void (*act)(any_handle thing);
} latencies[] = {
	{"irqs_off_memory", large_object, end},
	{"irqs_off_process", large_process, end},
	{"irqs_off_contiguous", nothing, make_contiguous},
};

/* ---- bytes of kernel memory, as the kernel charges them */

enum { SIZE_ROUNDS = 48 };

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static const uint8_t one_byte = 1;

static uint64_t charged(void)
{
	struct system_info info;

	check("system_info", system_info(own_system(), &info));
	return info.memory_charged;
}

static void size_process(void)
{
	check("process_create", process_create(&one_byte, 1).value);
}

static void size_thread(void)
{
	check("thread_create", thread_create(own_process(), (uint64_t)run_nothing, 0, 0).value);
}

static void size_memory(void)
{
	check("memory_create", memory_create(PAGE_SIZE).value);
}

static void size_region(void)
{
	check("vm_map", vm_map(own_process(), 0, page, 0, PAGE_SIZE, PROT_READ, 0));
}

static void size_endpoint(void)
{
	check("endpoint_create", endpoint_create().value);
}

static void size_notification(void)
{
	check("notification_create", notification_create().value);
}

static void size_timer(void)
{
	static notification_handle n;

	if (!n.value)
		n = notification_create();
	check("timer_create", timer_create(n, 1).value);
}

static void size_handle(void)
{
	check("handle_duplicate", handle_duplicate(ANY(page), RIGHTS_SAME).value);
}

static const struct {
	const char *name;
	void (*make)(void);
} sizes[] = {
	{"bytes_process", size_process},
	{"bytes_thread", size_thread},
	{"bytes_memory", size_memory},
	{"bytes_region", size_region},
	{"bytes_endpoint", size_endpoint},
	{"bytes_notification", size_notification},
	{"bytes_timer", size_timer},
	{"bytes_handle", size_handle},
};

/* Makes some, which stay, and says what each costs; a page more now and then, of handles, is the most. */
static void measure_size(const char *name, void (*make)(void))
{
	uint64_t before;

	make();
	for (unsigned i = 0; i < SIZE_ROUNDS; i++) {
		before = charged();
		make();
		counts[i] = charged() - before;
	}
	qsort(counts, SIZE_ROUNDS, sizeof(counts[0]), compare);
	printf("%s %lu %lu %lu\n", name, counts[0], counts[SIZE_ROUNDS / 2], counts[SIZE_ROUNDS - 1]);
}

/* ---- measuring */

/* scripts/profile shows what runs between the labels, which must therefore stand in the program once. */
__attribute__((noinline, noclone)) static uint64_t count(const struct operation *op)
{
	uint64_t before, after;

	if (op->before)
		op->before();
	__asm__ volatile("bench_before: rdinstret %0" : "=r"(before)::"memory");
	op->run();
	__asm__ volatile("bench_after: rdinstret %0" : "=r"(after)::"memory");
	if (op->after)
		op->after();
	return after - before;
}

__attribute__((noinline, noclone)) static void measure(const struct operation *op)
{
	if (op->prepare)
		op->prepare();
	for (int i = 0; i < WARM_UP && !op->collect; i++)
		count(op);
	for (int i = 0; i < ROUNDS && !op->collect; i++)
		counts[i] = count(op);
	if (op->collect)
		op->collect();
	if (op->finish)
		op->finish();
	qsort(counts, ROUNDS, sizeof(counts[0]), compare);
}

/* Without -icount what takes next to nothing may take less than the reading did. */
static uint64_t net(uint64_t count)
{
	return count > reading ? count - reading : 0;
}

static void print_counts(const char *name)
{
	printf("%s %lu %lu %lu\n", name, net(counts[0]), net(counts[ROUNDS / 2]), net(counts[ROUNDS - 1]));
}

static void measure_among_more(const struct growth *growth, const char *wanted)
{
	char name[32];
	unsigned count = 0;

	for (size_t i = 0; i < sizeof(growth_counts) / sizeof(growth_counts[0]); i++) {
		snprintf(name, sizeof(name), "%s_of_%u", growth->operation.name, growth_counts[i]);
		if (wanted && strcmp(wanted, name))
			continue;
		for (; count < growth_counts[i]; count++)
			growth->more();
		measure(&growth->operation);
		print_counts(name);
	}
}

/* In a process of its own, with which all that it has made ends. */
static void measure_growth(const struct growth *growth, const char *wanted)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		measure_among_more(growth, wanted);
		exit(0);
	}
	wait_for_child(pid);
}

static void measure_operations(const char *wanted)
{
	measure(&(struct operation){.name = "reading", .run = empty});
	reading = counts[0];
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (wanted && strcmp(wanted, operations[i].name))
			continue;
		measure(&operations[i]);
		print_counts(operations[i].name);
	}
}

int main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : NULL;
	uint64_t start = instret();

	if (instret() == start) {
		fprintf(stderr,
			"bench: this machine's instret does not count; run it with -icount shift=0\n");
		return 1;
	}
	if (wanted && !strcmp(wanted, "--echo"))
		return echo();
	if (wanted && !strcmp(wanted, "--sink"))
		return sink();
	measure_operations(wanted);
	for (size_t i = 0; i < sizeof(latencies) / sizeof(latencies[0]); i++)
		if (!wanted || !strcmp(wanted, latencies[i].name))
			measure_latency(latencies[i].name, latencies[i].make, latencies[i].act);
	make_page();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!wanted || !strcmp(wanted, sizes[i].name))
			measure_size(sizes[i].name, sizes[i].make);
	for (size_t i = 0; i < sizeof(growths) / sizeof(growths[0]); i++)
		measure_growth(&growths[i], wanted);
	return 0;
}
