/* The seam of the hosted kernel; see arch_types.h. */
#include "arch.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "doors.h"
#include "hart.h"
#include "host.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "lib/string.h"
#include "mem/account.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "panic.h"
#include "report.h"
#include "sched.h"
#include "sys/metadata.h"

enum {
	MAIN_PLACE = CONFIG_HARTS, /* where the test waits */
	ENTRIES = 512,
	LEVELS = 3,
	PRINTED = 1 << 16,
	STEP_NS = 200, /* what a look at the clock takes */
	SIGNAL_ILL = 4,
	SIGNAL_SEGV = 11,
};

/* Causes of exceptions. */
enum { CAUSE_PAGE, CAUSE_ILLEGAL, CAUSE_CALL };

/* Timers this late are never: time must not come near the end of its 64 bits. */
#define FOREVER (1ul << 62)

_Thread_local struct hart *hosted_hart;
uint8_t *hosted_memory;

/* The kernel's table of its own symbols, empty. */
const char kernel_start[1], text_end[1], symbol_strings[1];
const uint32_t symbol_count, symbol_offsets[1], symbol_names[1];

/* What a hart has besides struct hart. */
struct pthread_hart {
	jmp_buf leave;
	uint32_t ipi; /* atomic */
	uint64_t timer; /* atomic */
	unsigned times_outside; /* atomic: how often it has been outside of the kernel */
	bool outside; /* atomic: it idles, or waits for others and has nothing in hand */
	/* Under the host's lock. */
	bool asleep;
	bool due;
	void (*job)(void *);
	void *argument;
};

static struct pthread_hart pthread_harts[CONFIG_HARTS];
static struct hosted_machine options;
static struct machine machine;
static uint64_t now; /* atomic */
static uint64_t next_alarm = UINT64_MAX; /* atomic: the earliest timer of a hart that sleeps */
static bool quiet; /* under the host's lock: every hart is idle for good */
static int status = -1; /* atomic */
static bool printed_locked; /* atomic */
static char printed[PRINTED];
static size_t printed_count;
static char typed[SYSTEM_INPUT];
static size_t typed_count, typed_taken;

static struct pthread_hart *mine(void)
{
	return &pthread_harts[this_hart()->index];
}

/* ---- the machine: a page of nothing, the archive, and memory in two ranges with a hole between them */

static void put_hex(char *to, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < 8; i++)
		to[i] = digits[value >> 4 * (7 - i) & 15];
}

/* One file of a cpio archive of the newc format; returns where the next begins. */
static char *put_file(char *to, const char *name, const void *bytes, size_t size)
{
	size_t length = strlen(name) + 1;
	char *at = to + 110;

	memcpy(to, "070701", 6);
	memset(to + 6, '0', 104);
	put_hex(to + 6 + 8 * 6, size);
	put_hex(to + 6 + 8 * 11, length);
	memcpy(at, name, length);
	at += (length + 2 + 3) / 4 * 4 -
	      2; /* header and name end at a multiple of 4; the header has 110 bytes */
	memcpy(at, bytes, size);
	return at + (size + 3) / 4 * 4;
}

/* The smallest program: one page that may be executed, which begins at HOSTED_ENTRY(0). */
static void put_program(uint8_t *elf)
{
	static const uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	uint16_t half[] = {2, 243}; /* ET_EXEC, EM_RISCV */
	uint32_t one = 1, load = 1, flags = 5;
	uint64_t entry = HOSTED_ENTRY(0), table = 64, size = 256, align = PAGE_SIZE;
	uint16_t sizes[] = {64, 56, 1, 64, 0, 0};

	memset(elf, 0, 256);
	memcpy(elf, identity, sizeof(identity));
	memcpy(elf + 16, half, 4);
	memcpy(elf + 20, &one, 4);
	memcpy(elf + 24, &entry, 8);
	memcpy(elf + 32, &table, 8);
	memcpy(elf + 52, sizes, sizeof(sizes));
	memcpy(elf + 64, &load, 4);
	memcpy(elf + 68, &flags, 4);
	memcpy(elf + 80, &entry, 8);
	memcpy(elf + 88, &entry, 8);
	memcpy(elf + 96, &size, 8);
	memcpy(elf + 104, &size, 8);
	memcpy(elf + 112, &align, 8);
}

