/* Calls that lend: where a window may lie, buffers so short that they are in the words, and whose token is good. */
#include "windows.h"

static void call_plainly(void *argument)
{
	struct lender *l = argument;

	l->result = ipc_call(l->through, &l->message);
}

/* A window lies in user space, or the call does not begin; an empty one can lie anywhere; a plain call lends nothing. */
void test_calls(void)
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

void test_short(void)
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

void test_tokens(void)
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
