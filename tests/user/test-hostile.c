/*
 * Clients that wish a server ill: every method of every protocol, with each of its arguments spoiled in turn as the tables
 * tell, sent to everything that the servers serve; then floods of calls from processes whose threads unmap what they
 * lend and close what they give meanwhile, and which die in the middle of it. The servers answer errors that are
 * declared, serve honest clients all the while, and have in the end what they had before.
 *
 * The file server and the process server are this suite's own; the console is the one that there is, so what is
 * written to it is empty lines.
 */
#include "suite.h"

#include <errno.h>
#include <tabula/console.h>
#include <tabula/files.h>
#include <tabula/methods.h>
#include <tabula/programs.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>
#include <tabula/protocol/terminal.h>

enum {
	PROTOCOL_FILE = 1,
	PROTOCOL_DIRECTORY = 2,
	PROTOCOL_TERMINAL = 3,
	PROTOCOL_PROGRAM = 4,
	METHODS_MOST = 32,
	LENT = 64, /* bytes of a window that is good */
	TARGETS_MOST = 12,
	FLOODERS = 3, /* processes */
	FLOOD_THREADS = 4,
	FLOOD_CALLS = 800, /* of each thread */
	FLOOD_ROUNDS = 3,
	ROUNDS_MOST = 6,
	FLOOD_STATUS = 9,
	GIVEN = 3, /* the first descriptor that a flooder gets a handle through */
	KEPT = 8, /* handles that a flooder has for its threads */
};

#define KERNEL_ADDRESS 0xffffffc000000000ul
#define NOWHERE        0x700000000ul
#define SOON           (3 * MS)
#define SHAKE          (MS / 10)
#define HONEST         (20 * SECOND) /* an honest call takes less, whatever others do */

static struct target {
	const char *name;
	endpoint_handle to;
	unsigned speaks; /* bit N: protocol N */
} targets[TARGETS_MOST];

static unsigned target_count;
static process_handle idle; /* never started */
static endpoint_handle child; /* the program that is attacked */
static struct pages good, constant, edge; /* newlines; the last has nothing mapped behind it */
static endpoint_handle shown; /* a directory, for methods that are shown one */

/* ---- a call, as the tables describe it */

struct attack {
	const struct method_info *method;
	struct message message;
	struct windows windows;
};

static void set_field(struct attack *attack, const struct method_argument *argument, uint64_t value)
{
	if (argument->offset >= 0)
		memcpy((uint8_t *)attack->message.word + argument->offset, &value, argument->size);
}

/* Texts lie one after the other. */
static void set_text(struct attack *attack, const struct method_argument *argument, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	set_field(attack, argument, length);
	memcpy(good.at + attack->windows.read_size, text, length);
	attack->windows.read_size += length;
}

static void set_window(struct windows *windows, bool out, uintptr_t at, uint32_t size)
{
	if (out) {
		windows->write_address = at;
		windows->write_size = size;
	} else {
		windows->read_address = at;
		windows->read_size = size;
	}
}

static void offer(struct attack *attack, const struct method_argument *argument, any_handle handle)
{
	set_field(attack, argument, (uint64_t)handle.value);
	attack->message.token |= 1u << argument->offset / 8;
}

static any_handle another(process_handle process, uint32_t rights)
{
	return handle_duplicate(ANY(process), rights);
}

/* A handle as the method wants it, with no more than these rights. */
static any_handle fitting(const struct method_argument *argument, uint32_t rights)
{
	static notification_handle bell;

	if (strcmp(argument->type, "notification") != 0)
		return another(idle, rights == RIGHTS_SAME ? rights : rights & RIGHTS_PROCESS_ALL);
	if (bell.value <= 0)
		bell = notification_create();
	return handle_duplicate(ANY(bell), rights == RIGHTS_SAME ? rights : rights & RIGHTS_NOTIFICATION_ALL);
}