static size_t put_archive(char *to)
{
	uint8_t elf[256];
	char *end;

	put_program(elf);
	end = put_file(to, "init", elf, sizeof(elf));
	end = put_file(end, "TRAILER!!!", "", 0);
	return (size_t)(end - to);
}

const struct machine *arch_machine_read(void)
{
	uint64_t middle = options.memory / 2 & ~(uint64_t)(PAGE_SIZE - 1);

	machine = (struct machine){
		.memory = {{0, options.memory}},
		.memory_count = 1,
		.free = {{2 * PAGE_SIZE, middle - 2 * PAGE_SIZE}, {middle, 0},
			{middle + PAGE_SIZE, options.memory - middle - PAGE_SIZE}, {options.memory, 0}},
		.free_count = 4,
		.initrd = {PAGE_SIZE, put_archive((char *)hosted_memory + PAGE_SIZE)},
		.harts = options.harts,
		.timebase = 1000000000,
		.bootargs = options.bootargs,
		.seed = 1,
	};
	for (unsigned i = 0; i < options.harts; i++)
		machine.hart[i] = i;
	return &machine;
}

const struct machine *arch_machine(void)
{
	return &machine;
}

void arch_memory_init(void)
{
}

void arch_hart_init(struct hart *hart)
{
	__atomic_store_n(&pthread_harts[hart->index].timer, UINT64_MAX, __ATOMIC_RELAXED);
}

/* A panic ends the program, for the test to see; a shutdown ends the hart, and tells the test. */
void arch_shutdown(uint8_t how)
{
	if (how == PANIC_STATUS) {
		fprintf(stderr, "%.*s\n", (int)printed_count, printed);
		abort();
	}
	__atomic_store_n(&status, how, __ATOMIC_RELEASE);
	host_lock();
	quiet = true;
	host_wake(MAIN_PLACE);
	host_unlock();
	arch_halt();
}

void arch_halt(void)
{
	host_lock();
	for (;;)
		host_wait(this_hart()->index);
}

static void make_report(void *unused)
{
	(void)unused;
	report("report=yes");
}

void hosted_report(void)
{
	(void)hosted_printed();
	hosted_do(0, make_report, NULL);
	printf("%s", hosted_printed());
}

int hosted_status(void)
{
	return __atomic_load_n(&status, __ATOMIC_ACQUIRE);
}

/* ---- other harts */

void hosted_published(void)
{
	static _Thread_local unsigned count;

	if (++count % 64 == 0)
		host_pause();
}

/* ---- console */

void arch_console_put(char c)
{
	while (__atomic_exchange_n(&printed_locked, true, __ATOMIC_ACQUIRE))
		host_yield();
	if (printed_count == PRINTED - 1)
		printed_count = 0;
	printed[printed_count++] = c;
	__atomic_store_n(&printed_locked, false, __ATOMIC_RELEASE);
}

const char *hosted_printed(void)
{
	printed[printed_count] = '\0';
	printed_count = 0;
	return printed;
}

int arch_console_get(void)
{
	int c = -1;

	host_lock();
	if (typed_taken < typed_count)
		c = (uint8_t)typed[typed_taken++];
	host_unlock();
	return c;
}

void hosted_type(const char *text)
{
	host_lock();
	typed_count = typed_taken = 0;
	while (*text && typed_count < sizeof(typed))
		typed[typed_count++] = *text++;
	host_unlock();
}

/* ---- time, other harts */

uint64_t arch_time_now(void)
{
	return __atomic_add_fetch(&now, STEP_NS, __ATOMIC_RELAXED);
}

uint64_t arch_ticks(void)
{
	return __atomic_load_n(&now, __ATOMIC_RELAXED) + 1;
}

uint64_t arch_ticks_to_ns(uint64_t ticks)
{
	return ticks;
}

