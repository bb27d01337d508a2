/*
 * Random calls, typed by the table, in processes of their own: no panic, only errors that the call's line declares, no byte
 * of the scratch pages changed that no output of the call names, and an end in bounded time. A child that unmaps itself or
 * starts nonsense just dies. A debug kernel with `audit=each` looks at all that it has after each child.
 */
#include "calls.h"

enum { CHILDREN = 24, ROUNDS = 12000, WROTE_ELSEWHERE = 0xffff };

static const char *const program = "/bin/test-fuzz";

static int32_t handles[64];
static unsigned handle_count;

static const uint64_t interesting[] = {
	0,
	1,
	2,
	7,
	8,
	0xff,
	0x100,
	PAGE_SIZE - 1,
	PAGE_SIZE,
	PAGE_SIZE + 1,
	2 * PAGE_SIZE,
	USER_BASE - 1,
	USER_BASE,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x2000000000,
	USER_TOP - PAGE_SIZE,
	USER_TOP - 1,
	USER_TOP,
	0x8000000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffc080200000,
	0xffffffff80200000,
	0xfffffffffffff000,
	UINT64_MAX - 1,
	UINT64_MAX,
};

static uint64_t any_number(void)
{
	switch (random_below(4)) {
	case 0:
		return random_next() >> random_below(64);
	case 1:
		return random_below(32) * PAGE_SIZE;
	default:
		return interesting[random_below(COUNT(interesting))];
	}
}

static uint64_t any_address(void)
{
	switch (random_below(5)) {
	case 0:
		return any_number();
	case 1:
		return (uintptr_t)subjects.scratch + random_below(subjects.scratch_size + 16);
	case 2: /* where this process has its maps */
		return 0x2000000000 + random_below(64) * PAGE_SIZE;
	default:
		return 0x50000000 + random_below(64) * PAGE_SIZE;
	}
}

static uint64_t any_handle_value(void)
{
	if (random_below(10) == 0)
		return any_number();
	return (uint32_t)handles[random_below(handle_count)];
}

static uint64_t any_value(const struct arg_info *arg)
{
	switch (arg->kind) {
	case VALUE_HANDLE:
		return any_handle_value();
	case VALUE_BUFFER:
	case VALUE_STRUCT:
	case VALUE_ADDRESS:
		return any_address();
	case VALUE_FLAGS:
		return random_below(16) ? random_below(8) : any_number();
	default:
		return is_named(arg, "deadline") ? random_below(2) * (now() + random_below(200000))
						 : any_number();
	}
}

static void keep(long value)
{
	if (value <= 0 || value > INT32_MAX)
		return;
	if (handle_count < COUNT(handles))
		handles[handle_count++] = (int32_t)value;
	else
		handles[random_below(COUNT(handles))] = (int32_t)value;
}

/* Calls that would end or lame this process for good, or read what is typed. */
static bool is_unwelcome(const struct call_info *call)
{
	if (call->number == SYS_process_kill || call->number == SYS_thread_kill)
		return random_below(50);
	return is_final(call) || call->number == SYS_thread_suspend ||
	       call->number == SYS_thread_set_priority || call->number == SYS_process_set_exceptions ||
	       ((call->number == SYS_process_start || call->number == SYS_thread_create ||
			call->number == SYS_thread_create_like || call->number == SYS_thread_create_with) &&
		       random_below(4));
}

/* The child may not print, since random bytes among results would be mistaken for them. Its status tells. */
static void complain(const struct call_info *call, long result)
{
	process_exit((int)(call->number << 16 | (-result & 0xffff)));
}

/* ---- what calls write to */

static uint8_t shadow[4 * PAGE_SIZE]; /* what the scratch pages are to hold */

static uint64_t scratch_start(void)
{
	return (uintptr_t)subjects.scratch;
}

/* The part of the scratch pages that [start, start + size) has, which may go on behind the end of numbers. */
static void accept(uint64_t start, uint64_t size)
{
	uint64_t end = size > UINT64_MAX - start ? UINT64_MAX : start + size;
	uint64_t first = start > scratch_start() ? start - scratch_start() : 0;
	uint64_t last = end > scratch_start() ? end - scratch_start() : 0;

	if (last > sizeof(shadow))
		last = sizeof(shadow);
	if (first < last)
		memcpy(shadow + first, subjects.scratch + first, last - first);
}

static uint64_t output_size(const struct arg_info *arg, const struct arguments *a)
{
	uint64_t count = arg->length < 0 ? 0 : a->value[arg->length];

	if (arg->layout)
		return arg->layout->size;
	return count > UINT64_MAX / arg->size ? UINT64_MAX : count * arg->size;
}

