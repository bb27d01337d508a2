/* The file server and clients that wish it ill: a server of the suite's own, with a mebibyte. */
#define _GNU_SOURCE
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <tabula/files.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

enum { SERVICE = 3, SMALL = 100, NONSENSE = 4000, PIPE_ROOM = 16384 };

static endpoint_handle service; /* the right to receive, as init has it */
static endpoint_handle root;
static process_handle server;
static char bytes[65536];

static void start_server(void)
{
	char *argv[] = {(char[]){"files"}, (char[]){"1"}, NULL};
	const struct spawn_handle handles[] = {{STARTUP_ENDPOINT, ANY(service), RIGHTS_SAME}};

	server = spawn_with(
		"/servers/files", argv, argv + 2, RIGHT_SYSTEM_CONSOLE_WRITE, handles, COUNT(handles));
	if (server.value < 0)
		ktap_bail_out("no server: %s", strerror(-server.value));
}

static uint64_t space_left(void)
{
	struct space space = {0};
	int error = directory_space(root, &space);

	if (error)
		ktap_bail_out("the server does not answer: %s", strerror(-error));
	return space.blocks_free;
}

/* What goes with a handle goes a little later. */
static bool space_is_again(uint64_t blocks)
{
	uint64_t start = now();

	while (space_left() < blocks && now() < start + PATIENCE)
		thread_sleep(now() + MS);
	return space_left() >= blocks;
}

static endpoint_handle open_it(const char *path, uint32_t how)
{
	return directory_open(root, path, (enum open)how, 0644, &(uint32_t){0}, DEADLINE_NEVER);
}

/* A call as nobody's stub makes it. Returns the label of the reply, or -errno. */
static long bare(endpoint_handle to, uint32_t label, uint64_t first, uint64_t second)
{
	struct message message = {.label = label, .word = {first, second}, .deadline = DEADLINE_NEVER};
	int error = ipc_call(to, &message);

	return error ? error : (long)message.label;
}

static void test_methods(void)
{
	struct checks c = {0};
	endpoint_handle file = open_it("/tmp/f", OPEN_READ | OPEN_WRITE | OPEN_CREATE);

	for (uint32_t method = 0; method < 64; method++) {
		check(&c, bare(root, 3 << 16 | method, 0, 0) == ENOSYS, "protocol 3, method %u", method);
		if (method == 0 || method > (METHOD_DIRECTORY_MAKE_FIFO & 0xffff))
			check(&c, bare(root, METHOD_DIRECTORY_OPEN - 1 + method, 0, 0) == ENOSYS,
				"directory %u", method);
		if (method == 0 || method > (METHOD_FILE_FIND_LOCK & 0xffff))
			check(&c, bare(file, METHOD_FILE_READ - 1 + method, 0, 0) == ENOSYS, "file %u",
				method);
	}
	check(&c, file_seek(file, 0, (enum whence)3) == -EINVAL, "whence");
	check(&c, file_set_flags(file, (enum open)0x10000) == -EINVAL, "flags");
	check(&c, file_set_times(file, 0, 0, (enum times)0x10) == -EINVAL, "times");
	check(&c, file_ready(file, (enum ready)8, DEADLINE_NEVER) == -EINVAL, "readiness");
	check(&c, open_it("/tmp/f", 0x200).value == -EINVAL, "how to open");
	check(&c, open_it("/tmp/f", OPEN_CREATE | OPEN_DIRECTORY).value == -EINVAL,
		"a directory that is made");
	check(&c, bare(root, METHOD_DIRECTORY_STAT, 4 | 2ul << 32, 0) == EINVAL, "a truth of 2");
	check(&c, bare(root, METHOD_DIRECTORY_STAT, 4, 0) == EFAULT, "a text that is not there");
	check(&c, bare(root, METHOD_DIRECTORY_STAT, 2000, 0) == ENAMETOOLONG, "a text that is too long");
	check(&c, directory_make(root, (const char *)"/tmp/a\0b", 0755) == 0, "a text ends at its NUL");
	check(&c, directory_remove(root, "/tmp/a") == 0, "which others don't see");
	handle_close(ANY(file));
	check(&c, !directory_unlink(root, "/tmp/f"), "unlink");
	checks_report(&c, "methods that there are not, and arguments that are none");
}