void arch_timer_set(uint64_t deadline_ns)
{
	__atomic_store_n(&mine()->timer, deadline_ns, __ATOMIC_RELAXED);
}

void arch_send_ipi(const struct hart *hart)
{
	struct pthread_hart *other = &pthread_harts[hart->index];

	host_lock();
	__atomic_store_n(&other->ipi, 1, __ATOMIC_RELEASE);
	host_wake(hart->index);
	host_unlock();
}

static bool has_reason_to_wake(struct pthread_hart *hart)
{
	return __atomic_load_n(&hart->ipi, __ATOMIC_ACQUIRE) || hart->due || hart->job ||
	       hosted_interrupt_due((unsigned)(hart - pthread_harts));
}

/* The last hart that goes to sleep lets time pass, or says that nothing is left to do. */
static void pass_time(void)
{
	uint64_t earliest = UINT64_MAX;
	unsigned first = 0;

	for (unsigned i = 0; i < hart_count(); i++) {
		uint64_t timer = __atomic_load_n(&pthread_harts[i].timer, __ATOMIC_RELAXED);

		if (!pthread_harts[i].asleep || has_reason_to_wake(&pthread_harts[i]))
			return;
		if (timer < earliest)
			earliest = timer, first = i;
	}
	if (hart_count() < options.harts)
		return;
	if (earliest >= FOREVER) {
		quiet = true;
		host_wake(MAIN_PLACE);
		return;
	}
	if (__atomic_load_n(&now, __ATOMIC_RELAXED) < earliest)
		__atomic_store_n(&now, earliest, __ATOMIC_RELAXED);
	pthread_harts[first].due = true;
	host_wake(first);
}

/* Under the host's lock. */
static void find_next_alarm(void)
{
	uint64_t earliest = UINT64_MAX;

	for (unsigned i = 0; i < CONFIG_HARTS; i++) {
		uint64_t timer = __atomic_load_n(&pthread_harts[i].timer, __ATOMIC_RELAXED);

		if (pthread_harts[i].asleep && !pthread_harts[i].due && timer < earliest)
			earliest = timer;
	}
	__atomic_store_n(&next_alarm, earliest, __ATOMIC_RELAXED);
}

/* Wakes the harts that sleep past their time while others work. */
static void ring_alarms(void)
{
	uint64_t time = arch_time_now();

	if (__atomic_load_n(&next_alarm, __ATOMIC_RELAXED) > time)
		return;
	host_lock();
	for (unsigned i = 0; i < CONFIG_HARTS; i++)
		if (pthread_harts[i].asleep &&
			__atomic_load_n(&pthread_harts[i].timer, __ATOMIC_RELAXED) <= time) {
			pthread_harts[i].due = true;
			host_wake(i);
		}
	find_next_alarm();
	host_unlock();
}

void arch_wait(void)
{
	struct pthread_hart *hart = mine();

	__atomic_store_n(&hart->outside, true, __ATOMIC_SEQ_CST);
	host_lock();
	hart->asleep = true;
	find_next_alarm();
	pass_time();
	while (!has_reason_to_wake(hart))
		host_wait(this_hart()->index);
	hart->asleep = false;
	__atomic_store_n(&hart->outside, false, __ATOMIC_SEQ_CST);
	find_next_alarm();
	if (hart->job) { /* it is no interrupt, but something for a hart that isn't idle */
		host_unlock();
		__atomic_store_n(&this_hart()->idle, false, __ATOMIC_SEQ_CST);
		longjmp(hart->leave, 1);
	}
	host_unlock();
}

/* Every third time at least, so that what is cut there goes on in pieces often. */
bool arch_interrupt_is_pending(void)
{
	static _Thread_local unsigned looks;

	return ++looks % 3 == 0 || __atomic_load_n(&mine()->ipi, __ATOMIC_RELAXED);
}

void arch_take_interrupts(void)
{
	struct pthread_hart *hart = mine();
	bool due;

	host_lock();
	due = hart->due;
	hart->due = false;
	host_unlock();
	if (__atomic_exchange_n(&hart->ipi, 0, __ATOMIC_ACQ_REL))
		door_ipi();
	if (due)
		door_timer();
	hosted_take_interrupts(this_hart()->index);
}

