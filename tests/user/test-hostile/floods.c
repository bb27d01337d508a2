/*
 * Floods: this program again, in processes of their own, whose threads call at random, unmap what they lend, close what they
 * give, and die in the middle of it. They use nothing of the C library.
 */
#include "hostile.h"

#include <tabula/protocol/file.h>

enum {
	FLOODERS = 3, /* processes */
	FLOOD_THREADS = 4,
	FLOOD_CALLS = 800, /* of each thread */
	FLOOD_ROUNDS = 3,
	FLOOD_STATUS = 9,
	GIVEN = 3, /* the first descriptor that a flooder gets a handle through */
	KEPT = 8, /* handles that a flooder has for its threads */
};

#define SHAKE (MS / 10)

static int32_t
	kept[KEPT]; /* handles that threads call through, give, show, and close under each other's hands */
static uint32_t flood_calls;
static struct pages shaky;
static struct suite_thread flood_threads[FLOOD_THREADS + 1];

struct random {
	uint64_t state;
};

static uint64_t next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	return z ^ z >> 29;
}

static uint64_t below(struct random *random, uint64_t limit)
{
	return next(random) % limit;
}

static int32_t any_kept(struct random *random)
{
	return __atomic_load_n(&kept[below(random, KEPT)], __ATOMIC_RELAXED);
}

/* The first ones stay. */
static void keep(struct random *random, uint64_t value)
{
	int32_t *place = &kept[GIVEN + below(random, KEPT - GIVEN)];

	if (value && value <= INT32_MAX)
		close_any((uint64_t)__atomic_exchange_n(place, (int32_t)value, __ATOMIC_RELAXED));
}

static uintptr_t some_address(struct random *random)
{
	switch (below(random, 6)) {
	case 0:
		return bad_addresses[below(random, COUNT(bad_addresses))];
	case 1:
		return (uintptr_t)edge.at + PAGE_SIZE - below(random, 100);
	case 2:
	case 3:
		return (uintptr_t)shaky.at;
	default:
		return (uintptr_t)good.at;
	}
}

static uint32_t some_size(struct random *random)
{
	return (uint32_t)(below(random, 50) ? below(random, 100) : next(random) >> below(random, 32) >> 32);
}

static uint64_t some_word(struct random *random, const struct method_argument *argument)
{
	if (below(random, 5) == 0)
		return next(random) >> below(random, 64);
	if (argument->kind == METHOD_HANDLE || argument->kind == METHOD_CLIENT)
		return (uint64_t)any_kept(random);
	if (argument->names && argument->names->flags)
		return next(random) & next(random) & 0xff;
	return below(random, 8);
}

static const struct method_info *some_method(struct random *random)
{
	const struct method_info *method;

	do
		method = method_by_label((uint32_t)(below(random, PROTOCOL_PROGRAM) + 1) << 16 |
					 (uint32_t)below(random, METHODS_MOST));
	while (!method);
	return method;
}

static void flood_once(struct random *random)
{
	struct attack attack = {.method = some_method(random)};
	const struct method_info *method = attack.method;
	endpoint_handle to = {any_kept(random)};
	struct message message;

	attack.message = (struct message){.label = method->label,
		.token = below(random, 4) ? 15 : (uint32_t)below(random, 16),
		.deadline = now() + below(random, 2 * MS)};
	for (unsigned i = 0; i < method->arity; i++)
		if (!method->arguments[i].out)
			set_field(&attack, &method->arguments[i], some_word(random, &method->arguments[i]));
	attack.windows = (struct windows){
		some_address(random), some_address(random), some_size(random), some_size(random)};
	message = attack.message;
	if (protocol_call_lend(to, &message, &attack.windows) < 0)
		return;
	if (method->result == METHOD_HANDLE)
		keep(random, message.word[0]);
	for (unsigned i = 0; i < method->arity; i++)
		if (method->arguments[i].out && method->arguments[i].kind == METHOD_HANDLE)
			keep(random, message.word[method->arguments[i].offset / 8]);
}

