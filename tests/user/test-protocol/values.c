/* What arrives of each kind of argument that is bytes: scalars, flags and enums, texts, structs, buffers short and long. */
#include "protocol.h"

#include <tabula/protocol/probe.h>

void scalars(void *argument)
{
	(void)argument;
	expect(probe_sum(to, 255, -128, 65535, -32768, 4000000000u, -2000000000, 5000000000, false),
		255 - 128 + 65535 - 32768 + 4000000000 - 2000000000 + 5000000000, "sum");
	expect(probe_sum(to, 0, 0, 0, 0, 0, 0, 22, true), -22, "a negative result is an error");
	expect(probe_sum(to, 0, 0, 0, 0, 0, 0, INT64_MAX, false), INT64_MAX, "the largest");
	expect(probe_sets(to, PROBE_MODE_FAST | PROBE_MODE_DEEP, PROBE_KIND_LARGE), 0x2000000107, "sets");
	expect(probe_sets(to, 0, PROBE_KIND_SMALL), 1, "no flags");
	expect(probe_sets(to, (enum probe_mode)2, PROBE_KIND_SMALL), -EINVAL, "unknown flag");
	expect(probe_sets(to, 0, (enum probe_kind)0), -EINVAL, "unknown value");
	expect(probe_sets(to, 0, (enum probe_kind)8), -EINVAL, "unknown value");
}

static char long_text[100];

void texts(void *argument)
{
	struct probe_question q = {
		.mode = PROBE_MODE_DEEP, .kind = PROBE_KIND_LARGE, .number = 1234567890123};
	struct probe_answer r = {0};
	uint32_t sum = 0;

	(void)argument;
	expect(probe_text(to, "", &sum), 0, "no text");
	expect(probe_text(to, "abc\xff", &sum), 4, "text");
	expect(sum, 'a' + 'b' + 'c' + 255, "its sum");
	memset(long_text, 'x', sizeof(long_text) - 1);
	expect(probe_text(to, long_text, &sum), -ENAMETOOLONG, "too long");
	expect(probe_text(to, long_text + sizeof(long_text) - 64, &sum), 63, "the longest");
	expect(probe_gather(to, "one", &q, "three", &r), 0, "several things in");
	expect((long)r.number, 1234567890123, "number");
	expect(r.sign, -1, "sign");
	expect(r.length, 3005, "lengths");
	expect(probe_gather(to, "", &q, "", &r), 0, "empty texts");
	expect(r.length, 0, "their lengths");
	q.kind = (enum probe_kind)2;
	expect(probe_gather(to, "one", &q, "three", &r), -EINVAL, "unknown value in a struct");
	q.kind = PROBE_KIND_SMALL;
	q.certain[1] = 2;
	expect(probe_gather(to, "one", &q, "three", &r), -EINVAL, "a bool that is none in a struct");
}

uint8_t large[2 * KEPT];

void buffers(void *argument)
{
	uint8_t small[4] = {0};

	(void)argument;
	expect(probe_put(to, "abcdef", 6), 6, "put");
	expect(probe_take(to, small, 4), 4, "take");
	expect(memcmp(small, "fedc", 4), 0, "what is taken");
	expect(probe_take(to, large, sizeof(large)), 6, "take less");
	expect(probe_put(to, NULL, 0), 0, "put nothing");
	expect(probe_take(to, large, 1), 0, "take nothing");
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 7 + i / 256);
	expect(probe_put(to, large, sizeof(large)), KEPT, "put much");
	expect(probe_put(to, (void *)8, 5), -EFAULT, "put from the null page");
	expect(probe_put(to, (void *)0x700000000, 5), -EFAULT, "put from a hole");
	expect(probe_take(to, (void *)0x700000000, 5), -EFAULT, "take into a hole");
	expect(probe_take(to, (void *)(uintptr_t) "constant", 5), -EFAULT, "take into constants");
	expect(probe_put(to, (void *)(USER_TOP - 4), 5), -EFAULT, "put across the end");
	expect(probe_put(to, (void *)8, 50), -EFAULT, "put more from the null page");
	expect(probe_take(to, (void *)0x700000000, 50), -EFAULT, "take more into a hole");
	expect(probe_take(to, (void *)(uintptr_t) "constant", 50), -EFAULT, "take more into constants");
}

void short_buffers(void *argument)
{
	static uint8_t back[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	long wrong = 0;

	(void)argument;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t size = 0; size < 40; size++)
		for (size_t align = 0; align < 8; align++) {
			const uint8_t *from = large + PAGE_SIZE - size / 2;
			uint8_t *at = back + PAGE_SIZE / 2 + align;

			memset(back, 0xee, sizeof(back));
			wrong += probe_put(to, from, size) != (long)size;
			wrong += probe_take(to, at, size) != (long)size;
			for (size_t i = 0; i < size; i++)
				wrong += at[i] != from[size - 1 - i];
			wrong += at[-1] != 0xee || at[size] != 0xee;
		}
	expect(wrong, 0, "buffers of 0 to 39 bytes");
	expect(probe_put(to, "xyz", 3), 3, "put");
	memset(back, 0xee, sizeof(back));
	expect(probe_take(to, back, 20), 3, "take less");
	expect(memcmp(back, "zyx\xee", 4), 0, "and leave the rest");
}