static void set_well(struct attack *attack, const struct method_argument *argument)
{
	switch ((enum method_value)argument->kind) {
	case METHOD_TEXT:
		set_text(attack, argument, attack->windows.read_size ? "/tmp/y" : "/tmp/x");
		return;
	case METHOD_ENUM:
		set_field(attack, argument, argument->names->values[0].value);
		return;
	case METHOD_HANDLE:
		offer(attack, argument, fitting(argument, RIGHTS_SAME));
		return;
	case METHOD_CLIENT:
		offer(attack, argument, ANY(shown));
		return;
	case METHOD_BUFFER:
		set_field(attack, &attack->method->arguments[argument->length], LENT);
		set_window(&attack->windows, argument->out, (uintptr_t)good.at, LENT);
		return;
	case METHOD_NOTHING:
	case METHOD_UNSIGNED:
	case METHOD_SIGNED:
	case METHOD_BOOL:
	case METHOD_ADDRESS:
	case METHOD_FLAGS:
	case METHOD_STRUCT:
		return;
	}
}

/* A call that is well formed, with zeros wherever they will do. */
static void attack_begin(struct attack *attack, const struct method_info *method)
{
	*attack = (struct attack){.method = method, .message = {.label = method->label}};
	memset(good.at, '\n', LENT);
	attack->windows.read_address = (uintptr_t)good.at;
	for (unsigned i = 0; i < method->arity; i++) {
		const struct method_argument *argument = &method->arguments[i];

		if (argument->kind == METHOD_STRUCT)
			set_window(
				&attack->windows, argument->out, (uintptr_t)good.at + LENT, argument->bytes);
		else if (!argument->out || argument->kind == METHOD_BUFFER)
			set_well(attack, argument);
	}
}

static void close_any(uint64_t value)
{
	if (value && value <= INT32_MAX)
		(void)handle_close((any_handle){(int32_t)value});
}

/* Closes what has come back. */
static void close_gifts(const struct method_info *method, const struct message *reply)
{
	if (method->result == METHOD_HANDLE)
		close_any(reply->word[0]);
	for (unsigned i = 0; i < method->arity; i++)
		if (method->arguments[i].out && method->arguments[i].kind == METHOD_HANDLE)
			close_any(reply->word[method->arguments[i].offset / 8]);
}

/* Whether the call is one that would take something of the caller's that it has not: such handles are closed here. */
static bool gives(const struct method_info *method)
{
	for (unsigned i = 0; i < method->arity; i++)
		if (!method->arguments[i].out && method->arguments[i].kind == METHOD_HANDLE)
			return true;
	return false;
}

static long send(const struct target *target, struct attack *attack, uint64_t patience)
{
	struct message message = attack->message;
	long result;

	message.deadline = now() + patience;
	result = protocol_call_lend(target->to, &message, &attack->windows);
	if (result >= 0)
		close_gifts(attack->method, &message);
	if (gives(attack->method))
		for (unsigned i = 0; i < attack->method->arity; i++)
			if (attack->method->arguments[i].kind == METHOD_HANDLE &&
				!attack->method->arguments[i].out)
				close_any(attack->message.word[attack->method->arguments[i].offset / 8]);
	return result;
}

/* ---- what may come of it */

static bool is_declared(const struct method_info *method, long error)
{
	for (const uint16_t *at = method->errors; *at; at++)
		if (*at == -error)
			return true;
	return false;
}

/* Anything that the table says. A call that is no call at all is -EINVAL. */
static bool is_fair(const struct method_info *method, long result)
{
	return result >= 0 || result == -EINVAL || is_declared(method, result) ||
	       (result == -ETIMEDOUT && method->blocks);
}

static struct checks cells;

static void try(const struct target *target, struct attack *attack, const char *what, uint64_t value)
{
	long result = send(target, attack, attack->method->blocks ? SOON : HONEST);

	check(&cells, is_fair(attack->method, result), "%s of %s, %s %#lx: %ld", attack->method->name,
		target->name, what, (unsigned long)value, result);
}

/* The checks before the handler find this, and nothing else is wrong. */
static void refused(
	const struct target *target, struct attack *attack, long error, const char *what, uint64_t value)
{
	long result = send(target, attack, HONEST);

	check(&cells, result == error, "%s of %s, %s %#lx: %ld, not %ld", attack->method->name, target->name,
		what, (unsigned long)value, result, error);
}

/* ---- one argument spoiled */

