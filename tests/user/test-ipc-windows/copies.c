/* Copies to and from a window: every size and alignment, within a page and across, up to the end of the window. */
#include "windows.h"

enum {
	MOST = 300, /* the longest copy tried byte by byte */
	ZONE = 16, /* bytes around a buffer that nobody may touch */
};

/* Out of the window or into it. A call copies up to a page as a whole, and may copy less of more. */
static long copy_all(bool out, uint32_t token, uint64_t offset, uint8_t *own_side, size_t n)
{
	size_t done = 0;
	long count;

	do {
		count = out ? ipc_read(endpoint, token, offset + done, own_side + done, n - done)
			    : ipc_write(endpoint, token, offset + done, own_side + done, n - done);
		if (count <= 0)
			return count;
		done += (size_t)count;
	} while (done < n && n > PAGE_SIZE);
	return (long)done;
}

/* `n` bytes at `offset` of the window, to or from a buffer with untouched bytes around it. */
static void copy_out_of_window(struct checks *c, uint32_t token, uint64_t offset, unsigned align, size_t n)
{
	uint8_t *buffer = own.at + ZONE + align;

	memset(own.at, 0xee, n + 3 * ZONE);
	check(c, copy_all(true, token, offset, buffer, n) == (long)n, "read of %u", (unsigned)n);
	for (size_t i = 0; i < n; i++)
		if (buffer[i] != pattern(offset + i)) {
			check(c, false, "byte %u of %u, alignment %u", (unsigned)i, (unsigned)n, align);
			return;
		}
	check(c, is_all(own.at, ZONE + align, 0xee) && is_all(buffer + n, ZONE, 0xee), "around %u",
		(unsigned)n);
}

static void copy_into_window(struct checks *c, uint32_t token, uint64_t offset, unsigned align, size_t n)
{
	memset(lent.at + offset - ZONE, 0xee, n + 2 * ZONE);
	fill(own.at + align, n);
	check(c, copy_all(false, token, offset, own.at + align, n) == (long)n, "write of %u", (unsigned)n);
	check(c, !memcmp(lent.at + offset, own.at + align, n), "%u bytes, alignment %u", (unsigned)n, align);
	check(c, is_all(lent.at + offset - ZONE, ZONE, 0xee) && is_all(lent.at + offset + n, ZONE, 0xee),
		"around %u", (unsigned)n);
}

/* Within a page and across the border of two, at every alignment of either side. */
void test_sizes(void)
{
	struct checks c = {0};
	uint32_t token = start_lender(&c);

	fill(lent.at, WINDOW);
	for (unsigned n = 0; n <= MOST; n++)
		for (unsigned align = 0; align < 8; align++) {
			copy_out_of_window(&c, token, align, 7 - align, n);
			copy_out_of_window(&c, token, align, align, n);
			copy_out_of_window(&c, token, PAGE_SIZE - n / 2 - align, n % 8, n);
		}
	for (unsigned n = 0; n <= MOST; n++)
		for (unsigned align = 0; align < 8; align++) {
			copy_into_window(&c, token, ZONE + align, 7 - align, n);
			copy_into_window(&c, token, ZONE + align, align, n);
			copy_into_window(&c, token, PAGE_SIZE - n / 2 - align, n % 8, n);
		}
	end_lender(&c, token);
	checks_report(&c, "every size and alignment, in both directions");
}

/* Up to a page, in one page and in two: what is copied with the caller's pages at hand, and a little more. */
void test_pages(void)
{
	static const unsigned sizes[] = {
		511, 512, 513, 639, 640, 1000, 1024, 2048 + 136, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1};
	struct checks c = {0};
	uint32_t token = start_lender(&c);

	fill(lent.at, WINDOW);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned align = 0; align < 8; align++) {
			copy_out_of_window(&c, token, align, align, sizes[i]);
			copy_out_of_window(&c, token, align, 7 - align, sizes[i]);
			copy_out_of_window(&c, token, 2 * PAGE_SIZE - sizes[i] / 2 - align, 0, sizes[i]);
		}
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned align = 0; align < 8; align++) {
			copy_into_window(&c, token, ZONE + align, align, sizes[i]);
			copy_into_window(&c, token, ZONE + align, 7 - align, sizes[i]);
			copy_into_window(&c, token, 2 * PAGE_SIZE - sizes[i] / 2 - align, 0, sizes[i]);
		}
	end_lender(&c, token);
	checks_report(&c, "around a page, in one and in two");
}

/* A copy ends with the window, and with what one call copies at most. */
void test_ends(void)
{
	struct checks c = {0};
	uint32_t token = start_lender(&c);
	struct pages big = pages_map(32 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	struct message m;

	for (unsigned before = 0; before <= MOST; before++) {
		check(&c, ipc_read(endpoint, token, WINDOW - before, own.at, WINDOW) == before,
			"read %u before the end", before);
		check(&c, ipc_write(endpoint, token, WINDOW - before, own.at, WINDOW) == before,
			"write %u before the end", before);
	}
	check(&c, ipc_read(endpoint, token, WINDOW + 1, own.at, 1) == -EINVAL, "behind the end");
	check(&c, ipc_read(endpoint, token, UINT64_MAX, own.at, 1) == -EINVAL, "far behind the end");
	check(&c, ipc_write(endpoint, token, WINDOW + 1, own.at, 1) == -EINVAL, "write behind the end");
	check(&c, ipc_read(endpoint, token, 0, NULL, 0) == 0, "nothing to nowhere");
	end_lender(&c, token);

	open_endpoint();
	own = pages_map(32 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	lender_start(&lender, big.at, big.size, NULL, 0, DEADLINE_NEVER);
	check(&c, !receive(&m), "receive");
	fill(big.at, big.size);
	long n = ipc_read(endpoint, m.token, 0, own.at, own.size);

	check(&c, n >= PAGE_SIZE && n < (long)big.size, "a long copy is cut: %ld", n);
	check(&c, !memcmp(own.at, big.at, (size_t)n), "its bytes");
	check(&c, ipc_write(endpoint, m.token, 0, own.at, 1) == 0, "a window of size 0 has no bytes");
	check(&c, ipc_write(endpoint, m.token, 1, own.at, 1) == -EINVAL, "and none behind");
	check(&c, !answer(m.token, 0), "answer");
	suite_thread_join(&lender.thread);
	close_endpoint();
	pages_unmap(&big);
	pages_unmap(&own);
	checks_report(&c, "copies end with the window");
}
