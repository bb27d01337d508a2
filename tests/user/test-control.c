/*
 * Threads under control: stopped, resumed and cancelled in whatever they do, by others and by themselves. What is done to
 * their registers meanwhile is in test-thread-registers, how they end in test-kill.
 */
#include "control.h"

enum { ROUNDS = 50, WORKERS = 6, SERVER = 3 /* of them */, LEFT = 1500, WORK = 1000, NO_MORE = 99999 };

static struct suite_thread second;

/* ---- calls that wait */

/* What a stopped thread waits for comes; it takes it when it is resumed, and not before. */
static void test_wait_ends(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		const struct waiting *w = &waitings[i];

		if (!w->end)
			continue;
		begin_wait(w);
		stop_in_wait(&c, worker.handle);
		w->end();
		for (unsigned k = 0; k < 20; k++)
			give_way();
		check(&c, result == 1000 && !worker.over, "%s: it ran while it was stopped", w->name);
		go_on(&c, worker.handle);
		end_wait();
		check(&c, result == w->result, "%s: gave %ld", w->name, result);
	}
	checks_report(&c, "what a stopped thread waits for comes");
}

/* Stopped and resumed, it waits on. */
static void test_wait_goes_on(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		const struct waiting *w = &waitings[i];

		if (!w->end)
			continue;
		begin_wait(w);
		for (unsigned k = 0; k < 10; k++)
			await_wait(&c, worker.handle);
		check(&c, result == 1000, "%s: is over", w->name);
		w->end();
		end_wait();
		check(&c, result == w->result, "%s: gave %ld", w->name, result);
	}
	checks_report(&c, "a thread waits on after it was stopped");
}

/* Cancelled while it waits, stopped or not, then killed or not. */
static void cancel_one(struct checks *c, const struct waiting *w, bool stopped)
{
	begin_wait(w);
	stop_in_wait(c, worker.handle);
	if (!stopped)
		go_on(c, worker.handle);
	check(c, !thread_cancel(worker.handle), "%s: cancel", w->name);
	if (stopped) {
		check(c, result == 1000, "%s: it ran", w->name);
		check(c, !waits(c, worker.handle), "%s: it still waits", w->name);
		go_on(c, worker.handle);
	}
	end_wait();
	check(c, result == -EINTR, "%s gave %ld", w->name, result);
}

static void test_cancel(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		cancel_one(&c, &waitings[i], false);
		cancel_one(&c, &waitings[i], true);
	}
	checks_report(&c, "a call that waits is cancelled");
}

/* A call that has been received is cancelled: its token is stale. */
static void test_cancel_served(void)
{
	struct checks c = {0};
	struct message m = {.deadline = now() + PATIENCE};

	begin_wait(&(struct waiting){.wait = in_call});
	check(&c, !ipc_receive(endpoint, &m), "receive");
	check(&c, !thread_cancel(worker.handle), "cancel");
	m.label = 1;
	check(&c, ipc_reply(endpoint, &m) == -ESRCH, "the token");
	end_wait();
	check(&c, result == -EINTR, "the call gave %ld", result);

	/* The rest of a call that replies and receives: the reply has gone out. */
	begin_wait(&(struct waiting){.wait = in_receive});
	await_wait(&c, worker.handle);
	call_it();
	end_wait();
	check(&c, result == 0 && message.label == 3, "receive gave %ld", result);
	checks_report(&c, "a call that has been received is cancelled");
}

static void reply_and_receive(void *unused)
{
	(void)unused;
	message = (struct message){.deadline = DEADLINE_NEVER};
	if (ipc_receive(endpoint, &message))
		return;
	message.deadline = DEADLINE_NEVER;
	result = ipc_reply_receive(endpoint, &message);
}

static void test_cancel_reply_receive(void)
{
	struct checks c = {0};
	struct message m = {.label = 4, .deadline = DEADLINE_NEVER};

	begin_wait(&(struct waiting){.wait = reply_and_receive});
	check(&c, !ipc_call(endpoint, &m) && m.label == 4, "call");
	stop_in_wait(&c, worker.handle);
	check(&c, !thread_cancel(worker.handle), "cancel");
	go_on(&c, worker.handle);
	end_wait();
	check(&c, result == -EINTR, "it gave %ld", result);
	checks_report(&c, "the second half of ipc_reply_receive is cancelled");
}