static void spoil_set(const struct target *target, const struct method_info *method, unsigned i)
{
	const struct method_argument *argument = &method->arguments[i];
	struct attack attack;
	uint64_t known = 0;

	for (unsigned v = 0; v < argument->names->count; v++)
		known |= argument->names->values[v].value;
	for (unsigned bit = 0; bit < argument->size * 8; bit++) {
		uint64_t value = argument->names->flags ? 1ul << bit : known + 1 + bit * 0x1000001ul;

		if (argument->names->flags && known & value)
			continue;
		attack_begin(&attack, method);
		set_field(&attack, argument, value);
		refused(target, &attack, -EINVAL, argument->name, value);
	}
	for (unsigned v = 0; v < argument->names->count; v++) {
		attack_begin(&attack, method);
		set_field(&attack, argument, argument->names->values[v].value);
		try(target, &attack, argument->name, argument->names->values[v].value);
	}
}

static void spoil_bool(const struct target *target, const struct method_info *method, unsigned i)
{
	static const uint64_t values[] = {2, 3, 0x80, 0xff};
	struct attack attack;

	for (unsigned v = 0; v < COUNT(values); v++) {
		attack_begin(&attack, method);
		set_field(&attack, &method->arguments[i], values[v]);
		refused(target, &attack, -EINVAL, method->arguments[i].name, values[v]);
	}
}

static void spoil_number(const struct target *target, const struct method_info *method, unsigned i)
{
	static const uint64_t values[] = {1, 2, 7, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, INT64_MAX - 4095, INT64_MAX, 1ul << 63,
		UINT64_MAX - 4095, UINT64_MAX};
	struct attack attack;

	for (unsigned v = 0; v < COUNT(values); v++) {
		attack_begin(&attack, method);
		set_field(&attack, &method->arguments[i], values[v]);
		try(target, &attack, method->arguments[i].name, values[v]);
	}
}

static const uintptr_t bad_addresses[] = {
	8, NOWHERE, USER_TOP - 4, USER_TOP, KERNEL_ADDRESS, UINTPTR_MAX - 8};

static bool is_first_text(const struct method_info *method, unsigned i)
{
	for (unsigned before = 0; before < i; before++)
		if (method->arguments[before].kind == METHOD_TEXT)
			return false;
	return true;
}

static void spoil_text(const struct target *target, const struct method_info *method, unsigned i)
{
	const struct method_argument *argument = &method->arguments[i];
	struct attack attack;

	for (unsigned longer = 1; longer < 4; longer++) {
		attack_begin(&attack, method);
		set_field(&attack, argument, argument->bytes + longer);
		attack.windows.read_size = argument->bytes + longer + LENT;
		refused(target, &attack, -ENAMETOOLONG, argument->name, argument->bytes + longer);
	}
	attack_begin(&attack, method);
	set_field(&attack, argument, 20); /* more than is lent */
	refused(target, &attack, -EFAULT, argument->name, 20);
	attack_begin(&attack, method);
	good.at[attack.windows.read_size - 2] = '\0';
	refused(target, &attack, -EINVAL, argument->name, 0);
	for (unsigned a = 0; a < COUNT(bad_addresses); a++) {
		attack_begin(&attack, method);
		attack.windows.read_address = bad_addresses[a];
		refused(target, &attack, -EFAULT, argument->name, bad_addresses[a]);
	}
	attack_begin(&attack, method);
	memcpy(edge.at + PAGE_SIZE - 3, "/tmp", 3);
	attack.windows.read_address = (uintptr_t)edge.at + PAGE_SIZE - 3;
	refused(target, &attack, -EFAULT, argument->name, attack.windows.read_address);
	attack_begin(&attack, method);
	attack.windows = (struct windows){
		.write_address = attack.windows.write_address, .write_size = attack.windows.write_size};
	refused(target, &attack, -EFAULT, argument->name, 0);
	static const char *const paths[] = {"/", ".", "..", "//", "/../..", "/tmp/", "/tmp/x/", "/tmp/none/a",
		"a", "/dev/null", "/dev/null/a", "\x80\xff", "/tmp/x/../y"};
	for (unsigned p = 0; p < COUNT(paths); p++) {
		attack_begin(&attack, method);
		if (!is_first_text(method, i))
			continue;
		for (unsigned j = 0; j < method->arity; j++)
			if (method->arguments[j].kind == METHOD_TEXT)
				set_field(&attack, &method->arguments[j], strlen(paths[p]));
		attack.windows.read_size = 0;
		for (unsigned j = 0; j < method->arity; j++)
			if (method->arguments[j].kind == METHOD_TEXT)
				set_text(&attack, &method->arguments[j], paths[p]);
		try(target, &attack, paths[p], p);
	}
}

