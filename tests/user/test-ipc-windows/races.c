/*
 * Windows of callers that take them away, give up or end while others copy: nobody writes to a window after its call, and the
 * answers say what happened.
 */
#include "windows.h"

enum { ROUNDS = 300 };

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
void test_window_after_the_call(size_t size)
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
void test_unmap_meanwhile(void)
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
void test_end_meanwhile(void)
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