/* What the outputs of a call name may be anything now; the rest has to be as it was. */
static bool wrote_elsewhere(const struct call_info *call, const struct arguments *a)
{
	for (unsigned i = 0; i < call->arity; i++)
		if (call->args[i].direction == DIRECTION_OUT)
			accept(a->value[i], output_size(&call->args[i], a));
	if (call->number == SYS_process_write) /* to this process, maybe */
		accept(a->value[1], a->value[3]);
	return memcmp(shadow, subjects.scratch, sizeof(shadow)) != 0;
}

/* Calls that would put something else where the scratch pages are. Nobody has a handle to their memory. */
static bool moves_scratch(const struct call_info *call, const struct arguments *a)
{
	uint64_t at, size;

	switch (call->number) {
	case SYS_vm_map:
		at = a->value[1], size = a->value[4];
		break;
	case SYS_vm_unmap:
	case SYS_vm_protect:
		at = a->value[1], size = a->value[2];
		break;
	default:
		return false;
	}
	return at < scratch_start() + sizeof(shadow) &&
	       (at >= scratch_start() || size > scratch_start() - at);
}

static void fuzz_once(void)
{
	const struct call_info *call = &calls[random_below(CALLS)];
	struct arguments a;
	long result;

	if (is_unwelcome(call))
		return;
	for (unsigned i = 0; i < call->arity; i++)
		a.value[i] = any_value(&call->args[i]);
	/* The process stays whole most of the time, or the rest would not be worth much. */
	if (call->number == SYS_vm_unmap && (int32_t)a.value[0] == own_process().value && random_below(50))
		a.value[1] = 0x50000000 + random_below(64) * PAGE_SIZE,
		a.value[2] = random_below(16) * PAGE_SIZE;
	if (call->number == SYS_process_limit && random_below(50))
		a.value[1] |= 1ul << 30;
	if (call->number == SYS_memory_create && random_below(4))
		a.value[0] = 1 + random_below(64 * PAGE_SIZE);
	if (moves_scratch(call, &a))
		return;
	result = call_make(call, &a);
	if (wrote_elsewhere(call, &a))
		complain(call, -WROTE_ELSEWHERE);
	if (result < 0 && (result < -4095 || !call_declares(call, -result)))
		complain(call, result);
	if (call->result_kind == VALUE_HANDLE)
		keep(result);
}

static int fuzz(uint64_t seed)
{
	memory_handle memory = memory_create(64 * PAGE_SIZE);
	struct pages pages = pages_map(sizeof(shadow), PROT_READ | PROT_WRITE);

	random_state = seed;
	subjects.scratch = pages.at;
	subjects.scratch_size = sizeof(shadow);
	handle_close(ANY(pages.memory));
	for (unsigned i = 0; i < sizeof(shadow); i++)
		shadow[i] = subjects.scratch[i] = (uint8_t)random_next();
	keep(own_process().value);
	keep(own_archive().value);
	keep(own_system().value);
	keep(memory.value);
	keep(process_create((const uint8_t *)"fuzzed", 6).value);
	for (unsigned i = 0; i < ROUNDS; i++)
		fuzz_once();
	return 0;
}

static void test_seed(struct checks *c, uint64_t seed, unsigned *died)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", (unsigned long)seed);
	struct process_result r = again_run(program, "child", text, RIGHT_DUPLICATE | RIGHT_TRANSFER);

	check(c, (int)r.reason != -1, "seed %s does not end: %d", text, (int)r.status);
	check(c, r.reason != END_REASON_EXITED || (r.status & 0xffff) != WROTE_ELSEWHERE,
		"seed %s: call %d wrote to what no output of it names", text, (int)(r.status >> 16));
	check(c, r.reason != END_REASON_EXITED || r.status == 0,
		"seed %s: call %d gave error %d, which its line does not declare", text,
		(int)(r.status >> 16), (int)(r.status & 0xffff));
	*died += r.reason == END_REASON_FAULTED;
}

int main(int argc, char **argv)
{
	struct checks c = {0};
	unsigned died = 0;

	if (argc > 2 && !strcmp(argv[1], "child"))
		return fuzz(strtoull(argv[2], NULL, 0));
	ktap_plan(1);
	random_start(argc > 1 ? argv[1] : NULL);
	for (unsigned i = 0; i < CHILDREN; i++)
		test_seed(&c, random_next(), &died);
	checks_report(&c, "random calls");
	ktap_diagnose("%d processes of %d calls; %u of them faulted", CHILDREN, ROUNDS, died);
	ktap_diagnose(
		"figure: %d random calls of %d seeds, with no panic, no error that is not declared and no byte "
		"changed that no output names",
		CHILDREN * ROUNDS, CHILDREN);
	return ktap_end();
}