/* What a path gives is what an open file gives, and nothing where that would have to be looked at. */
static void test_images(void)
{
	struct checks c = {0};
	endpoint_handle program = open_it("/servers/files", OPEN_READ);
	uint64_t offset = 0, length = 0, offset_too = 0, length_too = 0;
	memory_handle image = directory_image(root, "/servers/files", &offset, &length);
	memory_handle image_too = file_image(program, &offset_too, &length_too);
	struct handle_info info = {0};
	uint8_t magic[4] = {0};

	check(&c, image.value > 0 && image_too.value > 0, "an image: %d", image.value);
	check(&c, length > sizeof(magic) && offset == offset_too && length == length_too, "the same");
	check(&c, memory_read(image, offset, magic, sizeof(magic)) == sizeof(magic), "its bytes");
	check(&c, !memcmp(magic, "\177ELF", sizeof(magic)), "are a program's");
	check(&c, !handle_info(ANY(image), &info) && !(info.rights & RIGHT_MEMORY_WRITE), "only to read");
	handle_close(ANY(image));
	handle_close(ANY(image_too));
	check(&c, !directory_make_link(root, "/servers/files", "/tmp/link"), "a link to it");
	image = directory_image(root, "/tmp/link", &offset, &length);
	check(&c, image.value > 0 && offset == offset_too && length == length_too, "is followed");
	handle_close(ANY(image));
	check(&c, !directory_unlink(root, "/tmp/link"), "unlink");
	check(&c, directory_image(root, "/etc/motd", &offset, &length).value == -ENODATA,
		"nobody may run it");
	check(&c, directory_image(root, "/tmp", &offset, &length).value == -ENODATA, "a directory");
	check(&c, directory_image(root, "/dev/null", &offset, &length).value == -ENODATA, "a device");
	check(&c, directory_image(root, "/tmp/none", &offset, &length).value == -ENOENT, "nothing");
	check(&c, directory_image(program, "/servers/files", &offset, &length).value == -ENOTDIR, "a file");
	check(&c, !directory_set_mode(root, "/servers/files", 0111), "a program that nobody may read");
	check(&c, directory_image(root, "/servers/files", &offset, &length).value == -ENODATA,
		"is not given");
	check(&c, !directory_set_mode(root, "/servers/files", 0755), "as it was");
	handle_close(ANY(program));
	checks_report(&c, "programs' images by their paths");
}

/* A handle to a file opens no other file. */
static void test_authority(void)
{
	struct checks c = {0};
	endpoint_handle read_end, write_end, file = open_it("/etc/motd", OPEN_READ), made;
	struct file_status status;
	struct space space;

	directory_pipe(root, (enum open)0, &read_end, &write_end);
	for (int i = 0; i < 2; i++) {
		endpoint_handle to = i ? file : read_end;

		made = directory_open(to, "/etc/motd", OPEN_READ, 0, &(uint32_t){0}, DEADLINE_NEVER);
		check(&c, made.value == -ENOTDIR, "open: %d", made.value);
		check(&c, directory_stat(to, "/etc/motd", true, &status) == -ENOTDIR, "stat");
		check(&c, directory_make(to, "/tmp/x", 0755) == -ENOTDIR, "make");
		check(&c, directory_unlink(to, "/etc/motd") == -ENOTDIR, "unlink");
		check(&c, directory_rename(to, "/etc/motd", root, "x") == -ENOTDIR, "rename from");
		check(&c, directory_rename(root, "/etc/motd", to, "/x") == -ENOTDIR, "rename to");
		check(&c, directory_link(to, "/etc/motd", root, "x", false) == -ENOTDIR, "link");
		check(&c, directory_list(to, bytes, sizeof(bytes)) == -ENOTDIR, "list");
		check(&c, directory_path(to, bytes, sizeof(bytes)) == -ENOTDIR, "path");
		check(&c, directory_pipe(to, (enum open)0, &made, &made) == -ENOTDIR, "pipe");
		check(&c, directory_space(to, &space) == 0, "space is no secret");
	}
	check(&c, directory_rename(root, "/etc/motd", service, "/x") == -EBADF, "to what is no client");
	check(&c, directory_rename(root, "/etc/motd", own_root(), "/x") == -EXDEV, "to another server");
	check(&c, directory_rename(root, "/etc/motd", (endpoint_handle){0}, "/x") == -EBADF, "to nowhere");
	check(&c, file_write(file, "x", 1, DEADLINE_NEVER) == -EBADF, "write");
	check(&c, file_truncate(file, 0) == -EBADF, "truncate");
	handle_close(ANY(file));
	handle_close(ANY(read_end));
	handle_close(ANY(write_end));
	checks_report(&c, "what is open gives access to itself alone");
}