/* ---- harts */

void arch_leave(void)
{
	longjmp(mine()->leave, 1);
}

long arch_go_on(struct trapframe *next)
{
	this_hart()->current = (struct runner *)next;
	arch_leave();
}

long arch_hand_over(struct trapframe *next, uint64_t first, uint64_t word0, uint64_t word1, uint64_t word2,
	uint64_t word3, uint64_t last)
{
	const uint64_t message[] = {first, word0, word1, word2, word3, last};

	next->result = 0;
	memcpy(&next->a[1], message, sizeof(message));
	return arch_go_on(next);
}

static void do_job(struct pthread_hart *hart)
{
	void (*job)(void *);
	void *argument;

	host_lock();
	job = hart->job;
	argument = hart->argument;
	hart->job = NULL;
	host_unlock();
	if (job)
		job(argument);
}

struct arch_cause arch_cause(uint64_t cause)
{
	static const struct arch_cause causes[] = {
		[CAUSE_PAGE] = {"page fault", SIGNAL_SEGV},
		[CAUSE_ILLEGAL] = {"illegal instruction", SIGNAL_ILL},
		[CAUSE_CALL] = {"call", SIGNAL_ILL},
	};

	return causes[cause];
}

static struct trapframe *make_call(struct trapframe *frame)
{
	uint64_t number = frame->number < SYSCALL_SLOTS ? frame->number : 0;
	const uint64_t *a = frame->a;
	long result = frame->table[number](a[0], a[1], a[2], a[3], a[4], a[5]);

	if (this_hart()->work)
		return door_next_after_call(result);
	frame->result = result;
	return frame;
}

static struct trapframe *touch(struct trapframe *frame)
{
	bool store = frame->action == HOSTED_STORE;
	uint8_t byte = (uint8_t)frame->result;

	if (store ? hosted_store(frame->address, byte) : hosted_load(frame->address, &byte)) {
		frame->result = byte;
		return frame;
	}
	frame->again = true;

	int error = door_page_fault(frame->address, store ? PROT_WRITE : PROT_READ);

	if (!error && !this_hart()->work)
		return frame;
	if (error)
		door_user_fault(CAUSE_PAGE, frame->address, error);
	return door_next();
}

static hosted_program *program_at(uint64_t pc)
{
	unsigned count = 0;

	while (options.programs[count])
		count++;
	for (unsigned i = 0; i < count; i++)
		if (pc == HOSTED_ENTRY(i))
			return options.programs[i];
	return NULL;
}

/* User mode, until it is back in the kernel and out again. */
static struct trapframe *user_mode(struct trapframe *frame)
{
	hosted_program *program = program_at(frame->pc);
	bool again = frame->again;

	frame->again = false;
	if (!program) {
		door_user_fault(CAUSE_ILLEGAL, frame->pc, -EFAULT);
		return door_next();
	}
	if (!again)
		program(frame);
	switch (frame->action) {
	case HOSTED_CALL:
		return make_call(frame);
	case HOSTED_LOAD:
	case HOSTED_STORE:
		return touch(frame);
	case HOSTED_EXCEPTION:
		break;
	}
	door_user_fault(CAUSE_ILLEGAL, frame->pc, -EFAULT);
	return door_next();
}

static struct trapframe *take_interrupts(struct trapframe *frame)
{
	struct pthread_hart *hart = mine();

	ring_alarms();
	if (__atomic_exchange_n(&hart->ipi, 0, __ATOMIC_ACQ_REL)) {
		door_ipi();
		frame = door_next();
	}
	if (__atomic_load_n(&hart->timer, __ATOMIC_RELAXED) <= __atomic_load_n(&now, __ATOMIC_RELAXED)) {
		door_timer();
		frame = door_next();
	}
	if (hosted_take_interrupts(this_hart()->index))
		frame = door_next();
	return frame;
}

