/*
 * Copies between kernel and user memory: every size to 300 at every alignment, with a fault at every byte, and
 * nothing outside the range is touched.
 */
#include "suite.h"

enum { SIZES = 301, RED = 0xa5, OTHER = 0x5a, ZONE = 32 };

static memory_handle memory;
static struct pages window; /* the same memory, mapped */
static struct pages buffer; /* two pages; behind them nothing */

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) + 1);
}

static bool is_all(const uint8_t *at, size_t size, uint8_t byte)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != byte)
			return false;
	return true;
}

static bool is_pattern(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != pattern(i))
			return false;
	return true;
}

static void fill_pattern(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = pattern(i);
}

static bool zones_intact(const uint8_t *at, size_t size)
{
	return is_all(at - ZONE, ZONE, RED) && is_all(at + size, ZONE, RED);
}

/* Out of the object into user memory at `to`, and back. What surrounds the source must not show at the destination. */
static void copy_both(struct checks *c, size_t size, size_t from_offset, uint8_t *to)
{
	uint8_t *object = window.at + ZONE + from_offset;
	uint64_t offset = ZONE + from_offset;

	memset(object - ZONE, OTHER, size + 2 * ZONE);
	memset(to - ZONE, RED, size + 2 * ZONE);
	fill_pattern(object, size);
	check(c,
		memory_read(memory, offset, to, size) == (long)size && is_pattern(to, size) &&
			zones_intact(to, size),
		"memory_read of %zu from %zu to %zu", size, from_offset, (size_t)to & 7);

	memset(to - ZONE, OTHER, size + 2 * ZONE);
	fill_pattern(to, size);
	memset(object - ZONE, RED, size + 2 * ZONE);
	check(c,
		memory_write(memory, offset, to, size) == (long)size && is_pattern(object, size) &&
			zones_intact(object, size),
		"memory_write of %zu to %zu from %zu", size, from_offset, (size_t)to & 7);
}

static void test_alignments(void)
{
	struct checks c = {0};

	for (size_t size = 0; size < SIZES; size++)
		for (size_t from = 0; from < 8; from++)
			for (size_t to = 0; to < 8; to++)
				copy_both(&c, size, from, buffer.at + ZONE + to);
	checks_report(&c, "sizes to 300 at every alignment, both ways");
}

static void test_page_crossing(void)
{
	struct checks c = {0};

	for (size_t size = 1; size < SIZES; size += 7)
		for (size_t inside = 0; inside <= size; inside++) {
			copy_both(&c, size, PAGE_SIZE - ZONE - inside, buffer.at + ZONE);
			copy_both(&c, size, 0, buffer.at + PAGE_SIZE - inside);
		}
	checks_report(&c, "copies across pages, both ways");
}

/* The buffer's last byte is the page's last: a byte more is a fault, and what is before the buffer stays. */
static void fault_at(struct checks *c, size_t size, size_t there)
{
	uint8_t *to = buffer.at + buffer.size - there, *object = window.at + ZONE;

	memset(to - ZONE, RED, there + ZONE);
	fill_pattern(object, size);
	check(c, memory_read(memory, ZONE, to, size) == -EFAULT && is_all(to - ZONE, ZONE, RED),
		"read %zu of %zu", there, size);
	for (size_t i = 0; i < there; i++)
		if (to[i] != RED && to[i] != pattern(i)) {
			check(c, false, "read %zu of %zu left something else at %zu", there, size, i);
			break;
		}

	memset(object - ZONE, RED, size + 2 * ZONE);
	fill_pattern(to, there);
	check(c, memory_write(memory, ZONE, to, size) == -EFAULT && zones_intact(object, size),
		"write %zu of %zu", there, size);
	for (size_t i = 0; i < size; i++)
		if (object[i] != RED && (i >= there || object[i] != pattern(i))) {
			check(c, false, "write %zu of %zu left something else at %zu", there, size, i);
			break;
		}
}

static void test_faults(void)
{
	struct checks c = {0};

	for (size_t size = 1; size < SIZES; size++)
		for (size_t there = 0; there < size; there++)
			fault_at(&c, size, there);
	checks_report(&c, "a fault at every byte of a copy");
}