static void test_windows(void)
{
	struct checks c = {0};
	struct pages pages = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	endpoint_handle file = open_it("/tmp/f", OPEN_READ | OPEN_WRITE | OPEN_CREATE), read_end, write_end;

	memset(bytes, 'a', sizeof(bytes));
	check(&c, file_write(file, bytes, 3 * PAGE_SIZE, DEADLINE_NEVER) == 3 * PAGE_SIZE, "written");
	check(&c, file_write_at(file, 0, (void *)8, 100, DEADLINE_NEVER) == -EFAULT, "from nowhere");
	check(&c, file_read_at(file, 0, (void *)8, 100, DEADLINE_NEVER) == -EFAULT, "to nowhere");
	check(&c, file_read_at(file, 0, (void *)(uintptr_t)suite_sleep, 8, DEADLINE_NEVER) == -EFAULT,
		"to text");
	memset(pages.at, 'b', pages.size);

	long count = file_write_at(file, PAGE_SIZE, pages.at + pages.size - 100, 200, DEADLINE_NEVER);

	check(&c, count == -EFAULT || (count >= 0 && count <= 100), "half a window: %ld", count);
	count = file_read_at(file, 0, pages.at + PAGE_SIZE, 2 * PAGE_SIZE, DEADLINE_NEVER);
	check(&c, count == -EFAULT || (count >= 0 && count <= PAGE_SIZE), "half a window to read to: %ld",
		count);
	check(&c, file_read_at(file, 0, bytes, PAGE_SIZE, DEADLINE_NEVER) == PAGE_SIZE, "read");
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		check(&c, bytes[i] == 'a', "byte %u has changed", i);
	check(&c, file_write(file, (void *)8, 0, DEADLINE_NEVER) == 0, "nothing from nowhere");

	check(&c, !directory_pipe(root, (enum open)0, &read_end, &write_end), "pipe");
	check(&c, file_write(write_end, (void *)8, 100, DEADLINE_NEVER) == -EFAULT, "into a pipe");
	check(&c, file_write(write_end, "xyz", 3, DEADLINE_NEVER) == 3, "some bytes");
	check(&c, file_read(read_end, (void *)8, 100, DEADLINE_NEVER) == -EFAULT, "out of a pipe");
	check(&c, file_read(read_end, bytes, 100, DEADLINE_NEVER) == 3, "they are still there");
	handle_close(ANY(read_end));
	handle_close(ANY(write_end));
	handle_close(ANY(file));
	check(&c, !directory_unlink(root, "/tmp/f"), "unlink");
	pages_unmap(&pages);
	checks_report(&c, "memory that is not there");
}