/* Apart from run_hart, so that no local variable of what happens here is in a frame that longjmp comes back to. */
static __attribute__((noinline)) void run_threads(void)
{
	do_job(mine());
	for (struct trapframe *frame = door_next();;) {
		__atomic_fetch_add(&mine()->times_outside, 1, __ATOMIC_SEQ_CST);
		frame = user_mode(take_interrupts(frame));
	}
}

static void run_hart(unsigned index)
{
	hosted_hart = &harts[index];
	if (!setjmp(pthread_harts[index].leave)) {
		if (index)
			door_hart();
		else
			door_boot();
	}
	run_threads();
}

void arch_start(void)
{
	door_start();
}

void arch_harts_start(void)
{
	for (unsigned i = 1; i < options.harts; i++) {
		hart_init(&harts[i], i, i);
		host_thread(run_hart, i);
		while (hart_count() <= i)
			arch_relax();
	}
}

static void wait_until_quiet(void)
{
	while (!quiet)
		host_wait(MAIN_PLACE);
}

void hosted_boot(const struct hosted_machine *wanted)
{
	options = *wanted;
	hosted_memory = host_memory(options.memory);
	host_lock();
	host_thread(run_hart, 0);
	wait_until_quiet();
	host_unlock();
}

void hosted_do(unsigned index, void (*job)(void *), void *argument)
{
	host_lock();
	quiet = false;
	pthread_harts[index].job = job;
	pthread_harts[index].argument = argument;
	host_wake(index);
	wait_until_quiet();
	host_unlock();
}

/* ---- threads */

void arch_frame_init(struct trapframe *frame, const struct frame_start *start)
{
	memset(frame, 0, sizeof(*frame));
	frame->pc = start->entry;
	frame->stack = start->stack;
	frame->argument = start->argument;
}

void arch_frame_give_float(struct trapframe *fresh, struct trapframe *caller)
{
	(void)fresh, (void)caller;
}

void arch_frame_settle(struct trapframe *frame)
{
	(void)frame;
}

long arch_frame_result(const struct trapframe *frame)
{
	return frame->result;
}

long thunk_foreign(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	return door_foreign_call(CAUSE_CALL);
}

/* The waker of a thread may write its result meanwhile. On a machine one register at a time is read, old or new. */
__attribute__((no_sanitize("thread"))) void arch_frame_get(
	const struct trapframe *frame, struct registers *registers)
{
	*registers = (struct registers){.pc = frame->pc, .x = {(uint64_t)frame->result}};
}

/* What a program of this machine does next does not depend on registers, but on its state. */
void arch_frame_set(struct trapframe *frame, const struct registers *registers)
{
	frame->pc = registers->pc;
	frame->result = (long)registers->x[0];
	frame->again = false;
}

bool arch_is_code_address(uint64_t address)
{
	return address % 2 == 0;
}

void arch_frame_get_float(const struct trapframe *frame, struct float_registers *registers)
{
	(void)frame;
	*registers = (struct float_registers){0};
}

void arch_frame_set_float(struct trapframe *frame, const struct float_registers *registers)
{
	(void)frame, (void)registers;
}

void arch_frame_log(const struct trapframe *frame)
{
	fprintf(stderr, "pc %lx, call %lu\n", frame->pc, frame->number);
}

void arch_switch(struct trapframe *from, struct trapframe *to)
{
	HOSTED_REQUIRE(from != to);
	HOSTED_REQUIRE(to->hart == this_hart());
	this_hart()->current = container_of(to, struct runner, frame);
}

size_t arch_backtrace(uint64_t frame_pointer, uint64_t *addresses, size_t most)
{
	(void)frame_pointer, (void)addresses, (void)most;
	return 0;
}

size_t arch_stack_used(const struct hart *hart)
{
	(void)hart;
	return 0;
}

/* ---- address spaces */

static uint64_t *entry_of(paddr_t table, uint64_t address, int level)
{
	return (uint64_t *)direct(table) + (address >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1));
}

static uint64_t entry_read(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_SEQ_CST);
}

static paddr_t entry_frame(uint64_t entry)
{
	return (paddr_t){entry & ~(uint64_t)(PAGE_SIZE - 1)};
}

