/*
 * Everything runs out: processes, threads, memory objects, mappings, physical memory. Who asked gets an error or, if
 * it touches a page that can't be had, ends; everybody else goes on; and afterwards all of it is there again.
 */
#include "suite.h"

enum { LEFT = 4500 }; /* pages: enough for the largest test, and soon counted */

static const char *const program = "/bin/test-exhaustion";

/* ---- scenarios, in a process of their own; exit status 0 if it went as it should */

static bool ran_out(long error)
{
	return error == -ENOMEM || error == -EMFILE;
}

/* Makes things and closes their handles if it can, until there is an error. */
static int eat_processes(void)
{
	long error = 0;
	unsigned n = 0;

	for (; error >= 0; n++)
		error = process_create((const uint8_t *)"x", 1).value;
	return ran_out(error) && n > 1000 ? 0 : 1;
}

static int eat_threads(void)
{
	unsigned n = 0;

	for (;; n++) {
		thread_handle t = thread_create(own_process(), (uintptr_t)suite_sleep, 0, 0);

		if (t.value == -ENOMEM)
			break;
		if (t.value < 0)
			return 3;
		handle_close(ANY(t)); /* so that the table does not end it */
	}
	return n > 1000 ? 0 : 1;
}

static int eat_objects(void)
{
	long error = 0;
	unsigned n = 0;

	for (; error >= 0; n++)
		error = memory_create(PAGE_SIZE).value;
	return ran_out(error) && n > 1000 ? 0 : 1;
}

static int eat_mappings(void)
{
	memory_handle m = memory_create(2 * PAGE_SIZE);
	uint64_t at = USER_TOP - 4 * PAGE_SIZE;
	long error = 0;
	unsigned n = 0;

	for (; error >= 0 && n < 5000; n++, at -= 2 * PAGE_SIZE)
		error = vm_map(own_process(), at - (1ul << 33), m, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
	return error >= 0 || error == -ENOMEM ? 0 : 1;
}

static int eat_memory(void)
{
	memory_handle m = memory_create(1ul << 32);
	long at = vm_map(own_process(), 0, m, 0, 1ul << 32, PROT_READ | PROT_WRITE, 0);

	if (at < 0)
		return 1;
	for (volatile uint8_t *byte = (volatile uint8_t *)at;; byte += PAGE_SIZE)
		*byte = 1;
}

/* The pages of an object can be had again when every other hart has left the kernel once. */
static bool close_and_write(memory_handle hog, memory_handle other)
{
	uint64_t until = now() + PATIENCE;
	const uint8_t byte = 1;
	long written;

	handle_close(ANY(hog));
	do
		written = memory_write(other, 0, &byte, 1);
	while (written == -ENOMEM && now() < until);
	return written == 1;
}

/* With no memory left, every call says so or does what it can. */
static int starve(void)
{
	static uint8_t scratch[2 * PAGE_SIZE];
	static struct handle_info info;
	memory_handle hog = memory_create(1ul << 38), other = memory_create(1ul << 30);
	uint8_t byte = 1;
	uint64_t page = 0;
	long error, errors = 0;

	memset(scratch, 1, sizeof(scratch));
	handle_info(ANY(hog), &info);
	while ((error = memory_write(hog, page * PAGE_SIZE, &byte, 1)) == 1)
		page++;
	if (error != -ENOMEM)
		return 1;
	for (unsigned i = 0; i < 3; i++) {
		errors += memory_write(other, 0, &byte, 1) == -ENOMEM;
		errors += memory_read(other, 0, scratch, PAGE_SIZE) == -ENOMEM;
		errors += process_create(scratch, 8).value == -ENOMEM;
	}
	if (errors != 9)
		return 2;
	for (unsigned i = 0; i < 100; i++) { /* small objects may fit in pages that are half full */
		error = memory_create(PAGE_SIZE).value;
		if (error < 0 && error != -ENOMEM)
			return 3;
		error = thread_create(own_process(), (uintptr_t)suite_sleep, 0, 0).value;
		if (error == -ENOMEM)
			break;
		if (error < 0)
			return 4;
	}
	return close_and_write(hog, other) ? 0 : 5;
}

static int scenario(const char *name)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} all[] = {
		{"processes", eat_processes},
		{"threads", eat_threads},
		{"objects", eat_objects},
		{"mappings", eat_mappings},
		{"memory", eat_memory},
		{"starve", starve},
	};

	/* What the way out needs is kept back. */
	memory_handle reserve = memory_create(32 * PAGE_SIZE);
	endpoint_handle badge = endpoint_badge(ends_endpoint(), 1);
	int status = 99;

	for (unsigned i = 0; i < 32; i++)
		page_fill(reserve, i);
	for (unsigned i = 0; i < COUNT(all); i++)
		if (!strcmp(name, all[i].name))
			status = all[i].run();
	memory_end(reserve, badge);
	return status;
}

/* ---- the parent */

static void test_scenario(const char *name, int reason, int status)
{
	struct checks c = {0};
	struct process_result r;

	for (unsigned round = 0; round < 2; round++) {
		long before = frames_settled(), after;

		r = again_run(program, name, NULL, 0);
		check(&c, (int)r.reason == reason && r.status == status, "reason %d, status %d",
			(int)r.reason, (int)r.status);
		if (!round) /* it may have made something that stays */
			continue;
		after = frames_again(before, frames_elsewhere());
		check(&c, labs(before - after) <= frames_elsewhere(), "%ld pages were free, %ld are now",
			before, after);
	}
	checks_report(&c, name);
}

/* One process after the other with the memory of the one before. */
static void test_all_frames(void)
{
	struct checks c = {0};
	long first = frames_settled();

	for (unsigned i = 0; i < 4; i++) {
		long n = frames_again(first, frames_elsewhere());

		check(&c, labs(n - first) <= frames_elsewhere() && n > 1000,
			"round %u had %ld pages, the first %ld", i, n, first);
	}
	checks_report(&c, "all of memory, again and again");
	ktap_diagnose("%ld pages", first);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return scenario(argv[1]);
	ktap_plan(7);
	frames_leave(LEFT);
	test_all_frames();
	test_scenario("processes", END_REASON_EXITED, 0);
	test_scenario("objects", END_REASON_EXITED, 0);
	test_scenario("mappings", END_REASON_EXITED, 0);
	test_scenario("memory", END_REASON_FAULTED, 128 + 9);
	test_scenario("starve", END_REASON_EXITED, 0);
	test_scenario("threads", END_REASON_EXITED, 0);
	return ktap_end();
}
