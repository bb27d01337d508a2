/*
 * One argument spoiled: each kind of argument in all ways that are wrong for it. What the checks before a handler find has
 * to be refused with its error; what they can't know may give any error that is declared.
 */
#include "hostile.h"

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
		{"without the right", fitting(argument, RIGHT_TRANSFER | RIGHT_DUPLICATE), -EACCES},
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

void attack_method(const struct target *target, const struct method_info *method)
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
