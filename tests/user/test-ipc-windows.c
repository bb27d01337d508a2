/* Memory lent with a call: what is copied, what can't be reached, and callers that go away meanwhile. */
#include "ipc.h"

enum {
	MOST = 300, /* the longest copy tried byte by byte */
	ZONE = 16, /* bytes around a buffer that nobody may touch */
	WINDOW = 4 * PAGE_SIZE,
	ROUNDS = 300,
};

static struct lender lender;
static struct pages lent, own;

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251 + 1);
}

static void fill(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = pattern(i);
}

static bool is_all(const uint8_t *at, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != value)
			return false;
	return true;
}

/* A waiting caller that lends all of `lent` both ways; returns its token. */
static uint32_t start_lender(struct checks *c)
{
	struct message m;

	lent = pages_map(WINDOW, PROT_READ | PROT_WRITE);
	own = pages_map(WINDOW, PROT_READ | PROT_WRITE);
	lender = (struct lender){.message = {.label = 5}};
	open_endpoint();
	lender_start(&lender, lent.at, WINDOW, lent.at, WINDOW, DEADLINE_NEVER);
	check(c, !receive(&m) && m.label == 5 && !m.badge, "receive");
	return m.token;
}

static void end_lender(struct checks *c, uint32_t token)
{
	check(c, !answer(token, 1), "answer");
	suite_thread_join(&lender.thread);
	check(c, !lender.result && lender.message.label == 1, "the caller got %d", lender.result);
	check(c, ipc_read(endpoint, token, 0, own.at, 1) == -ESRCH, "a token is good once");
	close_endpoint();
	pages_unmap(&lent);
	pages_unmap(&own);
}

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
static void test_sizes(void)
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
static void test_pages(void)
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
static void test_ends(void)
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

static void call_plainly(void *argument)
{
	struct lender *l = argument;

	l->result = ipc_call(l->through, &l->message);
}

/* A window lies in user space, or the call does not begin; an empty one can lie anywhere; a plain call lends nothing. */
static void test_calls(void)
{
	static const uint64_t bad[] = {0, 1, USER_BASE - 1, USER_TOP - 1, USER_TOP, 0x8000000000,
		0xffffffc080200000, UINT64_MAX - 7};
	struct checks c = {0};
	struct windows w;
	struct message m;

	open_endpoint();
	for (unsigned i = 0; i < COUNT(bad); i++)
		for (unsigned write = 0; write < 2; write++) {
			m = (struct message){.deadline = 0};
			w = write ? (struct windows){.write_address = bad[i], .write_size = 16}
				  : (struct windows){.read_address = bad[i], .read_size = 16};
			check(&c, ipc_call_lend(endpoint, &m, &w) == -EFAULT, "window at %#lx",
				(unsigned long)bad[i]);
			w = (struct windows){.read_address = bad[i], .write_address = bad[i]};
			check(&c, ipc_call_lend(endpoint, &m, &w) == -ETIMEDOUT, "none at %#lx",
				(unsigned long)bad[i]);
		}
	w = (struct windows){.read_address = USER_BASE, .read_size = UINT32_MAX};
	check(&c, ipc_call_lend(endpoint, &m, &w) == -ETIMEDOUT, "all of 4 GiB");

	lender = (struct lender){.through = endpoint, .message = {.deadline = DEADLINE_NEVER}};
	suite_thread_start(&lender.thread, call_plainly, &lender);
	check(&c, !receive(&m), "receive");
	check(&c, ipc_read(endpoint, m.token, 0, &w, sizeof(w)) == 0, "a plain call lends nothing");
	check(&c, ipc_write(endpoint, m.token, 0, &w, sizeof(w)) == 0, "to write either");
	check(&c, !answer(m.token, 0), "answer");
	suite_thread_join(&lender.thread);
	close_endpoint();
	checks_report(&c, "what can be lent");
}

static void call_short(void *argument)
{
	struct lender *l = argument;

	l->result = ipc_call_short(l->through, &l->message, &l->windows);
}