int arch_aspace_init(struct arch_aspace *space, struct account *account)
{
	space->active = 0;
	space->account = account;
	return account_frame_alloc_zeroed(account, &space->root);
}

static bool free_tables(struct account *account, paddr_t table, int level, int *work)
{
	for (unsigned i = 0; level && i < ENTRIES; i++) {
		uint64_t *entry = (uint64_t *)direct(table) + i;

		if (!entry_read(entry))
			continue;
		if (!free_tables(account, entry_frame(entry_read(entry)), level - 1, work))
			return false;
		__atomic_store_n(entry, 0, __ATOMIC_SEQ_CST);
	}
	if (*work <= 0)
		return false;
	account_frame_free(account, table);
	*work -= WORK_FRAME;
	return true;
}

bool arch_aspace_destroy(struct arch_aspace *space, int *work)
{
	HOSTED_REQUIRE(!__atomic_load_n(&space->active, __ATOMIC_SEQ_CST));
	if (space->root.value && !free_tables(space->account, space->root, LEVELS - 1, work))
		return false;
	space->root.value = 0;
	return true;
}

bool arch_aspace_is_elsewhere(const struct arch_aspace *space)
{
	return __atomic_load_n(&space->active, __ATOMIC_SEQ_CST) & ~(1u << this_hart()->index);
}

static unsigned times_outside(unsigned hart)
{
	return __atomic_load_n(&pthread_harts[hart].times_outside, __ATOMIC_SEQ_CST);
}

static bool is_outside(unsigned hart)
{
	return __atomic_load_n(&pthread_harts[hart].outside, __ATOMIC_SEQ_CST);
}

/* Is outside itself meanwhile, for those that wait for it. */
void arch_harts_settle(void)
{
	struct pthread_hart *hart = mine();

	__atomic_store_n(&hart->outside, true, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < hart_count(); i++) {
		unsigned before = times_outside(i);

		while (i != this_hart()->index && !is_outside(i) && times_outside(i) == before)
			host_yield();
	}
	__atomic_store_n(&hart->outside, false, __ATOMIC_SEQ_CST);
}

/* Waits until no other hart is using an entry that has been changed. */
void arch_aspace_forget(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	(void)start, (void)end;
	for (unsigned i = 0; i < options.harts; i++)
		while (i != this_hart()->index &&
			__atomic_load_n(&harts[i].arch.walking, __ATOMIC_SEQ_CST) == space)
			host_yield();
}

void arch_aspace_sync_code(struct arch_aspace *space)
{
	(void)space;
}

int arch_aspace_map(struct arch_aspace *space, uint64_t address, paddr_t frame, enum prot prot)
{
	paddr_t table = space->root;
	uint64_t *entry;

	HOSTED_REQUIRE(!(frame.value & (PAGE_SIZE - 1)) && !(address & (PAGE_SIZE - 1)) && prot);
	for (int level = LEVELS - 1; level; level--) {
		entry = entry_of(table, address, level);
		if (!entry_read(entry)) {
			TRY(account_frame_alloc_zeroed(space->account, &table));
			__atomic_store_n(entry, table.value, __ATOMIC_SEQ_CST);
		}
		table = entry_frame(entry_read(entry));
	}
	entry = entry_of(table, address, 0);
	HOSTED_REQUIRE(!entry_read(entry) || entry_frame(entry_read(entry)).value == frame.value);
	__atomic_store_n(entry, frame.value | prot, __ATOMIC_SEQ_CST);
	return 0;
}

int arch_aspace_map_run(
	struct arch_aspace *space, uint64_t address, const paddr_t *frames, unsigned count, enum prot prot)
{
	enum prot read = prot & PROT_WRITE ? (prot & ~(enum prot)PROT_WRITE) | PROT_READ : prot;

	for (unsigned i = 0; i < count; i++, address += PAGE_SIZE) {
		uint64_t frame = frames[i].value;

		if (frame && !(frame & ARCH_RUN_SKIP))
			TRY(arch_aspace_map(space, address, (paddr_t){frame & ~(uint64_t)(PAGE_SIZE - 1)},
				frame & ARCH_RUN_READ ? read : prot));
	}
	return 0;
}