static void spoil_handle(const struct target *target, const struct method_info *method, unsigned i)
{
	const struct method_argument *argument = &method->arguments[i];
	any_handle closed = fitting(argument, RIGHTS_SAME);
	const struct {
		const char *what;
		any_handle handle;
		long error;
	} wrong[] = {
		{"none", {0}, -EBADF},
		{"forged", {12345}, -EBADF},
		{"negative", {-5}, -EBADF},
		{"closed", closed, -EBADF},
		{"of another type", ANY(memory_create(PAGE_SIZE)), -EFTYPE},
		{"without the right", fitting(argument, RIGHT_TRANSFER), -EACCES},
		{"that can't be given", fitting(argument, ~(RIGHT_TRANSFER | RIGHT_DUPLICATE)), -EBADF},
	};
	struct attack attack;

	handle_close(closed);
	for (unsigned w = 0; w < COUNT(wrong); w++) {
		attack_begin(&attack, method);
		close_any(attack.message.word[argument->offset / 8]);
		offer(&attack, argument, wrong[w].handle);
		refused(target, &attack, wrong[w].error, wrong[w].what, i);
	}
	attack_begin(&attack, method);
	attack.message.token = 0;
	refused(target, &attack, -EBADF, "that is not offered", i);
}

/* The first target is the file server's, the last one is not. */
static endpoint_handle of_another_server(const struct target *target)
{
	bool is_files = target->speaks & 1 << PROTOCOL_DIRECTORY;

	return targets[is_files ? target_count - 1 : 0].to;
}

static void spoil_client(const struct target *target, const struct method_info *method, unsigned i)
{
	const struct method_argument *argument = &method->arguments[i];
	const struct {
		const char *what;
		int32_t value;
		long error;
	} wrong[] = {
		{"none", 0, -EBADF},
		{"forged", 12345, -EBADF},
		{"of nobody", idle.value, -EXDEV},
		{"of another server", of_another_server(target).value, -EXDEV},
	};
	struct attack attack;

	for (unsigned w = 0; w < COUNT(wrong); w++) {
		attack_begin(&attack, method);
		offer(&attack, argument, (any_handle){wrong[w].value});
		refused(target, &attack, wrong[w].error, wrong[w].what, i);
	}
	attack_begin(&attack, method);
	attack.message.token = 0;
	refused(target, &attack, -EBADF, "that is not shown", i);
}

static void spoil_window(
	const struct target *target, const struct method_info *method, bool out, uint32_t size)
{
	struct attack attack;

	for (unsigned a = 0; a < COUNT(bad_addresses); a++) {
		attack_begin(&attack, method);
		set_window(&attack.windows, out, bad_addresses[a], size);
		try(target, &attack, "a window at", bad_addresses[a]);
	}
	attack_begin(&attack, method);
	set_window(&attack.windows, out, 0, 0);
	try(target, &attack, "no window", 0);
	attack_begin(&attack, method);
	set_window(&attack.windows, out, (uintptr_t)good.at, size / 2);
	try(target, &attack, "a window of", size / 2);
	attack_begin(&attack, method);
	set_window(&attack.windows, out, (uintptr_t)edge.at + PAGE_SIZE - size / 2, size);
	try(target, &attack, "half a window", size);
	attack_begin(&attack, method);
	set_window(&attack.windows, out, (uintptr_t)constant.at, size);
	try(target, &attack, "constants", 0);
}

static void spoil_buffer(const struct target *target, const struct method_info *method, unsigned i)
{
	static const uint64_t sizes[] = {0, LENT + 1, 4096, 0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff};
	const struct method_argument *argument = &method->arguments[i];
	struct attack attack;

	spoil_window(target, method, argument->out, LENT);
	for (unsigned s = 0; s < COUNT(sizes); s++) {
		attack_begin(&attack, method);
		set_field(&attack, &method->arguments[argument->length], sizes[s]);
		try(target, &attack, argument->name, sizes[s]);
	}
}

