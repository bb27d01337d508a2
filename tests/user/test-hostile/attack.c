/*
 * A call as the tables describe it: made well, sent, and what may come of it. What comes back is closed, and so is what was
 * given.
 */
#include "hostile.h"

#include <tabula/protocol/file.h>

#define KERNEL_ADDRESS 0xffffffc000000000ul
#define NOWHERE        0x700000000ul
#define SOON           (3 * MS)

struct pages good, constant, edge;

void set_field(struct attack *attack, const struct method_argument *argument, uint64_t value)
{
	if (argument->offset >= 0)
		memcpy((uint8_t *)attack->message.word + argument->offset, &value, argument->size);
}

void set_text(struct attack *attack, const struct method_argument *argument, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	set_field(attack, argument, length);
	memcpy(good.at + attack->windows.read_size, text, length);
	attack->windows.read_size += length;
}

void set_window(struct windows *windows, bool out, uintptr_t at, uint32_t size)
{
	if (out) {
		windows->write_address = at;
		windows->write_size = size;
	} else {
		windows->read_address = at;
		windows->read_size = size;
	}
}

void offer(struct attack *attack, const struct method_argument *argument, any_handle handle)
{
	set_field(attack, argument, (uint64_t)handle.value);
	attack->message.token |= 1u << argument->offset / 8;
}

any_handle another(process_handle process, uint32_t rights)
{
	return handle_duplicate(ANY(process), rights);
}

any_handle fitting(const struct method_argument *argument, uint32_t rights)
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

void attack_begin(struct attack *attack, const struct method_info *method)
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

void close_any(uint64_t value)
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

struct checks cells;

void try(const struct target *target, struct attack *attack, const char *what, uint64_t value)
{
	long result = send(target, attack, attack->method->blocks ? SOON : HONEST);

	check(&cells, is_fair(attack->method, result), "%s of %s, %s %#lx: %ld", attack->method->name,
		target->name, what, (unsigned long)value, result);
}

void refused(const struct target *target, struct attack *attack, long error, const char *what, uint64_t value)
{
	long result = send(target, attack, HONEST);

	check(&cells, result == error, "%s of %s, %s %#lx: %ld, not %ld", attack->method->name, target->name,
		what, (unsigned long)value, result, error);
}

const uintptr_t bad_addresses[BAD_ADDRESSES] = {
	8, NOWHERE, USER_TOP - 4, USER_TOP, KERNEL_ADDRESS, UINTPTR_MAX - 8};

void make_pages(void)
{
	good = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	edge = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	constant = pages_map(PAGE_SIZE, PROT_READ);
	memset(edge.at, '\n', PAGE_SIZE);
	memset(good.at, '\n', 2 * PAGE_SIZE);
	memory_write(constant.memory, 0, edge.at, PAGE_SIZE);
}
