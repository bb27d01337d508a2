/* Lists, beside an array, and the ring that keeps the log, beside all that went into it. */
#include "pure.h"

#include "hosted.h"
#include "lib/list.h"
#include "lib/ring.h"
#include "lib/string.h"

struct item {
	struct list link;
	unsigned number;
};

static void check_list(const struct list *list, struct item *const *order, unsigned count)
{
	unsigned i = 0;

	list_each(item, list, struct item, link)
	{
		HOSTED_REQUIRE(i < count && item == order[i]);
		HOSTED_REQUIRE(item->link.next->previous == &item->link);
		i++;
	}
	HOSTED_REQUIRE(i == count && list_is_empty(list) == !count);
}

void test_list(void)
{
	static struct item items[32];
	struct item *order[32];
	struct list list;
	unsigned count = 0, used = 0;

	list_init(&list);
	for (unsigned i = 0; i < 32; i++)
		list_init(&items[i].link);
	for (unsigned step = 0; step < ROUNDS; step++) {
		unsigned n = (unsigned)below(32), at = (unsigned)below(count + 1);

		if (used & 1u << n) {
			list_remove(&items[n].link);
			list_remove(&items[n].link); /* once more does nothing */
			for (at = 0; order[at] != &items[n];)
				at++;
			for (count--; at < count; at++)
				order[at] = order[at + 1];
		} else {
			list_insert_before(at == count ? &list : &order[at]->link, &items[n].link);
			for (unsigned i = count++; i > at; i--)
				order[i] = order[i - 1];
			order[at] = &items[n];
		}
		used ^= 1u << n;
		check_list(&list, order, count);
	}
}

void test_ring(void)
{
	static char all[4096 + 32], bytes[64];
	struct ring ring = {bytes, sizeof(bytes), 0};
	char text[24], got[80];
	uint64_t end = 0;

	while (end < 4096) {
		size_t length = below(sizeof(text)), from = below(end + 1), size = below(sizeof(got)) + 1, n;

		for (size_t i = 0; i < length; i++)
			all[end + i] = text[i] = (char)('a' + below(26));
		text[length] = '\0';
		ring_put(&ring, text);
		end += length;
		HOSTED_REQUIRE(ring.end == end && end - ring_start(&ring) == (end < 64 ? end : 64));
		n = ring_get(&ring, from, got, size);
		HOSTED_REQUIRE(n == (from < ring_start(&ring) ? 0 : end - from < size ? end - from : size));
		HOSTED_REQUIRE(!memcmp(got, all + from, n));
	}
	HOSTED_REQUIRE(!ring_get(&ring, end, got, 1) && !ring_get(&ring, end + 1, got, 1));
}