static void spoil(const struct target *target, const struct method_info *method, unsigned i)
{
	const struct method_argument *argument = &method->arguments[i];

	switch ((enum method_value)argument->kind) {
	case METHOD_BUFFER:
		spoil_buffer(target, method, i);
		break;
	case METHOD_STRUCT:
		spoil_window(target, method, argument->out, argument->bytes);
		break;
	case METHOD_TEXT:
		spoil_text(target, method, i);
		break;
	case METHOD_FLAGS:
	case METHOD_ENUM:
		spoil_set(target, method, i);
		break;
	case METHOD_BOOL:
		spoil_bool(target, method, i);
		break;
	case METHOD_CLIENT:
		spoil_client(target, method, i);
		break;
	case METHOD_HANDLE:
		if (!argument->out)
			spoil_handle(target, method, i);
		break;
	case METHOD_UNSIGNED:
	case METHOD_SIGNED:
	case METHOD_ADDRESS:
		if (!argument->out)
			spoil_number(target, method, i);
		break;
	case METHOD_NOTHING:
		break;
	}
}

/* Bytes of the words in which no argument lies. */
static void spoil_rest(const struct target *target, const struct method_info *method)
{
	uint32_t used = 0;
	struct attack attack;

	for (unsigned i = 0; i < method->arity; i++)
		if (method->arguments[i].offset >= 0 && (!method->arguments[i].out))
			used |= ((1u << method->arguments[i].size) - 1) << method->arguments[i].offset;
	for (unsigned byte = 0; byte < 32; byte++) {
		if (used & 1u << byte)
			continue;
		attack_begin(&attack, method);
		((uint8_t *)attack.message.word)[byte] = 0x80;
		refused(target, &attack, -EINVAL, "byte", byte);
	}
}

static void attack_method(const struct target *target, const struct method_info *method)
{
	struct attack attack;

	attack_begin(&attack, method);
	if (!(target->speaks & 1u << (method->label >> 16))) {
		refused(target, &attack, -ENOSYS, "another protocol", 0);
		return;
	}
	try(target, &attack, "as it should be", 0);
	for (unsigned i = 0; i < method->arity; i++)
		spoil(target, method, i);
	spoil_rest(target, method);
}

/* ---- the servers, and an honest client of each */

static endpoint_handle file_place, program_place, files, programs, console, honest_file;
static process_handle file_server, program_server, console_server;

static endpoint_handle place_of(process_handle *server, const char *path)
{
	endpoint_handle place = endpoint_create();
	const struct spawn_handle handles[] = {{STARTUP_ENDPOINT, ANY(place), RIGHTS_SAME}};
	char *argv[] = {(char *)(uintptr_t)path, (char[]){"1"}, NULL};

	*server = spawn_with(path, argv, argv + 2, RIGHT_SYSTEM_CONSOLE_WRITE, handles, COUNT(handles));
	if (place.value < 0 || server->value < 0)
		ktap_bail_out("no server %s: %d", path, server->value);
	return place;
}

static process_handle find_console(void)
{
	endpoint_handle system_programs = {startup_handle(STARTUP_PROGRAMS).value};
	struct program_info info = {0};

	while (!program_next(system_programs, info.pid, &info))
		if (!strcmp((const char *)info.name, "console"))
			return program_open(system_programs, info.pid);
	return (process_handle){0};
}

static void add_target(const char *name, endpoint_handle to, unsigned speaks)
{
	if (to.value <= 0)
		ktap_bail_out("nothing to attack: %s, %d", name, to.value);
	targets[target_count++] = (struct target){name, to, speaks};
}

static endpoint_handle open_it(const char *path, uint32_t how)
{
	return directory_open(files, path, (enum open)how, 0644, &(uint32_t){0}, DEADLINE_NEVER);
}

static void find_targets(void)
{
	const unsigned file = 1 << PROTOCOL_FILE, directory = file | 1 << PROTOCOL_DIRECTORY;
	endpoint_handle ends[2];
	uint32_t pid = 0;

	shown = files;
	add_target("the root", files, directory);
	add_target("a directory", open_it("/tmp", OPEN_READ | OPEN_DIRECTORY), directory);
	add_target("a file", open_it("/tmp/file", OPEN_READ | OPEN_WRITE | OPEN_CREATE), directory);
	add_target("a file to read", open_it("/tmp/file", OPEN_READ), directory);
	add_target("a file to append to", open_it("/tmp/file", OPEN_WRITE | OPEN_APPEND), directory);
	add_target("a device", open_it("/dev/zero", OPEN_READ | OPEN_WRITE), directory);
	if (directory_pipe(files, (enum open)0, &ends[0], &ends[1]))
		ktap_bail_out("no pipe to attack");
	add_target("the end of a pipe to read", ends[0], directory);
	add_target("the end of a pipe to write", ends[1], directory);
	add_target("the first program", programs, 1 << PROTOCOL_PROGRAM);
	child = program_create(programs, "child", 0, &pid);
	if (program_run(programs, pid, (process_handle){another(idle, RIGHTS_SAME).value}))
		ktap_bail_out("no program to attack");
	add_target("a program", child, 1 << PROTOCOL_PROGRAM);
	if (console.value > 0)
		add_target("the console", console, file | 1 << PROTOCOL_TERMINAL);
}