static void test_full(void)
{
	struct checks c = {0};
	char path[32];
	unsigned files = 0, names = 0;
	uint64_t before = space_left();

	memset(bytes, 'x', sizeof(bytes));
	for (;; files++) {
		sprintf(path, "/tmp/%u", files);
		endpoint_handle file = open_it(path, OPEN_WRITE | OPEN_CREATE);
		long count =
			file.value < 0 ? file.value : file_write(file, bytes, sizeof(bytes), DEADLINE_NEVER);

		if (file.value > 0)
			handle_close(ANY(file));
		if (count == (long)sizeof(bytes))
			continue;
		check(&c, count == -ENOSPC || count > 0, "file %u: %ld", files, count);
		break;
	}
	check(&c, files > 4, "%u files", files);
	long error;
	do {
		sprintf(path, "/tmp/name%u", names++);
		error = directory_make_link(root, "somewhere", path);
	} while (!error);
	check(&c, error == -ENOSPC, "name %u: %ld", names, error);
	endpoint_handle one, other;
	check(&c, !space_left() && !directory_pipe(root, (enum open)0, &one, &other), "a pipe");
	handle_close(ANY(one));
	handle_close(ANY(other));
	for (unsigned i = 0; i < files; i++) {
		struct file_status status;

		sprintf(path, "/tmp/%u", i);
		check(&c, !directory_stat(root, path, true, &status) && status.size == sizeof(bytes), "%s",
			path);
		check(&c, !directory_unlink(root, path), "unlink %s", path);
	}
	sprintf(path, "/tmp/%u", files);
	(void)directory_unlink(root, path);
	for (unsigned i = 0; i + 1 < names; i++) {
		sprintf(path, "/tmp/name%u", i);
		check(&c, !directory_unlink(root, path), "unlink %s", path);
	}
	check(&c, space_is_again(before - 2), "%lu blocks of %lu", (unsigned long)space_left(),
		(unsigned long)before);
	checks_report(&c, "full: errors, nothing lost, and room again");
}

/* ---- clients that wait, and go */

static struct {
	endpoint_handle end;
	volatile long result;
	char byte;
} waiting[SMALL];

static void wait_for_byte(void *argument)
{
	unsigned i = (unsigned)(uintptr_t)argument;

	waiting[i].result = file_read(waiting[i].end, &waiting[i].byte, 1, now() + PATIENCE);
	thread_exit();
}

static void test_impatience(void)
{
	static struct suite_thread threads[8];
	struct checks c = {0};
	endpoint_handle read_end, write_end;
	uint64_t before = space_left();

	check(&c, !directory_pipe(root, (enum open)0, &read_end, &write_end), "pipe");
	for (unsigned round = 0; round < 50; round++)
		check(&c, file_read(read_end, bytes, 1, now() + MS / 10) == -ETIMEDOUT, "an impatient read");
	for (unsigned i = 0; i < COUNT(threads); i++) {
		waiting[i].end = read_end;
		suite_thread_start(&threads[i], wait_for_byte, (void *)(uintptr_t)i);
	}
	thread_sleep(now() + 5 * MS);
	check(&c, file_write(write_end, "12345678", 8, DEADLINE_NEVER) == 8, "a write for all");
	for (unsigned i = 0; i < COUNT(threads); i++)
		while (!waiting[i].result)
			thread_yield();
	long sum = 0;
	for (unsigned i = 0; i < COUNT(threads); i++) {
		char byte = waiting[i].byte;
		/* Who has given up before the write has left its byte. */
		bool came = waiting[i].result == 1 || file_read(read_end, &byte, 1, now() + MS) == 1;
		sum += came ? byte - '0' : 0;
	}
	check(&c, sum == 36, "each byte came once: %ld", sum);
	check(&c, file_read(read_end, bytes, 1, now() + MS / 10) == -ETIMEDOUT, "and none is left");
	check(&c, file_write(write_end, bytes, PIPE_ROOM, DEADLINE_NEVER) == PIPE_ROOM,
		"a pipe that is full");
	for (unsigned round = 0; round < 10; round++) {
		check(&c, file_write(write_end, "x", 1, now() + MS / 10) == -ETIMEDOUT, "an impatient write");
		check(&c, file_write(write_end, bytes, 100, now() + MS / 10) == -ETIMEDOUT, "a longer one");
	}
	check(&c, file_read(read_end, bytes, PIPE_ROOM, DEADLINE_NEVER) == PIPE_ROOM, "what it was full of");
	check(&c, file_read(read_end, bytes, 1, now() + MS / 10) == -ETIMEDOUT, "nothing of who gave up");
	handle_close(ANY(read_end));
	handle_close(ANY(write_end));
	check(&c, space_is_again(before), "nothing is left of them");
	checks_report(&c, "callers that give up take nothing along");
}