static uint64_t *find_entry(const struct arch_aspace *space, uint64_t address)
{
	paddr_t table = space->root;

	for (int level = LEVELS - 1; level; level--) {
		uint64_t entry = entry_read(entry_of(table, address, level));

		if (!entry)
			return NULL;
		table = entry_frame(entry);
	}
	return entry_of(table, address, 0);
}

/* Those of the range that may be written may be so no more. */
bool arch_aspace_protect(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;
	bool found = false;

	while (start < end) {
		uint64_t *entry = find_entry(space, start);

		if (entry && entry_read(entry) & PROT_WRITE) {
			__atomic_fetch_and(entry, ~(uint64_t)PROT_WRITE, __ATOMIC_SEQ_CST);
			found = true;
		}
		start = entry ? start + PAGE_SIZE : (start & ~(table_size - 1)) + table_size;
	}
	return found && arch_aspace_is_elsewhere(space);
}

/* Goes on to where the next table of the lowest level begins when there is none. */
bool arch_aspace_unmap(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;
	bool found = false;

	while (start < end) {
		uint64_t *entry = find_entry(space, start);

		if (entry && entry_read(entry)) {
			__atomic_store_n(entry, 0, __ATOMIC_SEQ_CST);
			found = true;
		}
		start = entry ? start + PAGE_SIZE : (start & ~(table_size - 1)) + table_size;
	}
	return found && arch_aspace_is_elsewhere(space);
}

uint64_t arch_aspace_reach(const struct arch_aspace *space, uint64_t start, uint64_t end, uint64_t *pages)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;

	for (; start < end && *pages; --*pages)
		start = find_entry(space, start) ? start + PAGE_SIZE
						 : (start & ~(table_size - 1)) + table_size;
	return start < end ? start : end;
}

void arch_aspace_leave(void)
{
	struct hart *hart = this_hart();

	if (hart->arch.space)
		__atomic_fetch_and(&hart->arch.space->active, ~(1u << hart->index), __ATOMIC_SEQ_CST);
	hart->arch.space = NULL;
}

void arch_aspace_enter(struct arch_aspace *space)
{
	arch_aspace_leave();
	__atomic_fetch_or(&space->active, 1u << this_hart()->index, __ATOMIC_SEQ_CST);
	this_hart()->arch.space = space;
}

bool hosted_lookup(const struct arch_aspace *space, uint64_t address, paddr_t *frame, enum prot *prot)
{
	const uint64_t *at = find_entry(space, address);
	uint64_t entry = at ? entry_read(at) : 0;

	*frame = entry_frame(entry);
	*prot = (enum prot)(entry & (PAGE_SIZE - 1));
	return entry;
}

bool hosted_find(const struct arch_aspace *space, uint64_t address, paddr_t *frame)
{
	enum prot prot;

	return address < USER_TOP && hosted_lookup(space, address, frame, &prot) && prot & PROT_WRITE;
}

bool arch_aspace_find(struct arch_aspace *space, uint64_t address, paddr_t *frame)
{
	return hosted_find(space, address, frame);
}

static bool audit_page(uint64_t address, uint64_t entry, arch_audit *fits, void *context)
{
	enum prot prot = (enum prot)(entry & (PAGE_SIZE - 1));

	return !(prot & PROT_WRITE && prot & PROT_EXEC) && fits(context, address, entry_frame(entry), prot);
}

bool arch_aspace_audit(
	const struct arch_aspace *space, uint64_t start, uint64_t end, arch_audit *fits, void *context)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;

	while (space->root.value && start < end) {
		uint64_t *at = find_entry(space, start);

		if (at && entry_read(at) && !audit_page(start, entry_read(at), fits, context))
			return false;
		start = at ? start + PAGE_SIZE : (start & ~(table_size - 1)) + table_size;
	}
	return true;
}