/* console_read: only where a program may. */
static uint8_t typed;

static void in_console_read(void *unused)
{
	(void)unused;
	result = console_read(own_system(), &typed, 1, DEADLINE_NEVER);
}

static void test_cancel_console(void)
{
	struct checks c = {0};
	struct handle_info info = {0};

	handle_info(ANY(own_system()), &info);
	check(&c, info.type == OBJECT_SYSTEM, "own system");
	if (info.rights & RIGHT_SYSTEM_CONSOLE_READ)
		cancel_one(&c, &(struct waiting){"console", in_console_read, NULL, 0}, true);
	checks_report(&c, "console_read is cancelled");
}

static void test_ended(void)
{
	struct checks c = {0};
	struct registers r = {0};
	struct float_registers f = {0};

	suite_thread_start(&worker, in_sleep, NULL);
	check(&c, thread_read(worker.handle, &r) == -EBUSY, "thread_read of one that is not stopped");
	check(&c, thread_write(worker.handle, &r) == -EBUSY, "thread_write");
	check(&c, thread_read_float(worker.handle, &f) == -EBUSY, "thread_read_float");
	check(&c, thread_write_float(worker.handle, &f) == -EBUSY, "thread_write_float");
	r.pc = 1;
	check(&c, thread_write(worker.handle, &r) == -EINVAL, "an odd pc");
	r.pc = 0;
	await_wait(&c, worker.handle);
	check(&c, !thread_kill(worker.handle), "kill");
	check(&c, !worker.over, "it has gone on");
	check(&c, !thread_kill(worker.handle), "kill again");
	check(&c, thread_suspend(worker.handle) == -ESRCH, "suspend");
	check(&c, thread_resume(worker.handle) == -ESRCH, "resume");
	check(&c, thread_cancel(worker.handle) == -ESRCH, "cancel");
	check(&c, thread_read(worker.handle, &r) == -ESRCH, "read");
	check(&c, thread_write(worker.handle, &r) == -ESRCH, "write");
	check(&c, thread_read_float(worker.handle, &f) == -ESRCH, "read_float");
	check(&c, thread_write_float(worker.handle, &f) == -ESRCH, "write_float");
	handle_close(ANY(worker.handle));
	checks_report(&c, "threads that have ended, and that are not stopped");
}

/* ---- who stops whom */

static void stop_itself(void *unused)
{
	(void)unused;
	while (!worker.handle.value)
		give_way();
	result = thread_suspend(worker.handle);
}

static void test_itself(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t end = now() + PATIENCE;
		struct registers r;

		worker.handle.value = 0;
		result = 1000;
		suite_thread_start(&worker, stop_itself, NULL);
		while (thread_read(worker.handle, &r) == -EBUSY && now() < end)
			give_way();
		check(&c, result == 1000, "it went on");
		check(&c, !waits(&c, worker.handle), "it waits");
		go_on(&c, worker.handle);
		suite_thread_join(&worker);
		check(&c, result == 0, "it got %ld", result);
	}
	checks_report(&c, "a thread stops itself");
}

static volatile bool both_ready;
static volatile long results[2];

static void stop_other(void *other)
{
	bool first = other == &second.handle;

	while (!both_ready)
		;
	results[first] = thread_suspend(*(thread_handle *)other);
}

static bool is_stopped(thread_handle thread)
{
	struct registers r;

	return !thread_read(thread, &r);
}

