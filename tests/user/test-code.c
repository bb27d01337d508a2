/*
 * Code that is written while the system runs: through a writable mapping of pages that another mapping may execute, since no
 * mapping allows both. Written, synchronised, run on another hart, changed, and so on.
 */
#include "suite.h"

enum { ROUNDS = 400, CHILD_ROUNDS = 200, CALLED = 1, WANTED };

typedef long function(void);

static uint32_t *code; /* as it can be written */
static function *function_there; /* as it can be executed */
static unsigned hart_total = 1;
static thread_handle self;

/* addi a0, zero, number; ret */
static void write_function(uint32_t *to, uint32_t number)
{
	((volatile uint32_t *)to)[0] = number << 20 | 0x513;
	((volatile uint32_t *)to)[1] = 0x8067;
}

static void make_code(void)
{
	memory_handle memory = memory_create(PAGE_SIZE);
	long writable = vm_map(own_process(), 0, memory, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	long executable = vm_map(own_process(), 0, memory, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, 0);

	if (writable < 0 || executable < 0)
		ktap_bail_out("no pages for code: %ld, %ld", writable, executable);
	code = (uint32_t *)(uintptr_t)writable;
	function_there = (function *)(uintptr_t)executable;
	handle_close(ANY(memory));
}

static void pin(struct checks *c, thread_handle thread, uint64_t hart)
{
	check(c, !thread_set_affinity(thread, 1ul << hart % hart_total), "thread_set_affinity");
}

/* ---- one thread */

static void test_here(void)
{
	struct checks c = {0};

	for (uint32_t i = 0; i < ROUNDS; i++) {
		write_function(code, i);
		check(&c, !code_sync(own_process()), "code_sync");
		check(&c, function_there() == (long)i, "round %u", i);
	}
	checks_report(&c, "a thread runs what it has written");
}

/* It has run the code on each hart before, and comes back to it after the change. */
static void test_moving(void)
{
	struct checks c = {0};

	for (uint32_t i = 0; i < ROUNDS; i++) {
		pin(&c, self, i);
		check(&c, !i || function_there() == (long)(i - 1), "round %u, before", i);
		write_function(code, i);
		check(&c, !code_sync(own_process()), "code_sync");
		check(&c, function_there() == (long)i, "round %u", i);
	}
	check(&c, !thread_set_affinity(self, (1ul << hart_total) - 1), "thread_set_affinity");
	checks_report(&c, "a thread that moves from hart to hart runs what it has written");
}

/* ---- another thread, which runs or sleeps meanwhile */

static struct suite_thread runner;
static volatile uint64_t written, ran; /* rounds */
static volatile long got;
static volatile bool sleeps, over;
static notification_handle go;

static void run_often(void *unused)
{
	(void)unused;
	while (!over) {
		if (sleeps)
			notification_wait(go, 1, DEADLINE_NEVER);
		if (written == ran)
			continue;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		got = function_there();
		__atomic_thread_fence(__ATOMIC_RELEASE);
		ran = written;
	}
}

static void write_and_run(struct checks *c, uint32_t number)
{
	write_function(code, number);
	check(c, !code_sync(own_process()), "code_sync");
	__atomic_thread_fence(__ATOMIC_RELEASE);
	written++;
	notification_signal(go, 1);
	while (ran != written)
		thread_yield();
	check(c, got == (long)number, "%u was written, %ld has been run", number, got);
}

static void test_elsewhere(bool while_it_sleeps, const char *what)
{
	struct checks c = {0};

	sleeps = while_it_sleeps;
	over = false;
	go = notification_create();
	pin(&c, self, 0);
	suite_thread_start(&runner, run_often, NULL);
	pin(&c, runner.handle, 1);
	for (uint32_t i = 0; i < ROUNDS; i++)
		write_and_run(&c, i % 2000);
	over = true;
	notification_signal(go, 1);
	suite_thread_join(&runner);
	handle_close(ANY(go));
	checks_report(&c, what);
}

/* ---- another process */

/*
 * Calls what is in the page behind this one whenever the number at a0 + 16 changes, stores what it returns at a0, and then
 * the number behind that. While it is being written the code does not run: QEMU before 8.1 could keep what it has
 * translated at that moment, whatever the fences.
 */
/* clang-format off */
CHILD_PROGRAM(caller,
	"	mv	s0, a0\n"
	"	li	s1, 0x101000\n"
	"1:	ld	s2, 16(s0)\n"
	"	ld	a2, 8(s0)\n"
	"	beq	s2, a2, 1b\n"
	"	fence	r, rw\n"
	"	jalr	s1\n"
	"	sd	a0, (s0)\n"
	"	fence	w, w\n"
	"	sd	s2, 8(s0)\n"
	"	j	1b\n");
/* clang-format on */

static uint64_t word_of(memory_handle memory, uint64_t index)
{
	uint64_t value = 0;

	memory_read(memory, index * sizeof(value), (uint8_t *)&value, sizeof(value));
	return value;
}

static long call_there(const struct child *child, uint64_t round)
{
	uint64_t end = now() + PATIENCE;

	memory_write(child->data, WANTED * sizeof(round), (const uint8_t *)&round, sizeof(round));
	while (word_of(child->data, CALLED) != round && now() < end)
		thread_yield();
	return (long)word_of(child->data, 0);
}

/* A child whose code can be written from here: at `text`. */
static bool caller_make(struct child *child, uint32_t **text)
{
	memory_handle memory = memory_create(2 * PAGE_SIZE);
	long at = vm_map(own_process(), 0, memory, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0), mapped;

	child->process = process_create((const uint8_t *)"caller", 6);
	child->data = memory_create(PAGE_SIZE);
	if (at < 0 || child->process.value < 0 || child->data.value < 0)
		return false;
	*text = (uint32_t *)(uintptr_t)at;
	memcpy(*text, caller, (size_t)(caller_end - caller));
	write_function(*text + PAGE_SIZE / 4, 0);
	mapped = vm_map(
		child->process, CHILD_CODE, memory, 0, 2 * PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED);
	mapped |= vm_map(
		child->process, CHILD_DATA, child->data, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
	handle_close(ANY(memory));
	return mapped >= 0;
}

static void test_other_process(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread;
	uint32_t *text = NULL;

	if (!check(&c, caller_make(&child, &text), "no child")) {
		checks_report(&c, "a process runs what another one has written");
		return;
	}
	check(&c, !code_sync(child.process), "before it has a thread");
	thread = thread_create(child.process, CHILD_CODE, 0, CHILD_DATA);
	for (uint32_t i = 1; i <= CHILD_ROUNDS; i++) {
		pin(&c, thread, i / 4);
		write_function(text + PAGE_SIZE / 4, i);
		check(&c, !code_sync(child.process), "code_sync");
		check(&c, call_there(&child, i) == (long)i, "round %u: it runs %lu", i,
			(unsigned long)word_of(child.data, 0));
	}
	process_kill(child.process, 0);
	process_wait(child.process, DEADLINE_NEVER, &(struct process_result){0});
	check(&c, !code_sync(child.process), "after its end");
	vm_unmap(own_process(), (uintptr_t)text, 2 * PAGE_SIZE);
	handle_close(ANY(thread));
	child_close(&child);
	checks_report(&c, "a process runs what another one has written");
}

int main(void)
{
	struct system_info info = {.harts = 1};

	system_info(own_system(), &info);
	hart_total = info.harts;
	self = process_thread(own_process(), 0);
	ktap_plan(5);
	make_code();
	test_here();
	test_moving();
	test_elsewhere(false, "a thread on another hart runs what was written while it ran");
	test_elsewhere(true, "a thread on another hart runs what was written while it waited");
	test_other_process();
	return ktap_end();
}