/* ---- this program again, as a client that comes to a bad end */

/* Returns its status, or -errno. */
static int run_child(const char *what, uint64_t seed)
{
	char number[32];
	char *argv[] = {(char[]){"test-file-server"}, (char *)(uintptr_t)what, number, NULL};
	const struct spawn_handle handles[] = {{STARTUP_DESCRIPTOR + SERVICE, ANY(root), RIGHTS_SAME},
		{STARTUP_ROOT, ANY(own_root()), RIGHTS_SAME},
		{STARTUP_DIRECTORY, ANY(own_root()), RIGHTS_SAME}};
	struct process_result result = {.status = -1};
	int error;

	sprintf(number, "%lu", (unsigned long)seed);
	process_handle process =
		spawn_with("/bin/test-file-server", argv, argv + 3, 0, handles, COUNT(handles));

	error = process.value < 0 ? process.value : process_wait(process, now() + PATIENCE, &result);
	handle_close(ANY(process));
	return error ? error : result.status;
}

static uint64_t random_word(const uint32_t *handles)
{
	switch (random_below(6)) {
	case 0:
		return random_next();
	case 1:
		return random_below(0x200);
	case 2:
		return random_below(0x200) << 32 | random_below(16);
	case 3:
		return handles[random_below(4)];
	case 4:
		return 1ul << random_below(64);
	default:
		return 0;
	}
}

static uint64_t random_address(void)
{
	static const char *const paths[] = {"/tmp/a", "/tmp/b", "/tmp/a/b", ".", "..", "/", "/tmp/l"};

	switch (random_below(5)) {
	case 0:
		return random_next();
	case 1:
		return (uintptr_t)suite_sleep;
	case 2:
		return 0;
	case 3:
		return (uintptr_t)bytes;
	default:
		return (uintptr_t)paths[random_below(COUNT(paths))];
	}
}

/*
 * Everything that fits a message, to whatever has been opened; then the end, with all of it open. Less of it where harts wait
 * for each other's turn on the machine below: a call takes milliseconds there.
 */
static int nonsense(void)
{
	uint32_t open[4];
	uint64_t until = now() + PATIENCE / 5;

	for (unsigned i = 0; i < 4; i++)
		open[i] = (uint32_t)own_descriptor(SERVICE).value;
	for (unsigned i = 0; i < NONSENSE && now() < until; i++) {
		endpoint_handle to = {(int32_t)open[random_below(4)]};
		uint32_t method = (uint32_t)(1 + random_below(24));
		uint32_t label = (uint32_t)(1 + random_below(2)) << 16 | method;
		struct message message = {
			.label = label, .token = (uint32_t)random_below(16), .deadline = now() + MS};
		struct windows windows = {random_address(), (uintptr_t)bytes, (uint32_t)random_below(1025),
			random_below(4) ? (uint32_t)random_below(8192) : (uint32_t)random_next()};

		for (unsigned w = 0; w < 4; w++)
			message.word[w] = random_word(open);
		if (windows.read_address && random_below(2))
			message.word[0] = windows.read_size = (uint32_t)random_below(9);
		if (random_below(8) == 0)
			message.word[0] |= random_below(0x200) << 32;
		if (!ipc_call_lend(to, &message, &windows) && !message.label &&
			label == METHOD_DIRECTORY_OPEN)
			open[1 + random_below(3)] = (uint32_t)message.word[0];
		endpoint_handle more =
			directory_open(own_descriptor(SERVICE), random_below(2) ? "/tmp/a" : "/tmp",
				(enum open)random_below(0x200), 0755, &(uint32_t){0}, now() + MS);
		if (more.value > 0 && random_below(8))
			handle_close(ANY(more));
		else if (more.value > 0)
			open[1 + random_below(3)] = (uint32_t)more.value;
	}
	return 0;
}

/* Waits in a pipe, for ever; a thread ends the process. */
static void end_soon(void *argument)
{
	(void)argument;
	thread_sleep(now() + 5 * MS);
	process_exit(9);
}