/* All of a copy, of which one call does a page at least, and may stop then: false when it does less, or fails. */
static bool copy_all(bool writes, memory_handle object, uint64_t offset, uint8_t *at, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t left = size - done, least = left < PAGE_SIZE ? left : PAGE_SIZE;
		long n = writes ? memory_write(object, offset + done, at + done, left)
				: memory_read(object, offset + done, at + done, left);

		if (n < (long)least || n > (long)left)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Memory that was never touched comes into being under the copy's feet, on either side. */
static void copy_untouched(struct checks *c, size_t size)
{
	struct pages fresh = pages_map(4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	struct pages more = pages_map(4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	memory_handle other = memory_create(4 * PAGE_SIZE);

	check(c, copy_all(true, other, 5, fresh.at + 3, size), "write from fresh pages");
	check(c, copy_all(false, other, 5, fresh.at + 9, size), "read into pages that have been read");
	check(c, is_all(fresh.at, fresh.size, 0), "fresh pages are not zero");
	fill_pattern(fresh.at, fresh.size);
	check(c, copy_all(false, fresh.memory, 7, more.at + 2, size), "read into fresh pages");
	check(c, !memcmp(more.at + 2, fresh.at + 7, size), "what was read is something else");
	check(c, is_all(more.at, 2, 0) && is_all(more.at + 2 + size, 64, 0), "what is beside it has changed");
	handle_close(ANY(other));
	pages_unmap(&fresh);
	pages_unmap(&more);
}

static void test_untouched(void)
{
	struct checks c = {0};

	for (size_t size = 1; size < 3 * PAGE_SIZE; size += 511)
		copy_untouched(&c, size);
	copy_untouched(&c, PAGE_SIZE);
	checks_report(&c, "copies that touch pages for the first time");
}

/* An interrupt is pending when a page has just come: the call is made again, and nobody sees that. */
static void test_interrupted(void)
{
	enum { PERIOD = 1000, ROUNDS = 40 };
	struct checks c = {0};
	notification_handle beat = notification_create();
	timer_handle timer = timer_create(beat, 1);

	check(&c, !timer_set(timer, 0, PERIOD), "no timer");
	for (unsigned i = 0; i < ROUNDS; i++) {
		copy_untouched(&c, PAGE_SIZE - i);
		copy_untouched(&c, 2 * PAGE_SIZE + i);
	}
	handle_close(ANY(timer));
	handle_close(ANY(beat));
	checks_report(&c, "the same while a timer fires as often as it can");
}

static void test_ends(void)
{
	struct checks c = {0};
	uint8_t byte = 1;
	uint64_t size = window.size;

	check(&c, memory_read(memory, size - 1, buffer.at, 10) == 1, "the last byte");
	check(&c, memory_read(memory, size, buffer.at, 10) == 0, "at the end");
	check(&c, memory_read(memory, size + 1, buffer.at, 10) == -EINVAL, "past the end");
	check(&c, memory_write(memory, size - 1, &byte, 1) == 1, "writing the last byte");
	check(&c, memory_write(memory, size, &byte, 1) == 0, "writing at the end");
	check(&c, memory_write(memory, size + 1, &byte, 1) == -EINVAL, "writing past the end");
	check(&c, memory_write(memory, UINT64_MAX, &byte, 1) == -EINVAL, "writing at the last offset");
	check(&c, memory_read(memory, UINT64_MAX - 7, buffer.at, 16) == -EINVAL, "an offset that wraps");
	checks_report(&c, "the end of an object");
}

/* Source and destination are the same frames. */
static void test_overlap(void)
{
	struct checks c = {0};

	fill_pattern(window.at, 256);
	check(&c, memory_write(memory, 0, window.at, 256) == 256 && is_pattern(window.at, 256),
		"onto itself");
	check(&c, memory_read(memory, 0, window.at + 2048, 256) == 256 && is_pattern(window.at + 2048, 256),
		"beside itself");
	checks_report(&c, "an object copied to a mapping of itself");
}

int main(void)
{
	ktap_plan(7);
	window = pages_map(4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	memory = window.memory;
	buffer = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	test_alignments();
	test_page_crossing();
	test_faults();
	test_untouched();
	test_interrupted();
	test_ends();
	test_overlap();
	return ktap_end();
}