/* Two stop each other: at least one is stopped, and each that is resumed returns from its call with success. */
static void test_each_other(void)
{
	struct checks c = {0};
	unsigned both = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t end = now() + PATIENCE;

		both_ready = false;
		results[0] = results[1] = 1000;
		suite_thread_start(&worker, stop_other, &second.handle);
		suite_thread_start(&second, stop_other, &worker.handle);
		both_ready = true;
		while (!is_stopped(worker.handle) && !is_stopped(second.handle) && now() < end)
			give_way();
		both += is_stopped(worker.handle) && is_stopped(second.handle);
		while (!(worker.over && second.over) && now() < end) {
			thread_resume(worker.handle);
			thread_resume(second.handle);
			give_way();
		}
		check(&c, worker.over && second.over, "they hang");
		for (unsigned k = 0; k < 2; k++)
			check(&c, results[k] == 0 || results[k] == -ESRCH, "it got %ld", results[k]);
		suite_thread_join(&worker);
		suite_thread_join(&second);
	}
	checks_report(&c, "two threads stop each other");
	ktap_diagnose("both were stopped in %u of %u rounds", both, (unsigned)ROUNDS);
}

/* ---- whoever has stopped a thread goes */

/* clang-format off */
CHILD_PROGRAM(counter,
	"	li	t0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"1:	ld	t1, (t0)\n"
	"	addi	t1, t1, 1\n"
	"	sd	t1, (t0)\n"
	"	j	1b\n");
/* clang-format on */

static uint64_t count_of(const struct child *child)
{
	uint64_t count = 0;

	memory_read(child->data, 0, (uint8_t *)&count, sizeof(count));
	return count;
}

static bool counts_on(const struct child *child, uint64_t patience)
{
	uint64_t before = count_of(child), end = now() + patience;

	while (count_of(child) == before && now() < end)
		give_way();
	return count_of(child) != before;
}

/* A child with one thread, stopped. */
static thread_handle stopped_counter(struct checks *c, struct child *child)
{
	thread_handle thread;

	check(c, !child_make(child, counter, (size_t)(counter_end - counter)), "child");
	thread = thread_create(child->process, CHILD_CODE, CHILD_SP, 0);
	check(c, thread.value > 0 && counts_on(child, PATIENCE), "it does not count");
	stop(c, thread);
	check(c, !counts_on(child, MS), "it counts though it is stopped");
	return thread;
}

static void end_counter(struct checks *c, struct child *child)
{
	struct process_result r;

	check(c, !process_kill(child->process, 0) && !process_wait(child->process, now() + PATIENCE, &r),
		"its end");
	child_close(child);
}

static void test_forgotten(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread = stopped_counter(&c, &child), other;
	process_handle holder;

	/* The last handle that allows it counts, in whatever table it is; one that does not allow it is none. */
	other = (thread_handle){handle_duplicate(ANY(thread), RIGHTS_SAME).value};
	holder = process_create((const uint8_t *)"holder", 6);
	check(&c, process_give(holder, ANY(other), RIGHTS_SAME) > 0, "giving it");
	handle_close(ANY(thread));
	handle_close(ANY(other));
	check(&c, !counts_on(&child, MS), "it counts though somebody has a handle");
	handle_close(ANY(holder));
	check(&c, counts_on(&child, PATIENCE), "it does not go on when its holder ends");

	thread = process_thread(child.process, 0);
	stop(&c, thread);
	other = (thread_handle){handle_duplicate(ANY(thread), RIGHT_DUPLICATE).value};
	check(&c, !counts_on(&child, MS), "it counts though it is stopped again");
	handle_close(ANY(thread));
	check(&c, counts_on(&child, PATIENCE), "it does not go on with the last handle that could resume it");
	handle_close(ANY(other));
	end_counter(&c, &child);
	checks_report(&c, "a stopped thread that nobody can resume any more goes on");
}

/* The last handle is closed while another thread stops through it: stopped it must not stay. */
static volatile int32_t closing;

static void close_soon(void *argument)
{
	(void)argument;
	handle_close((any_handle){closing});
}

static void test_forgotten_meanwhile(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread = stopped_counter(&c, &child);

	go_on(&c, thread);
	for (unsigned i = 0; i < ROUNDS; i++) {
		closing = thread.value;
		suite_thread_start(&worker, close_soon, NULL);
		long error = thread_suspend(thread);

		check(&c, !error || error == -EBADF, "thread_suspend gave %ld", error);
		suite_thread_join(&worker);
		check(&c, counts_on(&child, PATIENCE), "it stays stopped");
		thread = process_thread(child.process, 0);
	}
	handle_close(ANY(thread));
	end_counter(&c, &child);
	checks_report(&c, "the last handle goes while a thread is stopped through it");
}

