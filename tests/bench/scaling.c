/*
 * How much more is done by several harts than by one: null calls, pairs of threads that call each other, page faults in
 * different processes, programs started. Each worker is a process; those of calls and faults have a hart each. Prints for each
 * kind of work how many nanoseconds of wall-clock time it takes one worker, and as many as there are harts at the same time.
 *
 * paced_call is what ipc_pair is to be compared with: as many entries to the kernel in the same time, by calls that share
 * nothing. What it lacks of the number of harts is not the kernel's: QEMU takes a lock of all harts for each entry.
 *
 * usage: scaling WORKERS
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <abi/abi.h>
#include <tabula/handles.h>
#include <tabula/spawn.h>
#include <tabula/syscalls.h>

enum { WORKERS_MOST = 8, TURNS = 5, STACK = 4096, FAULT_PAGES = 64 };

static void fail(const char *what, long error)
{
	fprintf(stderr, "scaling: %s: %s\n", what, strerror((int)-error));
	exit(1);
}

static long check(const char *what, long result)
{
	if (result < 0)
		fail(what, result);
	return result;
}

/* ---- kinds of work: each does so many rounds in its own process */

static unsigned hart; /* of this worker */

/* The kernel is not asked for anything: what two cores of the machine below are worth. */
static void compute(unsigned rounds)
{
	while (rounds--)
		for (volatile unsigned i = 0; i < 1000; i++)
			continue;
}

static void call_kernel(unsigned rounds)
{
	while (rounds--)
		process_id();
}

static unsigned pace; /* turns of a loop before each call */

static void call_at_pace(unsigned rounds)
{
	while (rounds--) {
		for (volatile unsigned i = 0; i < pace; i++)
			continue;
		process_id();
	}
}

static char server_stack[STACK] __attribute__((aligned(16)));
static endpoint_handle endpoint;

/* The thread has no gp, so it reaches no global variable. */
static void serve(uint64_t value)
{
	endpoint_handle from = {(int32_t)value};
	struct message m = {.deadline = DEADLINE_NEVER};

	for (long error = ipc_receive(from, &m); !error;) {
		m.deadline = DEADLINE_NEVER;
		error = ipc_reply_receive(from, &m);
	}
	thread_exit();
}

static void start_server(void)
{
	thread_handle server = thread_create(
		own_process(), (uintptr_t)serve, (uintptr_t)server_stack + STACK, (uint64_t)endpoint.value);

	check("thread_create", server.value);
	check("thread_set_affinity", thread_set_affinity(server, 1ul << hart));
}

static void call_partner(unsigned rounds)
{
	if (!endpoint.value) {
		endpoint = endpoint_create();
		check("endpoint_create", endpoint.value);
		start_server();
	}
	while (rounds--) {
		struct message m = {.word = {rounds}, .deadline = DEADLINE_NEVER};

		check("ipc_call", ipc_call(endpoint, &m));
	}
}

static void fault(unsigned rounds)
{
	const uint64_t size = FAULT_PAGES * PAGE_SIZE;

	while (rounds--) {
		memory_handle memory = memory_create(size);
		long at = vm_map(own_process(), 0, memory, 0, size, PROT_READ | PROT_WRITE, 0);

		check("vm_map", at);
		for (uint64_t done = 0; done < size; done += PAGE_SIZE)
			*(volatile char *)((uint64_t)at + done) = 1;
		check("vm_unmap", vm_unmap(own_process(), (uint64_t)at, size));
		check("handle_close", handle_close(ANY(memory)));
	}
}

static void start_programs(unsigned rounds)
{
	while (rounds--) {
		char *arguments[] = {"true", NULL};
		struct process_result result;
		process_handle child = spawn("/bin/true", arguments, NULL, RIGHTS_SAME);

		check("spawn", child.value);
		check("spawn_wait", spawn_wait(child, &result));
	}
}

enum { PAIR_ROUNDS = 60000, PAIR_ENTRIES = 2 * PAIR_ROUNDS };