static bool honest_files(void)
{
	static char text[100], back[100];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)random_next();
	return file_write_at(honest_file, 0, text, sizeof(text), now() + HONEST) == sizeof(text) &&
	       file_read_at(honest_file, 0, back, sizeof(back), now() + HONEST) == sizeof(back) &&
	       !memcmp(text, back, sizeof(text));
}

static bool honest_programs(void)
{
	struct program_info info;

	return !program_next(programs, 0, &info) && info.pid == 1 &&
	       !program_signal(programs, 1, 0, now() + HONEST);
}

static bool honest_console(void)
{
	struct file_status status;

	return console.value <= 0 ||
	       (!file_stat(console, &status) && !file_write(console, NULL, 0, now() + HONEST));
}

static void check_service(struct checks *c, const char *when)
{
	check(c, honest_files(), "the file server does not serve %s", when);
	check(c, honest_programs(), "the process server does not serve %s", when);
	check(c, honest_console(), "the console does not serve %s", when);
}

/* ---- what the servers have */

struct holdings {
	struct process_info files, programs, console;
};

/*
 * All are one client to the console, so a watch that nobody has ended stays until something is typed, or there are too many,
 * or calls are interrupted.
 */
static void take_stock(struct holdings *holdings)
{
	if (console.value > 0)
		(void)file_interrupt(console);
	*holdings = (struct holdings){0};
	(void)process_info(file_server, &holdings->files);
	(void)process_info(program_server, &holdings->programs);
	(void)process_info(console_server, &holdings->console);
}

static bool has_same_handles(const struct holdings *before)
{
	struct holdings after;

	take_stock(&after);
	return after.files.handles == before->files.handles &&
	       after.programs.handles == before->programs.handles &&
	       after.console.handles == before->console.handles;
}

/* What goes with a client goes a little later. */
static void check_handles(struct checks *c, const struct holdings *before)
{
	struct holdings after;

	for (uint64_t until = now() + 10 * SECOND; !has_same_handles(before) && now() < until;)
		thread_yield();
	take_stock(&after);
	check(c, after.files.handles == before->files.handles, "files has %u handles, not %u",
		after.files.handles, before->files.handles);
	check(c, after.programs.handles == before->programs.handles, "process has %u handles, not %u",
		after.programs.handles, before->programs.handles);
	check(c, after.console.handles == before->console.handles, "console has %u handles, not %u",
		after.console.handles, before->console.handles);
}

static bool has_more_memory(const struct holdings *before)
{
	struct holdings after;

	take_stock(&after);
	return after.files.memory_used > before->files.memory_used ||
	       after.programs.memory_used > before->programs.memory_used ||
	       after.console.memory_used > before->console.memory_used;
}

static void check_memory(struct checks *c, const struct holdings *before)
{
	struct holdings after;

	take_stock(&after);
	check(c, after.files.memory_used <= before->files.memory_used, "files has %lu bytes, not %lu",
		(unsigned long)after.files.memory_used, (unsigned long)before->files.memory_used);
	check(c, after.programs.memory_used <= before->programs.memory_used, "process has %lu bytes, not %lu",
		(unsigned long)after.programs.memory_used, (unsigned long)before->programs.memory_used);
	check(c, after.console.memory_used <= before->console.memory_used, "console has %lu bytes, not %lu",
		(unsigned long)after.console.memory_used, (unsigned long)before->console.memory_used);
}

/* Takes away what hostile clients may have made: in all of the names that they use, and children that have ended. */
static void clean(void)
{
	static const char *const names[] = {"/tmp/x/y", "/tmp/x/x", "/tmp/y/x", "/tmp/y/y", "/tmp/x",
		"/tmp/y", "/a", "/tmp/a", "/\x80\xff", "/tmp/\x80\xff"};

	(void)directory_set_mode(files, "/tmp", 0777);
	(void)directory_set_mode(files, "/", 0755);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < COUNT(names); i++) {
			(void)directory_set_mode(files, names[i], 0777);
			(void)directory_unlink(files, names[i]);
			(void)directory_remove(files, names[i]);
		}
	for (uint32_t status; program_wait(child, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) > 0;)
		continue;
}