/* What comes of `n` bytes at `from`: they stand at the end of the words, the rest of which is as it was. */
static void check_short(struct checks *c, const uint8_t *from, uint32_t n)
{
	uint32_t begin = (uint32_t)sizeof(lender.message.word) - (n + 7) / 8 * 8;
	struct message m;
	const uint8_t *bytes = (const uint8_t *)m.word;

	lender = (struct lender){
		.through = endpoint,
		.message = {.label = 3, .word = {-1ul, -1ul, -1ul, -1ul}, .deadline = DEADLINE_NEVER},
		.windows = {.read_address = (uintptr_t)from, .read_size = n},
	};
	suite_thread_start(&lender.thread, call_short, &lender);
	check(c, !receive(&m) && m.label == 3, "receive %u bytes", n);
	check(c, is_all(bytes, begin, 0xff), "what is before %u bytes", n);
	check(c, !memcmp(bytes + begin, from, n), "%u bytes", n);
	check(c, is_all(bytes + begin + n, sizeof(m.word) - begin - n, 0), "what is behind %u bytes", n);
	check(c, ipc_read(endpoint, m.token, 0, &m, 8) == 0, "nothing is lent");
	check(c, ipc_write(endpoint, m.token, 0, &m, 8) == 0, "to write to either");
	check(c, !answer(m.token, n), "answer");
	suite_thread_join(&lender.thread);
	check(c, !lender.result && lender.message.label == n && lender.message.word[1] == 1,
		"the caller got %d", lender.result);
}

static long try_short(const void *read, uint32_t read_size, const void *write, uint32_t write_size)
{
	struct message m = {.deadline = 0};
	const struct windows windows = {(uintptr_t)read, (uintptr_t)write, read_size, write_size};

	return ipc_call_short(endpoint, &m, &windows);
}

static void test_short(void)
{
	struct checks c = {0};
	uint8_t *end;

	open_endpoint();
	own = pages_map(WINDOW, PROT_READ | PROT_WRITE);
	end = own.at + WINDOW;
	fill(own.at, WINDOW);
	for (uint32_t n = 0; n <= MESSAGE_SHORT; n++) {
		check_short(&c, own.at + n, n);
		check_short(&c, own.at + PAGE_SIZE - n / 2, n);
		check_short(&c, end - n, n);
		check(&c, try_short(NULL, 0, end - n, n) == -ETIMEDOUT, "to write %u bytes at the end", n);
		check(&c, try_short(NULL, 0, own.at + PAGE_SIZE - n / 2, n) == -ETIMEDOUT, "to write across");
		check(&c, try_short(end - n, n + 1, NULL, 0) == (n < MESSAGE_SHORT ? -EFAULT : -EINVAL),
			"%u bytes and one more", n);
		check(&c, try_short(NULL, 0, end - n, n + 1) == (n < MESSAGE_SHORT ? -EFAULT : -EINVAL),
			"to write %u bytes and one more", n);
	}
	check(&c, try_short(own.at, UINT32_MAX, NULL, 0) == -EINVAL, "as much as there can be");
	check(&c, try_short(NULL, 1, NULL, 0) == -EFAULT, "the null page");
	check(&c, try_short(NULL, 0, NULL, 1) == -EFAULT, "to write to the null page");
	check(&c, try_short((void *)(USER_TOP - 4), 8, NULL, 0) == -EFAULT, "the end of user space");
	check(&c, try_short(test_short, 8, test_short, 8) == -EFAULT, "to write to text");
	vm_unmap(own_process(), (uintptr_t)own.at, PAGE_SIZE);
	vm_map(own_process(), (uintptr_t)own.at, own.memory, 0, PAGE_SIZE, PROT_EXEC, MAP_FIXED);
	check(&c, try_short(own.at, 8, NULL, 0) == -EFAULT, "what is execute-only");
	close_endpoint();
	pages_unmap(&own);
	checks_report(&c, "short buffers in the words");
}