/* ---- user memory: programs may race for it, so each byte is an atomic of its own */

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (i == 64)
			host_pause(); /* long enough for others to do what must not be done meanwhile */
		__atomic_store_n(&to[i], __atomic_load_n(&from[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	}
}

/* Copies within one page: false when it isn't mapped for this. */
static bool copy_in_page(uint64_t address, uint8_t *kernel, size_t size, enum prot access)
{
	struct arch_hart *hart = &this_hart()->arch;
	struct arch_aspace *space = hart->space;
	enum prot prot, allowed;
	paddr_t frame;
	bool mapped;

	if (!space)
		return false;
	__atomic_store_n(&hart->walking, space, __ATOMIC_SEQ_CST);
	mapped = hosted_lookup(space, address, &frame, &prot);
	allowed = prot & PROT_WRITE ? prot | PROT_READ : prot;
	if (mapped && allowed & access) {
		uint8_t *user = (uint8_t *)direct(frame) + (address & (PAGE_SIZE - 1));

		copy_bytes(access == PROT_WRITE ? user : kernel, access == PROT_WRITE ? kernel : user, size);
	}
	__atomic_store_n(&hart->walking, NULL, __ATOMIC_SEQ_CST);
	return mapped && allowed & access;
}

bool hosted_load(uint64_t address, uint8_t *byte)
{
	return copy_in_page(address, byte, 1, PROT_READ);
}

bool hosted_store(uint64_t address, uint8_t byte)
{
	return copy_in_page(address, &byte, 1, PROT_WRITE);
}

static int user_copy(uint64_t address, uint8_t *kernel, size_t size, enum prot access)
{
	HOSTED_REQUIRE(address >= USER_BASE && address <= USER_TOP && size <= USER_TOP - address);
	while (size) {
		uint64_t left = PAGE_SIZE - (address & (PAGE_SIZE - 1));
		size_t n = left < size ? left : size;

		if (!copy_in_page(address, kernel, n, access)) {
			if (!door_copy_fault(address, access))
				return -EFAULT;
			continue;
		}
		address += n, kernel += n, size -= n;
	}
	return 0;
}

int arch_user_read(void *to, uint64_t from, size_t size)
{
	return user_copy(from, to, size, PROT_READ);
}

static bool is_output(const struct arg_info *arg, const uint64_t *a, const struct arg_info *length,
	uint64_t to, size_t size)
{
	uint64_t start = a[arg->position], end;
	uint64_t room = arg->layout ? arg->layout->size : length ? a[length->position] * arg->size : 0;

	return arg->direction == DIRECTION_OUT && to >= start && to - start <= room &&
	       size <= room - (to - start) && !__builtin_add_overflow(start, room, &end);
}

/* A call writes where its line says, and nowhere else. None has outputs and a struct of arguments. */
static bool is_declared_output(const struct trapframe *frame, uint64_t to, size_t size)
{
	const struct call_info *call = call_by_number(frame->number);

	for (unsigned i = 0; call && i < call->arity && !(call->attributes & CALL_PACKED); i++) {
		const struct arg_info *arg = &call->args[i];

		if (is_output(arg, frame->a, arg->length < 0 ? NULL : &call->args[arg->length], to, size))
			return true;
	}
	return false;
}

int arch_user_write(uint64_t to, const void *from, size_t size)
{
	const struct runner *current = this_hart()->current;

	HOSTED_REQUIRE(!current || !size || current->frame.action != HOSTED_CALL ||
		       is_declared_output(&current->frame, to, size));
	return user_copy(to, (uint8_t *)(uintptr_t)from, size, PROT_WRITE);
}

/* ---- for tests */

void hosted_call(struct trapframe *frame, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	frame->action = HOSTED_CALL;
	frame->number = number;
	frame->a[0] = a0, frame->a[1] = a1, frame->a[2] = a2, frame->a[3] = a3;
	frame->a[4] = frame->a[5] = 0;
}

uint64_t hosted_random(uint64_t *seed)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

void hosted_broken(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not true: %s\n%.*s\n", file, line, condition, (int)printed_count, printed);
	abort();
}
