/*
 * Drives the file system of user/servers/files on the development machine. Each line of input is a command with its
 * arguments, numbers in decimal and bytes in hexadecimal behind an x; each gives one line of output, a number (a count,
 * or -errno) and perhaps bytes. Calls that wait print "waits TOKEN", and when they are answered, before the line of
 * the command that led to it, "answer TOKEN RESULT BYTES".
 *
 * All that was opened stands in an array; number 0 is the root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "data.h"
#include "description.h"
#include "files.h"
#include "fill.h"
#include "outside.h"
#include "pages.h"
#include "pipe.h"
#include "record_lock.h"
#include "tree.h"

enum { OPEN_MAX_HERE = 20000, CALLS = 4096 };

struct server files;
static struct description *opened[OPEN_MAX_HERE];
static unsigned last_opened;
static struct description root;

static long fault = -1; /* bytes that can still be copied before a window fails */
static bool has_short; /* few bytes come with the message, and need no window */
static uint64_t clock_value;

/* A call that has been made. */
static struct {
	char *bytes;
	bool waits;
} calls[CALLS];
static uint32_t last_token;

/* ---- what the file system takes from outside */

uint64_t moment_now(void)
{
	return ++clock_value;
}

/* Cuts a copy short where the window ends that can be reached. */
static int reach(size_t *size)
{
	if (fault < 0)
		return 0;
	int error = (size_t)fault < *size ? -EFAULT : 0;
	if (error != 0)
		*size = (size_t)fault;
	fault -= (long)*size;
	return error;
}

static void must(bool what, const char *text)
{
	if (what)
		return;
	printf("broken: %s\n", text);
	exit(1);
}

int lent_read(const struct lent_in *from, size_t offset, void *to, size_t size)
{
	must(offset <= from->size && size <= from->size - offset, "a read outside of the window");
	int error = lent_bytes(from) != NULL ? 0 : reach(&size);
	memcpy(to, from->bytes + offset, size);
	return error;
}

int lent_write(struct lent_out *to, size_t offset, const void *from, size_t size)
{
	must(offset <= to->size && size <= to->size - offset, "a write outside of the window");
	int error = reach(&size);
	memcpy(to->bytes + offset, from, size);
	return error;
}

const void *lent_bytes(const struct lent_in *from)
{
	enum { SHORT_MOST = 24 };
	return has_short && from->size <= SHORT_MOST ? from->bytes : NULL;
}

int lent_pass(struct lent_out *to, const struct lent_in *from)
{
	must(lent_bytes(from) != NULL, "bytes to pass on that are lent");
	return lent_write(to, 0, from->bytes, from->size);
}

/* Bytes stay here though their caller gives up. */
bool lent_waits(const struct lent_in *from)
{
	(void)from;
	return true;
}

bool request_waits(struct server *of, uint32_t token)
{
	must(of == &files, "another server");
	return calls[token].waits;
}

/* ---- lines */

static void print_bytes(const char *bytes, long size)
{
	putchar('x');
	for (long i = 0; i < size; i++)
		printf("%02x", (unsigned char)bytes[i]);
	putchar('\n');
}

/* The next word of the line; "" at the end. */
static const char *word(void)
{
	const char *next = strtok(NULL, " \n");
	return next != NULL ? next : "";
}

