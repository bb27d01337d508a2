/* Servers that may have no more memory than they have, or a little more: they refuse what they can't do, and go on. */
#include "hostile.h"

#include <tabula/files.h>
#include <tabula/programs.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>

static uint32_t made; /* programs, so that the numbers of the next are known */

/* Fills it with files, all kept open; returns the last error. What was there before stays. */
static long fill_files(endpoint_handle root, unsigned *count)
{
	static char bytes[20000];
	char path[32];

	for (*count = 0;; ++*count) {
		sprintf(path, "/tmp/full%u", *count);
		endpoint_handle file = directory_open(root, path, OPEN_READ | OPEN_WRITE | OPEN_CREATE, 0600,
			&(uint32_t){0}, now() + HONEST);

		if (file.value < 0)
			return file.value;

		long size = *count % 3 ? 10 : (long)sizeof(bytes);
		long done = file_write(file, bytes, (size_t)size, now() + HONEST);

		if (done != size)
			return done < 0 ? done : -ENOSPC;
	}
}

static long fill_programs(endpoint_handle first, unsigned *count)
{
	for (*count = 0;; ++*count) {
		endpoint_handle program = program_create(first, "full", 0, &made);

		if (program.value < 0)
			return program.value;
	}
}

static bool is_poor(long error)
{
	return error == -ENOSPC || error == -ENOMEM || error == -ENFILE || error == -EMFILE ||
	       error == -EAGAIN;
}

static void run_dry(struct checks *c, uint64_t more)
{
	process_handle servers[2];
	endpoint_handle places[] = {
		place_of(&servers[0], "/servers/files"), place_of(&servers[1], "/servers/process")};
	endpoint_handle root = endpoint_badge(places[0], FILES_ROOT), file;
	endpoint_handle first = endpoint_badge(places[1], PROGRAMS_INIT);
	struct process_info info;
	uint32_t parent, group;
	char back[6] = "";
	unsigned count;
	long error;

	file = directory_open(root, "/tmp/kept", OPEN_READ | OPEN_WRITE | OPEN_CREATE, 0600, &(uint32_t){0},
		now() + HONEST);
	check(c, file_write(file, "before", 6, now() + HONEST) == 6, "there is room");
	check(c, program_self(first, &parent, &group) == 1, "there are programs");
	for (unsigned i = 0; i < COUNT(servers); i++)
		check(c,
			!process_info(servers[i], &info) &&
				!process_limit(servers[i], info.memory_used + more),
			"limit");
	error = fill_files(root, &count);
	check(c, is_poor(error), "%lu bytes more, file %u: %ld", (unsigned long)more, count, error);
	check(c, file_read_at(file, 0, back, 6, now() + HONEST) == 6 && !memcmp(back, "before", 6),
		"%lu bytes more: the file that was there is lost", (unsigned long)more);
	error = fill_programs(first, &count);
	check(c, is_poor(error), "%lu bytes more, program %u: %ld", (unsigned long)more, count, error);
	check(c, program_self(first, &parent, &group) == 1, "%lu bytes more: no programs any more",
		(unsigned long)more);
	for (unsigned i = 0; i < COUNT(servers); i++) {
		struct process_result result;

		check(c, process_wait(servers[i], 0, &result) == -ETIMEDOUT, "server %u has ended", i);
		process_kill(servers[i], 0);
		handle_close(ANY(servers[i]));
		handle_close(ANY(places[i]));
	}
}

int dry(uint64_t more)
{
	struct checks c = {0};

	run_dry(&c, more);
	if (c.failed)
		printf("# %s\n", c.first);
	return c.failed ? 1 : 0;
}

void test_dry(void)
{
	static const char *const more[] = {
		"0", "1", "500", "1000", "3000", "5000", "9000", "20000", "50000", "100000", "300000"};
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(more); i++) {
		struct process_result result =
			again_run("/bin/test-hostile", "--dry", more[i], RIGHTS_SYSTEM_ALL);

		check(&c, child_exited(&result, 0), "%s bytes more: %d", more[i], result.status);
	}
	checks_report(&c, "servers without memory refuse what they can't do, and go on");
}