static const struct work {
	const char *name;
	void (*run)(unsigned rounds);
	unsigned rounds;
	bool stays; /* on the worker's hart */
} works[] = {
	{"compute", compute, 20000, true},
	{"null_call", call_kernel, 400000, true},
	{"ipc_pair", call_partner, PAIR_ROUNDS, true},
	{"paced_call", call_at_pace, PAIR_ENTRIES, true}, /* after ipc_pair, whose time it takes */
	{"page_fault", fault, 100, true},
	{"spawn", start_programs, 60, false},
};

/* ---- workers: a byte tells each to do its rounds, and a byte that they are done */

struct worker {
	int start, done;
	pid_t pid;
};

static struct worker workers[WORKERS_MOST];

static void stay_on_hart(void)
{
	thread_handle self = process_thread(own_process(), 0);

	check("process_thread", self.value);
	check("thread_set_affinity", thread_set_affinity(self, 1ul << hart));
	check("handle_close", handle_close(ANY(self)));
}

_Noreturn static void worker_run(const struct work *work, int start, int done)
{
	char byte;

	if (work->stays)
		stay_on_hart();
	while (read(start, &byte, 1) == 1) {
		work->run(work->rounds);
		if (write(done, &byte, 1) != 1)
			fail("write", -errno);
	}
	_exit(0);
}

static void worker_start(struct worker *worker, const struct work *work)
{
	int start[2], done[2];

	if (pipe(start) || pipe(done))
		fail("pipe", -errno);
	worker->pid = fork();
	if (worker->pid < 0)
		fail("fork", -errno);
	if (worker->pid == 0) {
		close(start[1]);
		for (const struct worker *other = workers; other != worker; other++)
			close(other->start); /* or their end would not be heard */
		worker_run(work, start[0], done[1]);
	}
	close(start[0]);
	close(done[1]);
	worker->start = start[1];
	worker->done = done[0];
}

static void worker_end(const struct worker *worker)
{
	int status = -1;

	close(worker->start);
	close(worker->done);
	if (waitpid(worker->pid, &status, 0) != worker->pid || status != 0)
		fail("a worker has failed", -ECHILD);
}

/* Nanoseconds that the first so many workers take for their rounds. */
static uint64_t turn(unsigned count)
{
	uint64_t start = (uint64_t)clock_now();
	char byte = 0;

	for (unsigned i = 0; i < count; i++)
		if (write(workers[i].start, &byte, 1) != 1)
			fail("write", -errno);
	for (unsigned i = 0; i < count; i++)
		if (read(workers[i].done, &byte, 1) != 1)
			fail("read: a worker has ended", -EIO);
	return (uint64_t)clock_now() - start;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Nanoseconds that the calls of paced_call take at this pace, at best. */
static uint64_t time_at_pace(unsigned turns)
{
	uint64_t best = UINT64_MAX;

	pace = turns;
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t start = (uint64_t)clock_now();

		call_at_pace(PAIR_ENTRIES);
		best = least(best, (uint64_t)clock_now() - start);
	}
	return best;
}

/* So that the calls take as long as the pair did alone; each turn of the loop takes the same. */
static void set_pace(uint64_t pair_alone)
{
	enum { TRIAL = 200 };
	uint64_t none = time_at_pace(0), some = time_at_pace(TRIAL);

	if (pair_alone < none || some <= none)
		fail("calls without pace take longer than those of a pair", -ERANGE);
	pace = (unsigned)((pair_alone - none) * TRIAL / (some - none));
}

/* Returns how many nanoseconds one worker takes alone, at best. */
static uint64_t measure(const struct work *work, unsigned count)
{
	uint64_t best = UINT64_MAX;

	for (hart = 0; hart < count; hart++)
		worker_start(&workers[hart], work);
	turn(count);
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t alone = turn(1);

		best = least(best, alone);
		printf("%s %lu %lu\n", work->name, (unsigned long)alone, (unsigned long)turn(count));
	}
	for (unsigned i = 0; i < count; i++)
		worker_end(&workers[i]);
	return best;
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;

	if (count < 1 || count > WORKERS_MOST) {
		fprintf(stderr, "usage: scaling WORKERS, one for each hart, %d at most\n", WORKERS_MOST);
		return 2;
	}
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		uint64_t alone = measure(&works[i], (unsigned)count);

		if (works[i].run == call_partner)
			set_pace(alone);
	}
	return 0;
}
