/*
 * disk-siege: a driver that is ended again and again. With an argument the disk is slow.
 */
#include "disks.h"

#include <pthread.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>

enum { ENDS = 6, WRITES = 500, READ = 300000, LOOKS = 20, TRIES = 10, GIVEN_UP = 500 };

static pid_t driver(void)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	struct program_info info = {0};

	while (!program_next(programs, info.pid, &info))
		if (!strcmp((const char *)info.name, "virtio_blk"))
			return (pid_t)info.pid;
	return 0;
}

/* Ends the driver; true when another one serves. */
static bool driver_ends(void)
{
	pid_t before = driver();
	int fd = -1;
	char byte;

	if (!before || kill(before, SIGKILL))
		return false;
	for (uint64_t until = now() + PATIENCE; now() < until; thread_sleep(now() + MS)) {
		close(fd);
		fd = open(DISK, O_RDONLY);
		if (fd >= 0 && driver() != before && read(fd, &byte, 1) == 1)
			break;
	}
	close(fd);
	return driver() && driver() != before;
}

static int siege(void)
{
	struct checks c = {0};
	pid_t pids[WRITERS];
	int old = disk_open(O_RDONLY), fd;
	char byte;

	ktap_plan(1);
	writers_start(pids, WRITES, true);
	for (int i = 0; i < ENDS; i++) {
		thread_sleep(now() + 30 * MS);
		check(&c, driver_ends(), "no driver after round %d", i);
	}
	errno = 0;
	check(&c, read(old, &byte, 1) == -1 && (errno == EBADF || errno == EIO), "what was open: %s",
		strerror(errno));
	writers_end(&c, pids, WRITES);
	fd = disk_open(O_RDONLY);
	check(&c, disk_holds(fd, 0, disk_size), "what was written is not there");
	checks_report(&c, "what was answered is on the disk, whatever becomes of the driver");
	printf("# sum %08x\n", (unsigned)shadow_sum());
	return ktap_end();
}

/* Whether some thread of a process waits for an answer. */
static bool has_called(process_handle process)
{
	struct thread_info info = {0};
	thread_handle thread;

	while ((thread = process_thread(process, info.id)).value > 0) {
		long error = thread_info(thread, &info);

		handle_close(ANY(thread));
		if (error || info.waits_for == WAITS_FOR_REPLY)
			return !error;
	}
	return false;
}

/* Waits until a program that was to call nobody but the disk has done so. */
static bool calls(pid_t pid)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	process_handle process = program_open(programs, (uint32_t)pid);
	bool called = false;

	for (uint64_t until = now() + PATIENCE; !called && now() < until; thread_sleep(now() + MS))
		called = has_called(process);
	handle_close(ANY(process));
	return called;
}

struct reader {
	int fd;
	volatile ssize_t count;
};

static void *read_much(void *argument)
{
	struct reader *reader = argument;

	reader->count = read(reader->fd, malloc(READ), READ);
	return NULL;
}

/* The read takes seconds; what needs no disk takes none of them. A seek that overtakes it has the last word. */
static bool overtakes(struct checks *c)
{
	int fd = disk_open(O_RDONLY);
	struct reader reader = {.fd = disk_open(O_RDONLY)};
	pthread_t thread;
	struct stat status;
	bool overtaken;

	pthread_create(&thread, NULL, read_much, &reader);
	check(c, calls(getpid()), "nobody reads");
	for (int i = 0; i < LOOKS; i++)
		check(c, !fstat(fd, &status) && lseek(fd, i, SEEK_SET) == i, "round %d", i);
	check(c, lseek(reader.fd, 77, SEEK_SET) == 77, "a seek of the same");
	overtaken = !reader.count;
	pthread_join(thread, NULL);
	check(c, reader.count == READ, "%ld are read", (long)reader.count);
	check(c, !overtaken || lseek(reader.fd, 0, SEEK_CUR) == 77, "it is at %ld",
		(long)lseek(reader.fd, 0, SEEK_CUR));
	close(fd);
	close(reader.fd);
	return overtaken;
}

/*
 * Where the machine below runs one hart at a time, each call may take a tenth of a second, but the disk no longer: then there is
 * another try. Calls that waited for the disk would be no more than the pieces that it is read in.
 */
static void test_others(void)
{
	struct checks c = {0};
	int tries = 0;

	while (!overtakes(&c) && tries < TRIES)
		tries++;
	check(&c, tries < TRIES, "the disk was faster, again and again");
	checks_report(&c, "who waits for the disk keeps nobody else waiting");
}

/* What nobody has got has not been read; a part of it has been copied by then. */
static void test_given_up(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDONLY);
	uint8_t *bytes = malloc(READ);

	check(&c, lseek(fd, 500, SEEK_SET) == 500, "lseek");
	check(&c, file_read(own_descriptor(fd), bytes, READ, now() + 1200 * MS) == -ETIMEDOUT,
		"the disk is not slow");
	check(&c, read(fd, bytes, 100) == 100 && lseek(fd, 0, SEEK_CUR) == 600, "the next one is at %ld",
		(long)lseek(fd, 0, SEEK_CUR));
	close(fd);
	checks_report(&c, "a read that is given up moves no offset");
}

/* More than there is room for, if all of them were kept. */
static void test_flood(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDONLY), other = disk_open(O_RDONLY);
	endpoint_handle file = own_descriptor(fd);
	uint8_t *bytes = malloc(READ), byte;
	uint64_t start;

	for (int i = 0; i < GIVEN_UP; i++) {
		long in_turn = file_read(file, bytes, READ, now() + MS / 5);
		long beside = file_read_at(file, 0, bytes, READ, now() + MS / 5);

		check(&c, in_turn == -ETIMEDOUT && beside == -ETIMEDOUT, "%ld and %ld in round %d", in_turn,
			beside, i);
	}
	start = now();
	check(&c, pread(other, &byte, 1, 0) == 1, "others: %s", strerror(errno));
	check(&c, now() - start < 10 * SECOND, "others wait for %lu ms",
		(unsigned long)((now() - start) / MS));
	close(fd);
	close(other);
	checks_report(&c, "calls that are given up leave room for others");
}

/* Both leave a request with the disk. */
static void test_ends(void)
{
	struct checks c = {0};
	struct reader reader = {.fd = disk_open(O_RDONLY)};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		read_much(&reader), _exit(0);
	check(&c, calls(pid), "nobody reads");
	check(&c, !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid, "who reads is ended");
	pid = fork();
	if (pid == 0) {
		read_much(&reader);
		_exit(reader.count != -1);
	}
	check(&c, calls(pid), "nobody reads");
	close(reader.fd);
	check(&c, driver_ends(), "the driver is not there again");
	check(&c, waitpid(pid, &status, 0) == pid && status == 0, "who waited for the old one: %#x",
		(unsigned)status);
	checks_report(&c, "a request that is left with the disk is no harm");
}

static int slow(void)
{
	ktap_plan(4);
	test_others();
	test_given_up();
	test_flood();
	test_ends();
	return ktap_end();
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return slow();
	shadow_begin();
	return siege();
}
