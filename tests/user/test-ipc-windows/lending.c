/* A thread of this process that calls and lends, and what stands in its window. */
#include "windows.h"

struct lender lender;
struct pages lent, own;

uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251 + 1);
}

void fill(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = pattern(i);
}

bool is_all(const uint8_t *at, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != value)
			return false;
	return true;
}

uint32_t start_lender(struct checks *c)
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

void end_lender(struct checks *c, uint32_t token)
{
	check(c, !answer(token, 1), "answer");
	suite_thread_join(&lender.thread);
	check(c, !lender.result && lender.message.label == 1, "the caller got %d", lender.result);
	check(c, ipc_read(endpoint, token, 0, own.at, 1) == -ESRCH, "a token is good once");
	close_endpoint();
	pages_unmap(&lent);
	pages_unmap(&own);
}