/* ---- at random */

static struct suite_thread workers[WORKERS];
static volatile uint64_t sent, got;

/* Signals and takes, yields, calls: whatever is cancelled is made again, and nothing is lost. */
static void signal_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < WORK; i++) {
		notification_signal(notification, 1);
		sent++;
		while ((long)notification_wait(notification, 2, DEADLINE_NEVER) < 0)
			;
	}
}

static void take_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < WORK; i++) {
		while ((long)notification_wait(notification, 1, DEADLINE_NEVER) < 0)
			;
		got++;
		notification_signal(notification, 2);
	}
}

static void call_often(void *argument)
{
	for (unsigned i = 0; i < WORK; i++) {
		struct message m;

		do
			m = (struct message){
				.label = i, .word = {(uintptr_t)argument}, .deadline = DEADLINE_NEVER};
		while (ipc_call(endpoint, &m) == -EINTR);
	}
}

static void serve_often(void *argument)
{
	(void)argument;
	for (;;) {
		struct message m = {.deadline = DEADLINE_NEVER};

		while (ipc_receive(endpoint, &m) == -EINTR)
			m.deadline = DEADLINE_NEVER;
		if (m.label == NO_MORE)
			break;
		ipc_reply(endpoint, &m);
	}
}

static void sleep_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++)
		thread_sleep((uint64_t)clock_now() + 20000);
}

static void disturb(struct checks *c)
{
	thread_handle victim = workers[random_below(WORKERS)].handle;
	long error = 0;

	switch (random_below(4)) {
	case 0:
	case 1:
		error = thread_suspend(victim);
		if (random_below(2))
			give_way();
		thread_resume(victim);
		break;
	case 2:
		error = thread_cancel(victim);
		break;
	case 3:
		error = thread_suspend(victim);
		if (random_below(2))
			thread_cancel(victim);
		thread_resume(victim);
		break;
	}
	check(c, !error || error == -ESRCH, "%ld", error);
}

static bool all_over(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		if (!workers[i].over && workers[i].run != serve_often)
			return false;
	return true;
}

static void test_at_random(void)
{
	static void (*const runs[WORKERS])(void *) = {
		signal_often, take_often, call_often, [SERVER] = serve_often, sleep_often, call_often};
	struct checks c = {0};
	uint64_t end = now() + PATIENCE;
	unsigned long disturbed = 0;

	endpoint = endpoint_create();
	notification = notification_create();
	sent = got = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		suite_thread_start(&workers[i], runs[i], NULL);
	for (; !all_over() && now() < end; disturbed++)
		disturb(&c);
	check(&c, all_over(), "they hang: %lu sent, %lu got", sent, got);
	/* Nobody answers this; and it is said again, if its deadline has passed before the server could hear it. */
	while (!workers[SERVER].over) {
		struct message m = {.label = NO_MORE, .deadline = now() + MS};

		ipc_call(endpoint, &m);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		suite_thread_join(&workers[i]);
	check(&c, sent == got && sent == WORK, "%lu sent, %lu got", sent, got);
	handle_close(ANY(endpoint));
	handle_close(ANY(notification));
	checks_report(&c, "threads that work while they are stopped and cancelled at random");
	ktap_diagnose("%lu times", disturbed);
}

/* ---- */

/* Once for what stays for good, and once more. On several harts, what others have set aside is not counted. */
static void use_everything(struct checks *c)
{
	for (unsigned i = 0; i < COUNT(waitings); i++)
		cancel_one(c, &waitings[i], i % 2);
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(13);
	random_start(argc > 1 ? argv[1] : NULL);
	test_cancel_console();
	test_wait_ends();
	test_wait_goes_on();
	test_cancel();
	test_cancel_served();
	test_cancel_reply_receive();
	test_ended();
	test_itself();
	test_each_other();
	test_forgotten();
	test_forgotten_meanwhile();
	test_at_random();
	test_nothing_is_lost(
		use_everything, LEFT, "threads that were stopped and cancelled leave nothing behind");
	return ktap_end();
}