/* Pages that can't be reached on the caller's side, and on the own one. */
static void test_faults(void)
{
	struct checks c = {0};
	uint32_t token = start_lender(&c);
	uint8_t *hole = lent.at + PAGE_SIZE, *nowhere = own.at + WINDOW;
	const uint64_t border = 3 * PAGE_SIZE; /* between two pages that are there */
	struct pages fresh;

	fill(lent.at, WINDOW);
	vm_unmap(own_process(), (uintptr_t)hole, PAGE_SIZE);
	for (unsigned n = 1; n <= 64; n++) {
		check(&c, ipc_read(endpoint, token, PAGE_SIZE - n, own.at, n) == n, "up to the hole");
		check(&c, ipc_read(endpoint, token, PAGE_SIZE - n, own.at, n + 1) == -EBADMSG, "into it");
		check(&c, ipc_read(endpoint, token, 2 * PAGE_SIZE - n, own.at, n + 1) == -EBADMSG,
			"out of it");
		check(&c, ipc_read(endpoint, token, 2 * PAGE_SIZE, own.at, n) == n, "behind it");
		check(&c, ipc_write(endpoint, token, PAGE_SIZE - n, own.at, n + 1) == -EBADMSG,
			"write into it");
		check(&c, ipc_write(endpoint, token, 2 * PAGE_SIZE, own.at, n) == n, "write behind it");
		check(&c, ipc_read(endpoint, token, 0, nowhere - n, n) == n, "own, up to the end");
		check(&c, ipc_read(endpoint, token, 0, nowhere - n, n + 1) == -EFAULT, "own, beyond it");
		check(&c, ipc_write(endpoint, token, 0, nowhere - n, n + 1) == -EFAULT, "write from beyond");
		check(&c, ipc_read(endpoint, token, 0, own.at - n, n + 1) == -EFAULT, "own, before it");
		check(&c, ipc_read(endpoint, token, border - n, nowhere - n, n + 1) == -EFAULT,
			"own, beyond it, of the second page");
		check(&c, ipc_write(endpoint, token, border - n, nowhere - n, n + 1) == -EFAULT,
			"write from beyond to the second page");
		check(&c, ipc_read(endpoint, token, border - n, own.at - n, n + 1) == -EFAULT,
			"own, before it, of the first page");
	}
	fresh = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	check(&c,
		ipc_read(endpoint, token, border - 8, fresh.at + PAGE_SIZE - 8, 16) == 16 &&
			!memcmp(fresh.at + PAGE_SIZE - 8, lent.at + border - 8, 16),
		"own pages that nobody has touched, from two pages");
	pages_unmap(&fresh);
	vm_unmap(own_process(), (uintptr_t)lent.at, PAGE_SIZE);
	vm_map(own_process(), (uintptr_t)lent.at, lent.memory, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
	check(&c, ipc_read(endpoint, token, 0, own.at, 8) == 8, "read of what is read-only");
	check(&c, ipc_write(endpoint, token, 0, own.at, 8) == -EBADMSG, "write to what is read-only");
	check(&c, ipc_read(endpoint, token, 0, (void *)(uintptr_t)test_faults, 8) == -EFAULT,
		"to the own text");
	vm_unmap(own_process(), (uintptr_t)lent.at, PAGE_SIZE);
	vm_map(own_process(), (uintptr_t)lent.at, lent.memory, 0, PAGE_SIZE, PROT_EXEC, MAP_FIXED);
	check(&c, ipc_read(endpoint, token, 0, own.at, 8) == -EBADMSG, "read of what is execute-only");
	vm_unmap(own_process(), (uintptr_t)lent.at, PAGE_SIZE);
	end_lender(&c, token);
	checks_report(&c, "memory that can't be reached, on either side");
}

/* Registers of a device are mapped, but the kernel does not touch them for others. */
static void test_device(void)
{
	static const char path[] = "/soc/rtc@101000";
	memory_handle registers = memory_device(own_system(), path, sizeof(path) - 1);
	long at = vm_map(own_process(), 0, registers, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	struct checks c = {0};
	struct message m;
	uint64_t word;

	open_endpoint();
	lender = (struct lender){0};
	check(&c, at > 0, "registers: %ld", at);
	lender_start(&lender, (void *)at, 8, (void *)at, 8, DEADLINE_NEVER);
	check(&c, !receive(&m), "receive");
	check(&c, ipc_read(endpoint, m.token, 0, &word, 8) == -EBADMSG, "read");
	check(&c, ipc_write(endpoint, m.token, 0, &word, 8) == -EBADMSG, "write");
	check(&c, !answer(m.token, 0), "answer");
	suite_thread_join(&lender.thread);
	close_endpoint();
	vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE);
	handle_close(ANY(registers));
	checks_report(&c, "registers of a device can't be lent");
}

/* A caller that gives up after its call has been received: the machine below may be so busy that it does before. */
static void call_until_received(struct message *m)
{
	for (uint64_t patience = 5 * MS; patience < PATIENCE; patience *= 2) {
		uint64_t deadline = now() + patience;

		lender_start(&lender, own.at, 8, own.at, 8, deadline);
		*m = (struct message){.deadline = deadline};
		if (!ipc_receive(endpoint, m))
			return;
		suite_thread_join(&lender.thread);
	}
	ktap_bail_out("no call was received in time");
}

static void test_tokens(void)
{
	struct checks c = {0};
	uint32_t token = start_lender(&c);
	endpoint_handle first = endpoint;

	for (unsigned bit = 0; bit < 32; bit++) {
		check(&c, ipc_read(endpoint, token ^ 1u << bit, 0, own.at, 8) == -ESRCH, "bit %u", bit);
		check(&c, ipc_write(endpoint, token ^ 1u << bit, 0, own.at, 8) == -ESRCH, "bit %u", bit);
	}
	open_endpoint();
	check(&c, ipc_read(endpoint, token, 0, own.at, 8) == -ESRCH, "the token of another endpoint");
	close_endpoint();
	endpoint = first;
	end_lender(&c, token);

	open_endpoint();
	own = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	struct message m;

	call_until_received(&m);
	suite_thread_join(&lender.thread);
	check(&c, lender.result == -ETIMEDOUT, "its deadline: %d", lender.result);
	check(&c, ipc_read(endpoint, m.token, 0, own.at, 8) == -ESRCH, "a caller that gave up");
	check(&c, ipc_write(endpoint, m.token, 0, own.at, 8) == -ESRCH, "write to it");
	close_endpoint();
	pages_unmap(&own);
	checks_report(&c, "only the token of a waiting caller is good");
}

/* ---- other processes */

/* Calls through a0 and lends CHILD_DATA, both ways; exits with the reply's label. */
/* clang-format off */
CHILD_PROGRAM(lending_client,
	"	li	t0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	t1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	t2, " SUITE_TEXT(CHILD_SIZE_TEXT) "\n"
	"	slli	t3, t2, 32\n"
	"	or	t2, t2, t3\n"
	"	li	a1, 7\n"
	"	li	a6, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_call_lend) "\n"
	"	ecall\n"
	"	mv	a0, a1\n"
	CHILD_EXIT);
/* clang-format on */

static void start_client(struct child *child, struct checks *c)
{
	check(c, !child_make(child, lending_client, (size_t)(lending_client_end - lending_client)), "child");
	long handle = process_give(child->process, ANY(endpoint), RIGHT_ENDPOINT_SEND);

	check(c, handle > 0 && !child_start(child, (uint64_t)handle), "start");
}

/* A client of another address space, whose pages nobody has touched, or somebody has. */
static void test_other_process(void)
{
	struct checks c = {0};
	struct process_result result;
	struct child client;
	struct message m;
	uint64_t word = 0x1122334455667788, back = 0;

	own = pages_map(WINDOW, PROT_READ | PROT_WRITE);
	open_endpoint();
	start_client(&client, &c);
	memory_write(client.data, PAGE_SIZE + 8, &word, sizeof(word));
	check(&c, !receive(&m) && m.label == 7, "receive");
	check(&c, ipc_read(endpoint, m.token, PAGE_SIZE + 8, own.at, 8) == 8 && !memcmp(own.at, &word, 8),
		"what it has");
	check(&c, ipc_read(endpoint, m.token, 2 * PAGE_SIZE, own.at, 64) == 64 && is_all(own.at, 64, 0),
		"a page that it has not touched is zero");
	word = ~word;
	check(&c, ipc_write(endpoint, m.token, 3 * PAGE_SIZE - 4, &word, 8) == 8, "write across pages");
	memory_read(client.data, 3 * PAGE_SIZE - 4, &back, 8);
	check(&c, back == word, "it has %#lx", (unsigned long)back);
	for (size_t at = 0; at < CHILD_SIZE; at += PAGE_SIZE)
		check(&c, ipc_read(endpoint, m.token, at, own.at + at, PAGE_SIZE) == PAGE_SIZE, "all of it");
	check(&c, ipc_read(endpoint, m.token, CHILD_SIZE, own.at, 1) == 0, "and no more");
	check(&c, !answer(m.token, 33), "answer");
	check(&c, !process_wait(client.process, now() + PATIENCE, &result) && child_exited(&result, 33),
		"end");
	check(&c, ipc_read(endpoint, m.token, 0, own.at, 8) == -ESRCH, "a client that is gone");
	child_close(&client);
	close_endpoint();
	pages_unmap(&own);
	checks_report(&c, "windows of another process");
}

/* ---- races */

static volatile bool stop;
static volatile uint32_t hot_token;
static size_t hot_size;
static unsigned long strange, copied;

/* Reads and writes the window of whoever waits; any answer is good that says what happened. */
static void copy_all_the_time(void *argument)
{
	static uint8_t buffers[2][8 * PAGE_SIZE];
	uint8_t *buffer = buffers[(uintptr_t)argument];

	while (!stop) {
		long read = ipc_read(endpoint, hot_token, 0, buffer, hot_size);
		long written = ipc_write(endpoint, hot_token, 0, buffer, hot_size);

		for (unsigned i = 0; i < 2; i++) {
			long result = i ? written : read;

			if (result >= 0)
				copied++;
			else if (result != -ESRCH && result != -EBADMSG)
				strange++;
		}
		thread_yield();
	}
}

static struct suite_thread copiers[2];

static void start_copiers(size_t size)
{
	hot_size = size;
	stop = false;
	strange = copied = 0;
	for (uintptr_t i = 0; i < COUNT(copiers); i++)
		suite_thread_start(&copiers[i], copy_all_the_time, (void *)i);
}

static void stop_copiers(struct checks *c)
{
	stop = true;
	for (unsigned i = 0; i < COUNT(copiers); i++)
		suite_thread_join(&copiers[i]);
	check(c, !strange, "%lu answers that can't be", strange);
}

/* Hands tokens to the copiers and answers a little later, or never. */
static void serve_slowly(void *argument)
{
	(void)argument;
	while (!stop) {
		struct message m = {.deadline = now() + MS};

		if (ipc_receive(endpoint, &m))
			continue;
		hot_token = m.token;
		if (m.label % 3 == 0)
			continue; /* its deadline ends it */
		for (unsigned i = 0; i < m.label % 8; i++)
			thread_yield();
		answer(m.token, 0);
	}
}

/*
 * The window is the caller's own again when its call returns, by a reply or its deadline, whatever others are at: it
 * fills it then, and it stays as it is. What is short and what is long is copied in two ways.
 */
static void test_window_after_the_call(size_t size)
{
	struct checks c = {0};
	struct suite_thread server;
	static alignas(PAGE_SIZE) uint8_t window[8 * PAGE_SIZE];
	unsigned timeouts = 0;

	open_endpoint();
	start_copiers(size);
	suite_thread_start(&server, serve_slowly, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct windows w = {(uintptr_t)window, (uintptr_t)window, (uint32_t)size, (uint32_t)size};
		struct message m = {.label = i, .deadline = now() + 100000 + random_below(200000)};
		int result;

		memset(window, 0x11, size);
		result = ipc_call_lend(endpoint, &m, &w);
		memset(window, (int)i, size);
		check(&c, !result || result == -ETIMEDOUT, "call %u gave %d", i, result);
		timeouts += result != 0;
		check(&c, is_all(window, size, (uint8_t)i), "round %u: written to after the call", i);
	}
	stop_copiers(&c);
	suite_thread_join(&server);
	check(&c, timeouts && timeouts < ROUNDS, "%u timeouts", timeouts);
	close_endpoint();
	ktap_diagnose("%lu copies, %u deadlines in %d calls", copied, timeouts, ROUNDS);
	checks_report(&c, size > PAGE_SIZE ? "nobody writes to a window after its call"
					   : "nor to a small one, which is copied at once");
}

/* Another thread of the client takes the window away and brings it back. */
static void test_unmap_meanwhile(void)
{
	struct checks c = {0};

	hot_token = start_lender(&c);
	start_copiers(8 * PAGE_SIZE);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t prot = i % 2 ? PROT_READ : PROT_READ | PROT_WRITE;

		check(&c, !vm_unmap(own_process(), (uintptr_t)lent.at, WINDOW), "unmap");
		check(&c,
			vm_map(own_process(), (uintptr_t)lent.at, lent.memory, 0, WINDOW, prot, MAP_FIXED) >
				0,
			"map");
		thread_yield();
	}
	stop_copiers(&c);
	end_lender(&c, hot_token);
	ktap_diagnose("%lu copies", copied);
	checks_report(&c, "windows that are unmapped and mapped meanwhile");
}

