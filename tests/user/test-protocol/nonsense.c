/*
 * What no generated stub sends: messages that fit no method, memory that goes while it is lent, badges that nobody was
 * given, and a flood of nonsense.
 */
#include "protocol.h"

enum { FLOOD = 3000 };

#include <tabula/protocol/probe.h>

void unmapped(void *argument)
{
	static struct pages pages;

	(void)argument;
	pages = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	to_unmap = &pages;
	expect(probe_put(to, pages.at, PAGE_SIZE), -EFAULT, "read from what was unmapped");
	pages = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	expect(probe_put(to, pages.at, PAGE_SIZE), PAGE_SIZE, "put");
	to_unmap = &pages;
	expect(probe_take(to, pages.at, PAGE_SIZE), -EFAULT, "write to what was unmapped");
}

/* Calls with a label, and with words and windows that fit nothing. */
static long call_raw(uint32_t label, const uint64_t word[4], uint32_t offered, struct windows windows)
{
	struct message m = {.label = label, .token = offered, .deadline = DEADLINE_NEVER};

	memcpy(m.word, word, sizeof(m.word));
	return protocol_call_lend(to, &m, &windows);
}

void malformed(void *argument)
{
	static const char text[] = "a\0b";
	const uint64_t none[4] = {0};
	struct windows lent = {(uintptr_t)text, (uintptr_t)large, 3, sizeof(large)};

	(void)argument;
	expect(call_raw(0, none, 0, lent), -ENOSYS, "no protocol");
	expect(call_raw(0xfff10001, none, 0, lent), -ENOSYS, "another protocol");
	expect(call_raw(0xfff00000, none, 0, lent), -ENOSYS, "method 0");
	expect(call_raw(0xfff00008, none, 0, lent), -ENOSYS, "an empty slot");
	expect(call_raw(METHOD_PROBE_COUNT + 1, none, 0, lent), -ENOSYS, "the slot after the last");
	expect(call_raw(0xfff0ffff, none, 0, lent), -ENOSYS, "the last method there could be");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){3}, 0, lent), -EINVAL, "a NUL in a text");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){4}, 0, lent), -EFAULT, "longer than what is lent");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){64}, 0, lent), -ENAMETOOLONG, "longer than may be");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){1 | 1 << 16}, 0, lent), -EINVAL,
		"a bit that is none");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){1, 0, 1}, 0, lent), -EINVAL, "a word that is none");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){4}, 0, lent), -EFAULT, "longer than what is lent");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){2, 1}, 0, lent), -EINVAL,
		"a word that is none of a buffer");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){PROTOCOL_SHORT | 25, 1}, 0, lent), -EINVAL,
		"not short");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){UINT32_MAX, 1}, 0, lent), -EINVAL, "not at all");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){PROTOCOL_SHORT | 24, 1}, 0, lent), 24, "short");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){PROTOCOL_SHORT | 25}, 0, lent), -EINVAL, "to take");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){UINT32_MAX}, 0, lent), -EINVAL, "to take more");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){PROTOCOL_SHORT | 24, 1}, 0, lent), -EINVAL,
		"a word");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){PROTOCOL_SHORT}, 0, lent), 0, "to take nothing");
	expect(call_raw(METHOD_PROBE_SUM, (uint64_t[4]){2ul << 48}, 0, lent), -EINVAL, "a bool of 2");
	expect(call_raw(METHOD_PROBE_KEEP, (uint64_t[4]){7, 1}, 0, lent), -EBADF, "nothing offered");
	expect(call_raw(METHOD_PROBE_WHICH, (uint64_t[4]){7}, 0, lent), -EBADF, "nothing shown");
	expect(call_raw(METHOD_PROBE_GATHER, (uint64_t[4]){1 | 1 << 16}, 0, lent), -EFAULT,
		"a part of it all");
}

static const uint32_t flood_labels[] = {METHOD_PROBE_SUM, METHOD_PROBE_SETS, METHOD_PROBE_TEXT,
	METHOD_PROBE_GATHER, METHOD_PROBE_PUT, METHOD_PROBE_TAKE, METHOD_PROBE_OPEN, METHOD_PROBE_PAIR,
	METHOD_PROBE_KEEP, METHOD_PROBE_WHICH, METHOD_PROBE_COUNT, 0, 0xfff00008, 0xffffffff};

void flood(void *argument)
{
	uint64_t word[4];

	(void)argument;
	for (unsigned i = 0; i < FLOOD; i++) {
		uint32_t label = flood_labels[random_below(COUNT(flood_labels))];
		struct windows windows = {(uintptr_t)large + random_below(5000),
			(uintptr_t)large + random_below(5000), (uint32_t)random_below(300),
			(uint32_t)random_below(300)};

		for (unsigned w = 0; w < COUNT(word); w++)
			word[w] = random_next() >> random_below(64);
		if (label == METHOD_PROBE_OPEN || label == METHOD_PROBE_PAIR)
			word[0] = 1; /* or it would give this thread handles that it does not know of */
		if (call_raw(label, word, (uint32_t)random_below(16), windows) == -EPIPE)
			expect(i, FLOOD, "the server went away");
	}
	expect(probe_put(to, "alive", 5), 5, "the server serves others after that");
}

void unknown_badge(void *argument)
{
	endpoint_handle stranger = endpoint_badge(server.endpoint, 0x123456789abcdef0);
	endpoint_handle low = endpoint_badge(server.endpoint, 7);
	uint32_t waiting;

	(void)argument;
	expect(probe_count(stranger, &waiting), -EBADF, "a badge of nobody");
	expect(probe_count(low, &waiting), -EBADF, "a badge that is not adopted");
	expect(probe_count(server.endpoint, &waiting), -EBADF, "no badge");
	handle_close(ANY(stranger));
	handle_close(ANY(low));
}