static int die_waiting(void)
{
	static struct suite_thread thread;
	endpoint_handle read_end, write_end;

	directory_pipe(own_descriptor(SERVICE), (enum open)0, &read_end, &write_end);
	suite_thread_start(&thread, end_soon, NULL);
	(void)file_read(read_end, bytes, 1, DEADLINE_NEVER);
	return 1;
}

/* The names in the root directory before there is any nonsense. */
static _Alignas(8) char kept[4096];
static long kept_size;

static bool is_kept(const char *name)
{
	const struct directory_record *record;

	for (long at = 0; at < kept_size; at += record->size) {
		record = (const struct directory_record *)(kept + at);
		if (strlen(name) == record->length && !memcmp(record + 1, name, record->length))
			return true;
	}
	return false;
}

static void remove_all(endpoint_handle directory);

/* Removes a name, and what is below it. */
static void remove_name(endpoint_handle directory, const char *name)
{
	if (!directory_unlink(directory, name))
		return;
	(void)directory_set_mode(directory, name, 0755);

	endpoint_handle below = directory_open(
		directory, name, OPEN_READ | OPEN_DIRECTORY, 0, &(uint32_t){0}, DEADLINE_NEVER);

	remove_all(below);
	handle_close(ANY(below));
	(void)directory_remove(directory, name);
}

/*
 * Removes what is in a directory, whatever it is called; of the root directory, what was not there before. By handles:
 * once nonsense has told that nobody may search the root directory, no path leads anywhere.
 */
static void remove_all(endpoint_handle directory)
{
	_Alignas(8) char records[1024];
	char name[NAME_MAX + 1];
	const struct directory_record *record;
	long size;

	(void)file_set_mode(directory, 0755);
	(void)file_seek(directory, 0, WHENCE_SET);
	while ((size = directory_list(directory, records, sizeof(records))) > 0)
		for (long at = 0; at < size; at += record->size) {
			record = (const struct directory_record *)(records + at);
			snprintf(name, sizeof(name), "%.*s", record->length, (const char *)(record + 1));
			if (strcmp(name, ".") && strcmp(name, "..") &&
				!(directory.value == root.value && is_kept(name)))
				remove_name(directory, name);
		}
}

static void test_bad_ends(uint64_t seed)
{
	struct checks c = {0};
	uint64_t before = space_left();

	check(&c, !directory_remove(root, "/tmp"), "nothing is left in /tmp");
	(void)file_seek(root, 0, WHENCE_SET);
	kept_size = directory_list(root, kept, sizeof(kept));
	check(&c, kept_size > 0 && !directory_make(root, "/tmp", 0777), "what is to stay");
	for (unsigned round = 0; round < 5; round++) {
		int status = run_child("--die", 0);

		check(&c, status == 9, "a client that dies while it waits, %u: %d", round, status);
	}
	check(&c, space_is_again(before), "its pipes are gone: %lu blocks of %lu",
		(unsigned long)space_left(), (unsigned long)before);
	for (unsigned round = 0; round < 3; round++) {
		int status = run_child("--nonsense", seed + round);

		check(&c, status == 0, "a client that talks nonsense, %u: %d", round, status);
	}
	remove_all(root);
	check(&c, !directory_make(root, "/tmp", 0777), "a new /tmp");
	check(&c, space_is_again(before), "%lu blocks of %lu", (unsigned long)space_left(),
		(unsigned long)before);
	checks_report(&c, "clients that come to a bad end, or make no sense");
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--nonsense")) {
		random_state = strtoull(argv[2], NULL, 0);
		return nonsense();
	}
	if (argc > 2 && !strcmp(argv[1], "--die"))
		return die_waiting();
	ktap_plan(7);
	uint64_t seed = random_start(argc > 1 ? argv[1] : NULL);

	service = endpoint_create();
	start_server();
	root = endpoint_badge(service, FILES_ROOT);
	test_methods();
	test_images();
	test_authority();
	test_windows();
	test_full();
	test_impatience();
	test_bad_ends(seed);
	return ktap_end();
}