/* Ends at once when the other has called: a1 of the process is the deadline to wait for. */
/* clang-format off */
CHILD_PROGRAM(ending_thread,
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n"
	"	li	a0, 9\n"
	CHILD_EXIT);
/* clang-format on */

/* The client's process is ended by another thread of it. */
static void test_end_meanwhile(void)
{
	struct checks c = {0};
	struct process_result result;
	memory_handle code = memory_create(PAGE_SIZE);

	memory_write(code, 0, ending_thread, (size_t)(ending_thread_end - ending_thread));
	open_endpoint();
	start_copiers(8 * PAGE_SIZE);
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		struct child client;
		struct message m;
		thread_handle ender;

		start_client(&client, &c);
		check(&c, !receive(&m), "receive");
		hot_token = m.token;
		vm_map(client.process, 0x300000, code, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED);
		ender = thread_create(client.process, 0x300000, 0, now() + random_below(200000));
		check(&c, ender.value > 0, "thread");
		check(&c,
			!process_wait(client.process, now() + PATIENCE, &result) && child_exited(&result, 9),
			"client %u", i);
		check(&c, answer(m.token, 0) == -ESRCH, "its token");
		handle_close(ANY(ender));
		child_close(&client);
	}
	stop_copiers(&c);
	close_endpoint();
	handle_close(ANY(code));
	ktap_diagnose("%lu copies", copied);
	checks_report(&c, "clients that end meanwhile");
}

/* On several harts, what others have set aside is not counted. */
static void test_balance(long tolerance)
{
	struct checks c = {0};
	long before, after;

	for (unsigned i = 0; i < 2; i++)
		test_end_meanwhile();
	before = frames_settled();
	test_other_process();
	test_end_meanwhile();
	after = frames_again(before, tolerance);
	check(&c, labs(before - after) <= tolerance, "%ld pages were free, %ld are now", before, after);
	checks_report(&c, "windows leave nothing behind");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(16);
	random_start(argc > 1 ? argv[1] : NULL);
	test_sizes();
	test_pages();
	test_ends();
	test_calls();
	test_short();
	test_faults();
	test_device();
	test_tokens();
	test_window_after_the_call(8 * PAGE_SIZE);
	test_window_after_the_call(256);
	test_unmap_meanwhile();
	test_balance(frames_elsewhere());
	return ktap_end();
}
