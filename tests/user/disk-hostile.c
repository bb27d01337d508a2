/* disk-hostile: what clients can do to the driver, while an honest one goes on. */
#include "fails.h"
#include "disks.h"

#include <pthread.h>
#include <sys/mman.h>
#include <tabula/protocol/device.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

enum { MUCH = 200000, CALLS = 4000, FLOODERS = 4, DYING = 30, METHODS = 24 };

static bool is_honest(void)
{
	int fd = open(DISK, O_RDWR);
	size_t size = 1 + random_below(2000), at = KEPT + random_below(100000);
	bool good = fd >= 0 && disk_put(fd, at, size) && disk_holds(fd, at - 100, size + 200);

	close(fd);
	return good;
}

static void test_windows(void)
{
	struct checks c = {0};
	uint8_t *pages = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *nowhere = mmap(NULL, MUCH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = disk_open(O_RDWR);
	ssize_t count;

	FAILS(&c, EFAULT, pread(fd, nowhere, MUCH, 100));
	FAILS(&c, EFAULT, pread(fd, nowhere, 1, 100));
	FAILS(&c, EFAULT, pwrite(fd, nowhere, MUCH, KEPT));
	FAILS(&c, EFAULT, pwrite(fd, nowhere, 100, KEPT + 100));
	FAILS(&c, EFAULT, pread(fd, (void *)(uintptr_t)test_windows, 100, 100));
	check(&c, lseek(fd, 1000, SEEK_SET) == 1000, "lseek");
	FAILS(&c, EFAULT, read(fd, nowhere, MUCH));
	check(&c, lseek(fd, 0, SEEK_CUR) == 1000, "an error moves nothing");
	munmap(pages + 0x20000, PAGE_SIZE);
	count = pread(fd, pages, MUCH, 512);
	check(&c, count == 0x10000 || count == 0x20000, "%ld of a window with a hole", (long)count);
	check(&c, !memcmp(pages, shadow + 512, 0x10000), "what was copied");
	check(&c, is_honest(), "and others");
	munmap(pages, 0x20000);
	munmap(nowhere, MUCH);
	close(fd);
	checks_report(&c, "windows of nothing");
}

/* Calls of all methods, there or not, with words of any kind; those that could write are not among them. */
static void test_words(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDONLY);
	uint32_t then = 0;
	endpoint_handle door = directory_open(own_root(), DISK, OPEN_READ, 0, &then, DEADLINE_NEVER);
	endpoint_handle to[] = {door, own_descriptor(fd)};

	check(&c, door.value > 0 && then == OPENING_DEVICE, "not open");
	check(&c, file_read(door, shadow, 1, DEADLINE_NEVER) == -EBADF, "it can't be read");
	check(&c, device_open(to[1], OPEN_WRITE).value == -EINVAL, "what is open opens nothing");
	for (int i = 0; i < CALLS; i++) {
		struct message message = {.deadline = now() + SECOND / 10};

		message.label = (uint32_t)(random_below(7) << 16 | random_below(METHODS));
		for (int k = 0; k < MESSAGE_WORDS; k++)
			message.word[k] = random_next() >> random_below(64);
		(void)ipc_call(to[i % 2], &message);
		if (i % 400 == 0)
			check(&c, is_honest(), "others, after %d", i);
	}
	check(&c, file_seek(to[1], INT64_MIN, WHENCE_END) == -EINVAL, "far before it");
	check(&c, file_read_at(to[1], UINT64_MAX, shadow, 1, DEADLINE_NEVER) == -EINVAL, "no offset");
	handle_close(ANY(door));
	close(fd);
	checks_report(&c, "words of any kind");
}

static volatile bool over;

/* Gives up at once, again and again. */
static void *flood(void *argument)
{
	static uint8_t bytes[MUCH];
	int fd = open(DISK, O_RDONLY);
	endpoint_handle file = own_descriptor(fd);

	(void)argument;
	while (!over) {
		(void)file_read(file, bytes, MUCH, (uint64_t)clock_now());
		(void)file_sync(file, (uint64_t)clock_now());
		(void)file_read_at(file, 5, bytes, MUCH, (uint64_t)clock_now() + MS / 10);
	}
	close(fd);
	return NULL;
}

static void test_floods(void)
{
	struct checks c = {0};
	pthread_t threads[FLOODERS];

	for (int i = 0; i < FLOODERS; i++)
		check(&c, !pthread_create(&threads[i], NULL, flood, NULL), "no thread");
	for (int i = 0; i < 20; i++)
		check(&c, is_honest(), "round %d: %s", i, strerror(errno));
	over = true;
	for (int i = 0; i < FLOODERS; i++)
		pthread_join(threads[i], NULL);
	check(&c, is_honest(), "afterwards");
	checks_report(&c, "floods of calls that give up");
}

static void test_deaths(void)
{
	struct checks c = {0};

	for (int i = 0; i < DYING; i++) {
		pid_t pid = fork();

		if (pid == 0)
			for (int fd = disk_open(O_RDONLY);;)
				(void)pread(fd, malloc(MUCH), MUCH, 77);
		thread_sleep(now() + i * MS / 4);
		check(&c, !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid, "round %d", i);
		check(&c, is_honest(), "others, in round %d", i);
	}
	checks_report(&c, "death in the middle of a call");
}

int main(void)
{
	random_state = 1;
	shadow_begin();
	ktap_plan(4);
	test_windows();
	test_words();
	test_floods();
	test_deaths();
	printf("# sum %08x\n", (unsigned)shadow_sum());
	return ktap_end();
}