static int64_t number(void)
{
	return strtoll(word(), NULL, 10);
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Bytes in a block of their size, and a NUL, so that the sanitizer sees any that is read behind them. */
static char *bytes(size_t *size)
{
	const char *hex = word();
	must(*hex == 'x', "bytes begin with an x");
	*size = strlen(hex) / 2;
	char *block = malloc(*size + 1);
	for (size_t i = 0; i < *size; i++)
		block[i] = (char)(digit(hex[2 * i + 1]) << 4 | digit(hex[2 * i + 2]));
	block[*size] = '\0';
	return block;
}

static char *text(void)
{
	size_t size;
	return bytes(&size);
}

static struct description *description(void)
{
	return opened[number()];
}

/* ---- calls that may wait */

static uint32_t call_make(char *block)
{
	last_token = last_token + 1 < CALLS ? last_token + 1 : 1;
	must(!calls[last_token].waits, "too many calls wait for this test");
	calls[last_token].bytes = block;
	return last_token;
}

static void call_end(uint32_t token, long result, bool shows)
{
	print_bytes(calls[token].bytes, shows && result > 0 ? result : 0);
	free(calls[token].bytes);
	calls[token].bytes = NULL;
	calls[token].waits = false;
}

static int answer(struct server *of, uint32_t token, long result, bool shows)
{
	must(of == &files, "another server");
	if (!calls[token].waits)
		return -ESRCH;
	printf("answer %u %ld ", token, result);
	call_end(token, result, shows);
	return 0;
}

int answer_file_read(struct server *of, uint32_t token, long result, const struct lent_out *to)
{
	(void)to;
	return answer(of, token, result, true);
}

int answer_file_write(struct server *of, uint32_t token, long result)
{
	return answer(of, token, result, false);
}

/* Notifications are numbers: what they have been told, and how many the file system has. */
enum { NOTIFICATIONS = 1024 };

static uint64_t told[NOTIFICATIONS];
static long notifications_held;

void notification_tell(int32_t notification, uint64_t bits)
{
	told[notification] |= bits;
}

void notification_drop(int32_t notification)
{
	(void)notification;
	notifications_held--;
}

int answer_file_ready(struct server *of, uint32_t token, long result)
{
	return answer(of, token, result, false);
}

int answer_file_lock(struct server *of, uint32_t token, long result)
{
	return answer(of, token, result, false);
}

int answer_file_meet(struct server *of, uint32_t token, long result)
{
	return answer(of, token, result, false);
}

/* The result of a call, if it has one already. */
static void call_result(uint32_t token, long result, bool shows)
{
	if (result == DEFERRED) {
		calls[token].waits = true;
		printf("waits %u\n", token);
		return;
	}
	printf("%ld ", result);
	call_end(token, result, shows);
}

/* ---- commands */

static void do_begin(void)
{
	must(block_begin((uint32_t)number()) && tree_begin() == 0, "no memory");
	root.node = tree_root();
	opened[0] = &root;
	printf("0\n");
}

static long open_number(struct description *made)
{
	opened[++last_opened] = made;
	return last_opened;
}

static void do_open(void)
{
	struct description *start = description(), *made;
	char *path = text();
	uint32_t how = (uint32_t)number(), mode = (uint32_t)number();
	int error = description_open(start->node, path, how, mode, &made);
	printf("%ld\n", error != 0 ? error : open_number(made));
	free(path);
}

static void do_close(void)
{
	int64_t index = number();
	description_close(opened[index]);
	opened[index] = NULL;
	printf("0\n");
}

static void do_pipe(void)
{
	int error;
	uint32_t how = (uint32_t)number();
	struct description *reader = description_make(OPEN_READ | how, &error);
	struct description *writer = description_make(OPEN_WRITE | how, &error);
	if (reader != NULL && writer != NULL)
		error = pipe_make(reader, writer);
	if (reader != NULL && writer != NULL && error == 0) {
		open_number(writer);
		printf("%ld\n", open_number(reader));
		return;
	}
	if (reader != NULL)
		description_close(reader);
	if (writer != NULL)
		description_close(writer);
	printf("%d\n", error);
}

static void do_read(void)
{
	struct description *d = description();
	size_t size = (size_t)number();
	char *block = malloc(size + !size);
	uint32_t token = call_make(block);
	call_result(token, description_read(d, &(struct lent_out){token, (uint32_t)size, block}), true);
}

static void do_read_at(void)
{
	struct description *d = description();
	uint64_t offset = (uint64_t)number();
	size_t size = (size_t)number();
	char *block = malloc(size + !size);
	uint32_t token = call_make(block);
	call_result(token,
		description_read_at(d, offset, &(struct lent_out){token, (uint32_t)size, block}), true);
}

static void do_write(void)
{
	struct description *d = description();
	size_t size;
	char *block = bytes(&size);
	uint32_t token = call_make(block);
	call_result(token, description_write(d, &(struct lent_in){token, (uint32_t)size, block}), false);
}

static void do_write_at(void)
{
	struct description *d = description();
	uint64_t offset = (uint64_t)number();
	size_t size;
	char *block = bytes(&size);
	uint32_t token = call_make(block);
	call_result(token,
		description_write_at(d, offset, &(struct lent_in){token, (uint32_t)size, block}), false);
}

static void do_ready(void)
{
	struct description *d = description();
	uint32_t token = call_make(NULL);
	call_result(token, pipe_ready(d, token, (uint32_t)number()), false);
}

static void do_meet(void)
{
	struct description *d = description();
	uint32_t token = call_make(NULL);
	call_result(token, pipe_meet(d, token), false);
}

/* Of a file, for an owner: how, the first byte, the last one. */
static struct file_range range(void)
{
	uint64_t begin = (uint64_t)number(), last = (uint64_t)number();
	return (struct file_range){begin, last, (uint32_t)number(), 0};
}

static void do_lock(void)
{
	struct description *d = description(), *owner = description();
	uint32_t how = (uint32_t)number(), token = call_make(NULL);
	struct file_range wanted = range();
	call_result(token, record_lock_set(d, token, owner, how, &wanted), false);
}

static void do_find_lock(void)
{
	struct description *d = description(), *owner = description();
	uint32_t how = (uint32_t)number();
	struct file_range wanted = range();
	uint32_t kind = record_lock_find(d, owner, how, &wanted);
	printf("%u %lu %lu %u\n", kind, wanted.begin, wanted.last, wanted.name);
}

static void do_interrupt(void)
{
	struct description *d = description();
	if (d->pipe != NULL)
		pipe_interrupt(d);
	record_lock_interrupt(d);
	printf("0\n");
}

/* The caller of a call that waits gives up. */
static void do_leave(void)
{
	int64_t token = number();
	calls[token].waits = false;
	printf("0\n");
}

static void do_seek(void)
{
	struct description *d = description();
	int64_t offset = number();
	printf("%ld\n", description_seek(d, offset, (enum whence)number()));
}

static void do_truncate(void)
{
	struct description *d = description();
	printf("%d\n", description_truncate(d, (uint64_t)number()));
}

static void print_status(const struct file_status *status)
{
	printf("0 %lu %lu %lu %lu %lu %lu %o %u\n", status->number, status->size, status->blocks,
		status->accessed, status->modified, status->changed, status->mode, status->links);
}

static void do_status(void)
{
	struct file_status status;
	description_stat(description(), &status);
	print_status(&status);
}

static void do_stat(void)
{
	struct description *start = description();
	char *path = text();
	struct node *node;
	struct file_status status;
	int error = tree_find(start->node, path, number() != 0, &node);
	if (error == 0) {
		node_stat(node, &status);
		print_status(&status);
	} else {
		printf("%d\n", error);
	}
	free(path);
}

static void do_list(void)
{
	struct description *d = description();
	size_t size = (size_t)number();
	char *block = malloc(size + !size);
	uint32_t token = call_make(block);
	call_result(token, description_list(d, &(struct lent_out){token, (uint32_t)size, block}), true);
}

static void do_path(void)
{
	char path[1024];
	struct description *d = description();
	size_t size = (size_t)number();
	int error = tree_path(d->node, path, size < sizeof path ? size : sizeof path);
	printf("%d ", error);
	print_bytes(path, error == 0 ? (long)strlen(path) : 0);
}

static void do_read_link(void)
{
	struct description *start = description();
	char *path = text();
	struct node *node;
	int error = tree_find(start->node, path, false, &node);
	if (error == 0 && !node_is_link(node))
		error = -EINVAL;
	printf("%d ", error);
	print_bytes(error == 0 ? node->link.target : "", error == 0 ? (long)node->link.length : 0);
	free(path);
}

static void do_make_directory(void)
{
	struct description *start = description();
	char *path = text();
	printf("%d\n", tree_make_directory(start->node, path, (uint32_t)number()));
	free(path);
}

static void do_make_fifo(void)
{
	struct description *start = description();
	char *path = text();
	printf("%d\n", tree_make_fifo(start->node, path, (uint32_t)number()));
	free(path);
}

static void do_ready_now(void)
{
	struct description *d = description();
	printf("%u\n", pipe_ready_now(d, (uint32_t)number()));
}

static void do_set_mode(void)
{
	struct description *start = description();
	char *path = text();
	struct node *node;
	int error = tree_find(start->node, path, true, &node);
	if (error == 0)
		node->mode = (node->mode & ~(uint32_t)MODE_BITS) | (uint32_t)number();
	printf("%d\n", error);
	free(path);
}

/* Commands of one directory and one path. */
static void one_path(int (*act)(struct node *start, const char *path))
{
	struct description *start = description();
	char *path = text();
	printf("%d\n", act(start->node, path));
	free(path);
}

static void do_unlink(void)
{
	one_path(tree_unlink);
}

static void do_remove(void)
{
	one_path(tree_remove_directory);
}

static void do_make_link(void)
{
	struct description *start = description();
	char *target = text(), *path = text();
	printf("%d\n", tree_make_link(start->node, path, target));
	free(target);
	free(path);
}

static void do_rename(void)
{
	struct description *from_start = description();
	char *from = text();
	struct description *to_start = description();
	char *to = text();
	printf("%d\n", tree_rename(from_start->node, from, to_start->node, to));
	free(from);
	free(to);
}

static void do_link(void)
{
	struct description *from_start = description();
	char *from = text();
	struct description *to_start = description();
	char *to = text();
	printf("%d\n", tree_link(from_start->node, from, false, to_start->node, to));
	free(from);
	free(to);
}

/* A file that holds these bytes without having been written, as those of the boot archive do. */
static void do_origin(void)
{
	struct description *d = description();
	size_t size;
	static char *origin; /* one is enough, and it stays to the end */
	free(origin);
	d->node->data.origin = origin = bytes(&size);
	d->node->data.origin_size = d->node->data.size = size;
	printf("0\n");
}

/* From a boot archive, which has to be the first that comes. */
static void do_fill(void)
{
	static char *archive;
	size_t size;
	archive = bytes(&size);
	const char *wrong = fill(&(struct archive){archive, size});
	printf("%s\n", wrong != NULL ? wrong : "0");
}

static void do_free(void)
{
	printf("%u\n", block_count_free());
}

static void do_fault(void)
{
	fault = number();
	printf("0\n");
}

static void do_short(void)
{
	has_short = true;
	printf("0\n");
}

static void do_watch(void)
{
	struct description *d = description();
	uint32_t wanted = (uint32_t)number();
	int32_t notification = (int32_t)number();
	long result = pipe_watch(d, wanted, notification, 1);
	notifications_held += result > 0;
	printf("%ld\n", result);
}

static void do_unwatch(void)
{
	struct description *d = description();
	pipe_unwatch(d, (uint32_t)number());
	printf("0\n");
}

static void do_told(void)
{
	printf("%lu\n", (unsigned long)told[number()]);
}

static void do_watches(void)
{
	printf("%ld\n", notifications_held);
}

static void do_pages(void)
{
	pages_left = number();
	printf("0\n");
}

static const struct {
	const char *name;
	void (*act)(void);
} commands[] = {
	{"begin", do_begin},
	{"open", do_open},
	{"close", do_close},
	{"pipe", do_pipe},
	{"read", do_read},
	{"read_at", do_read_at},
	{"write", do_write},
	{"write_at", do_write_at},
	{"ready", do_ready},
	{"ready_now", do_ready_now},
	{"meet", do_meet},
	{"lock", do_lock},
	{"find_lock", do_find_lock},
	{"watch", do_watch},
	{"unwatch", do_unwatch},
	{"told", do_told},
	{"watches", do_watches},
	{"interrupt", do_interrupt},
	{"leave", do_leave},
	{"seek", do_seek},
	{"truncate", do_truncate},
	{"status", do_status},
	{"stat", do_stat},
	{"list", do_list},
	{"path", do_path},
	{"read_link", do_read_link},
	{"make_directory", do_make_directory},
	{"set_mode", do_set_mode},
	{"unlink", do_unlink},
	{"remove", do_remove},
	{"make_fifo", do_make_fifo},
	{"make_link", do_make_link},
	{"rename", do_rename},
	{"link", do_link},
	{"origin", do_origin},
	{"fill", do_fill},
	{"free", do_free},
	{"fault", do_fault},
	{"short", do_short},
	{"pages", do_pages},
};

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, stdin) > 0) {
		const char *name = strtok(line, " \n");
		size_t i = 0;
		while (i < sizeof commands / sizeof commands[0] && strcmp(commands[i].name, name) != 0)
			i++;
		must(i < sizeof commands / sizeof commands[0], name);
		commands[i].act();
		fflush(stdout);
	}
	free(line);
	return 0;
}