static void flood(void *argument)
{
	struct random random = {(uintptr_t)argument};

	for (unsigned i = 0; i < FLOOD_CALLS; i++) {
		flood_once(&random);
		__atomic_add_fetch(&flood_calls, 1, __ATOMIC_RELAXED);
		if (below(&random, 8) == 0)
			keep(&random, (uint64_t)another(idle, RIGHTS_SAME).value);
	}
}

/* Takes the page that others lend away, and gives it back. */
static void shake(void *argument)
{
	(void)argument;
	for (;;) {
		(void)vm_unmap(own_process(), (uintptr_t)shaky.at, shaky.size);
		thread_sleep(now() + SHAKE);
		(void)vm_map(own_process(), (uintptr_t)shaky.at, shaky.memory, 0, shaky.size,
			PROT_READ | PROT_WRITE, MAP_FIXED);
		thread_sleep(now() + SHAKE);
	}
}

int flooder(uint64_t seed)
{
	for (unsigned i = 0; i < GIVEN; i++)
		kept[i] = own_descriptor(3 + (int)i).value;
	idle = process_create((const uint8_t *)"idle", 4);
	shaky = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	memset(shaky.at, '\n', PAGE_SIZE);
	memcpy(good.at + 100, "/tmp/x", 6);
	suite_thread_start(&flood_threads[FLOOD_THREADS], shake, NULL);
	for (unsigned i = 0; i < FLOOD_THREADS; i++)
		suite_thread_start(&flood_threads[i], flood, (void *)(uintptr_t)(seed + i * 0x12345678901));
	while (__atomic_load_n(&flood_calls, __ATOMIC_RELAXED) < FLOOD_THREADS * FLOOD_CALLS * 3 / 4)
		thread_sleep(now() + MS);
	process_exit(FLOOD_STATUS);
}

static process_handle flooder_start(uint64_t seed)
{
	char number[32];
	char *argv[] = {(char[]){"test-hostile"}, (char[]){"--flood"}, number, NULL};
	const struct spawn_handle handles[] = {{STARTUP_DESCRIPTOR + 3, ANY(files), RIGHTS_SAME},
		{STARTUP_DESCRIPTOR + 4, ANY(programs), RIGHTS_SAME},
		{STARTUP_DESCRIPTOR + 5, ANY(console), RIGHTS_SAME},
		{STARTUP_ROOT, ANY(own_root()), RIGHTS_SAME},
		{STARTUP_DIRECTORY, ANY(own_root()), RIGHTS_SAME}};
	process_handle process;

	sprintf(number, "%lu", (unsigned long)seed);
	process = spawn_with("/bin/test-hostile", argv, argv + 3, 0, handles, COUNT(handles));
	if (process.value < 0)
		ktap_bail_out("no flood: %d", process.value);
	return process;
}

static bool has_ended(process_handle process, struct process_result *result)
{
	return !process_wait(process, 0, result);
}

static unsigned served;
static uint64_t slowest;

static void serve_in_flood(struct checks *c)
{
	uint64_t start = now(), time;

	check_service(c, "in a flood");
	time = now() - start;
	slowest = time > slowest ? time : slowest;
	served++;
}

static struct checks flooded;

static void flood_all(void)
{
	struct checks *c = &flooded;
	process_handle flooders[FLOODERS];
	struct process_result result = {0};
	uint64_t until = now() + 2 * PATIENCE;

	for (unsigned i = 0; i < FLOODERS; i++)
		flooders[i] = flooder_start(random_next());
	for (unsigned i = 0; i < FLOODERS && now() < until;) {
		serve_in_flood(c);
		if (has_ended(flooders[i], &result)) {
			check(c, child_exited(&result, FLOOD_STATUS), "flood %u: %d", i, result.status);
			handle_close(ANY(flooders[i++]));
		}
	}
	check(c, now() < until, "the flood has no end");
}

void test_floods(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < FLOOD_ROUNDS; round++) {
		flood_all();
		clean();
	}
	check_costs(&c, flood_all);
	ktap_diagnose("%u honest rounds of six calls meanwhile, the slowest took %lu us", served,
		(unsigned long)(slowest / 1000));
	checks_report(&flooded, "floods by processes that unmap, close and die meanwhile");
	checks_report(&c, "the servers have what they had before the last of them");
}