/* ---- the tests */

static void attack_all(void)
{
	for (uint32_t protocol = PROTOCOL_FILE; protocol <= PROTOCOL_PROGRAM; protocol++)
		for (uint32_t number = 1; number < METHODS_MOST; number++) {
			const struct method_info *method = method_by_label(protocol << 16 | number);

			for (unsigned t = 0; method && t < target_count; t++)
				attack_method(&targets[t], method);
			if (method)
				check_service(&cells, method->name);
		}
}

/*
 * A server keeps room for the most that it has had to do at a time, which on several harts is more in some rounds than in
 * those before. So what costs memory is done again: a leak costs some in every round.
 */
static void check_costs(struct checks *c, void (*act)(void))
{
	struct holdings before;
	unsigned rounds = 0;

	do {
		take_stock(&before);
		act();
		clean();
		check_handles(c, &before);
	} while (has_more_memory(&before) && ++rounds < ROUNDS_MOST);
	check_memory(c, &before);
}

static void test_arguments(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 2; round++) { /* for what the servers keep */
		attack_all();
		clean();
	}
	check_costs(&c, attack_all);
	checks_report(&cells, "every method, with each of its arguments spoiled");
	checks_report(&c, "the servers have what they had before");
}

/* ---- floods: this program again, in processes of their own. Its threads use nothing of the C library. */

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

/* Ends while its threads are in the middle of it. */
static int flooder(uint64_t seed)
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

static void test_floods(void)
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

/* ---- servers that may have no more memory than they have, or a little more */

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

/* Again in a process of its own, since all that was opened stays open. */
static int dry(uint64_t more)
{
	struct checks c = {0};

	run_dry(&c, more);
	if (c.failed)
		printf("# %s\n", c.first);
	return c.failed ? 1 : 0;
}

static void test_dry(void)
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

static void make_pages(void)
{
	good = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	edge = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	constant = pages_map(PAGE_SIZE, PROT_READ);
	memset(edge.at, '\n', PAGE_SIZE);
	memset(good.at, '\n', 2 * PAGE_SIZE);
	memory_write(constant.memory, 0, edge.at, PAGE_SIZE);
}

static void start_servers(void)
{
	file_place = place_of(&file_server, "/servers/files");
	program_place = place_of(&program_server, "/servers/process");
	files = endpoint_badge(file_place, FILES_ROOT);
	programs = endpoint_badge(program_place, PROGRAMS_INIT);
	console.value = startup_handle(STARTUP_CONSOLE).value;
	console_server = find_console();
	idle = process_create((const uint8_t *)"idle", 4);
	/* The first program tells of its own process once: if a flood did, the server would have a handle more for good. */
	if (program_run(programs, 1, (process_handle){another(idle, RIGHTS_SAME).value}))
		ktap_bail_out("the first program can't tell of its process");
	honest_file = open_it("/honest", OPEN_READ | OPEN_WRITE | OPEN_CREATE);
	find_targets();
}

int main(int argc, char **argv)
{
	long mode;

	make_pages();
	if (argc > 2 && !strcmp(argv[1], "--flood"))
		return flooder(strtoull(argv[2], NULL, 0));
	if (argc > 2 && !strcmp(argv[1], "--dry"))
		return dry(strtoull(argv[2], NULL, 0));
	/*
	 * One client after the other gains nothing from several harts, and its calls between them take long where the machine
	 * below has fewer: floods are for them.
	 */
	bool floods_only = argc > 1 && !strcmp(argv[argc - 1], "floods");

	ktap_plan(floods_only ? 2 : 5);
	random_start(argc > 1 + floods_only ? argv[1] : NULL);
	start_servers();
	mode = console.value > 0 ? terminal_get_mode(console) : 0;
	if (!floods_only)
		test_arguments();
	test_floods();
	if (!floods_only)
		test_dry();
	if (console.value > 0) {
		(void)terminal_set_size(console, 0, 0);
		(void)terminal_set_mode(console, (enum terminal_mode)mode);
	}
	process_kill(file_server, 0);
	process_kill(program_server, 0);
	return ktap_end();
}
