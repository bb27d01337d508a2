/*
 * Every call with every allocation in it failed once: the call says so with an error that its line declares and has
 * changed nothing, made once more it does what it does in a machine with memory, and when all is over no frame and no
 * object is lost. The linker puts what is here in the place of the allocators (--wrap).
 */
#include "abi/abi.h"
#include "abi/errors.h"
#include "abi/syscall_numbers.h"
#include "hart.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "mem/pool.h"
#include "object/memory_parts.h"
#include "object/process.h"
#include "sched.h"
#include "tabula/ktap.h"
#include "world.h"

enum { DRIVER = WORLD_PROGRAMS, POINTS_MOST = 100 };

/* Things that are no calls, by numbers that no call has. */
enum { LOAD = SYSCALL_SLOTS, STORE, ATTEMPTS };

/* ---- what fails */

static struct {
	struct runner *of; /* whose allocations are counted; NULL: nobody's */
	unsigned fail_at, count;
	bool failed;
} point;

static size_t pieces; /* of pools, in use */

static bool fails(void)
{
	if (!point.of || this_hart()->current != point.of || ++point.count != point.fail_at)
		return false;
	point.failed = true;
	return true;
}

int __wrap_frame_alloc(paddr_t *frame);
int __real_frame_alloc(paddr_t *frame);
int __wrap_frame_alloc_zeroed(paddr_t *frame);
int __real_frame_alloc_zeroed(paddr_t *frame);
int __wrap_frame_alloc_run(struct frame_search *search, int *work, paddr_t *first);
int __real_frame_alloc_run(struct frame_search *search, int *work, paddr_t *first);
void *__wrap_pool_alloc(struct pool *pool, struct account *account);
void *__real_pool_alloc(struct pool *pool, struct account *account);
void *__wrap_pool_alloc_unset(struct pool *pool, struct account *account);
void *__real_pool_alloc_unset(struct pool *pool, struct account *account);
void __wrap_pool_free(struct pool *pool, struct account *account, void *piece);
void __real_pool_free(struct pool *pool, struct account *account, void *piece);

int __wrap_frame_alloc(paddr_t *frame)
{
	return fails() ? -ENOMEM : __real_frame_alloc(frame);
}

int __wrap_frame_alloc_zeroed(paddr_t *frame)
{
	return fails() ? -ENOMEM : __real_frame_alloc_zeroed(frame);
}

int __wrap_frame_alloc_run(struct frame_search *search, int *work, paddr_t *first)
{
	return fails() ? -ENOMEM : __real_frame_alloc_run(search, work, first);
}

/* Of a memory object's tree: it stays there, as a page table does, until the object goes. */
static bool is_node(const struct pool *pool)
{
	return pool->size == NODE_ENTRIES * sizeof(paddr_t);
}

void *__wrap_pool_alloc(struct pool *pool, struct account *account)
{
	void *piece = fails() ? NULL : __real_pool_alloc(pool, account);

	pieces += piece && !is_node(pool);
	return piece;
}

void *__wrap_pool_alloc_unset(struct pool *pool, struct account *account)
{
	void *piece = fails() ? NULL : __real_pool_alloc_unset(pool, account);

	pieces += piece != NULL;
	return piece;
}

void __wrap_pool_free(struct pool *pool, struct account *account, void *piece)
{
	pieces -= !is_node(pool);
	__real_pool_free(pool, account, piece);
}

/* ---- one attempt: a world, in it one call, one of whose allocations fails */

struct state {
	struct world_state world;
	size_t pieces;
};

static struct {
	unsigned number;
	enum { SETTLING, RECEIVING, READY, TRIED, TRIED_AGAIN, OVER } stage;
	struct process *process;
	struct state before, after;
	long first, second; /* results */
} attempt;

static struct state state(void)
{
	return (struct state){world_state(), pieces};
}

static void arm(struct trapframe *frame)
{
	if (attempt.number < SYSCALL_SLOTS) {
		world_call(frame, call_by_number(attempt.number));
	} else {
		frame->action = attempt.number == LOAD ? HOSTED_LOAD : HOSTED_STORE;
		frame->address = WORLD_FRESH;
	}
	attempt.before = state();
	point.of = container_of(frame, struct runner, frame);
}

/* The program of the driver. */
static void driver(struct trapframe *frame)
{
	point.of = NULL;
	switch (attempt.stage) {
	case SETTLING:
		if (!world_is_settled()) {
			hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
			return;
		}
		attempt.stage = RECEIVING;
		world_receive(frame);
		return;
	case RECEIVING:
		attempt.stage = READY;
		world_received(frame);
		__attribute__((fallthrough));
	case READY:
		attempt.stage = TRIED;
		arm(frame);
		return;
	case TRIED:
		attempt.first = frame->result;
		attempt.after = state();
		attempt.stage = TRIED_AGAIN;
		if (point.failed && attempt.number < SYSCALL_SLOTS) {
			world_call(frame, call_by_number(attempt.number));
			return;
		}
		__attribute__((fallthrough));
	case TRIED_AGAIN:
		attempt.second = frame->result;
		attempt.stage = OVER;
		__attribute__((fallthrough));
	case OVER:
		hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
	}
}

static void start(void *unused)
{
	(void)unused;
	attempt.process = world_make(DRIVER, 0);
}

static void finish(void *unused)
{
	(void)unused;
	world_end();
	object_put(&attempt.process->object);
}

/* ---- verdicts */

static struct {
	unsigned points, calls; /* passed; with at least one */
	char wrong[160]; /* the first thing that was, empty: nothing */
} verdict;

static const char *attempt_name(unsigned number)
{
	return number == LOAD ? "load" : number == STORE ? "store" : call_by_number(number)->name;
}

static void complain(const char *what, long a, long b)
{
	if (!verdict.wrong[0])
		snprintf(verdict.wrong, sizeof(verdict.wrong), "%s, allocation %u: %s (%ld, %ld)",
			attempt_name(attempt.number), point.fail_at, what, a, b);
}

static void judge_call(const struct call_info *call, long good)
{
	const struct state *before = &attempt.before, *after = &attempt.after;

	if (attempt.stage != OVER)
		complain("the driver has not come to its end", attempt.stage, 0);
	else if (attempt.first >= 0 || !call_declares(call, -attempt.first))
		complain("no error that its line declares", attempt.first, 0);
	else if (attempt.first != -ENOMEM && attempt.first != -EFAULT)
		complain("an error that says something else", attempt.first, 0);
	else if (before->pieces != after->pieces)
		complain("objects before and after", (long)before->pieces, (long)after->pieces);
	else if (memcmp(&before->world, &after->world, sizeof(before->world)))
		complain("handles, references, regions or threads have changed",
			(long)(after->world.handles - before->world.handles),
			(long)(after->world.references - before->world.references));
	else if ((attempt.second < 0 || good < 0) && attempt.second != good)
		complain("once more, it does not do what it should", attempt.second, good);
}

/* A page that can't be had ends the process that touches it. */
static void judge_touch(void)
{
	if (!attempt.process->ended || attempt.process->result.reason != END_REASON_FAULTED)
		complain("the process has not ended", attempt.process->ended, attempt.process->result.reason);
}

/* Makes a world and has the Nth allocation of the call fail; false when it has fewer. */
static bool try(unsigned number, unsigned n, long good, size_t frames)
{
	size_t before = pieces;

	memset(&attempt, 0, sizeof(attempt));
	memset(&point, 0, sizeof(point));
	attempt.number = number;
	point.fail_at = n;
	hosted_do(0, start, NULL);
	point.of = NULL;
	if (!point.failed && attempt.stage != OVER)
		complain("the driver has not come to its end", attempt.stage, 0);
	else if (point.failed && number < SYSCALL_SLOTS)
		judge_call(call_by_number(number), good);
	else if (point.failed)
		judge_touch();
	hosted_do(0, finish, NULL);
	hosted_check();
	if (hosted_free_frames() != frames)
		complain("frames free before and after", (long)frames, (long)hosted_free_frames());
	if (pieces != before)
		complain("objects before and after all", (long)before, (long)pieces);
	verdict.points += point.failed && !verdict.wrong[0];
	(void)hosted_printed();
	return point.failed;
}

/*
 * ipc_reply_receive allocates only when another thread takes the slot that its reply has just freed. process_limit never
 * does: its ENOMEM is about limits.
 */
static bool must_allocate(unsigned number)
{
	return number >= SYSCALL_SLOTS ||
	       (call_declares(call_by_number(number), ENOMEM) && number != SYS_ipc_reply_receive &&
		       number != SYS_process_limit);
}

/* Every allocation of one call. The first attempt has none fail, and tells what the call does then. */
static void test(unsigned number)
{
	size_t frames = hosted_free_frames();
	unsigned n = 1;
	long good;

	verdict.wrong[0] = '\0';
	try(number, 0, 0, frames);
	good = attempt.first;
	while (!verdict.wrong[0] && n < POINTS_MOST && try(number, n, good, frames))
		n++;
	verdict.calls += n > 1;
	if (verdict.wrong[0])
		ktap_diagnose("%s", verdict.wrong);
	if (must_allocate(number) && n == 1)
		ktap_diagnose("its line declares ENOMEM, but with the arguments of world.c it allocates "
			      "nothing (result %ld)",
			good);
	ktap_ok(!verdict.wrong[0] && (n > 1 || !must_allocate(number)), "%s, %u allocations that fail",
		attempt_name(number), n - 1);
}

/* Calls that end the driver or the machine have nothing to say afterwards. */
static bool is_tried(unsigned number)
{
	const struct call_info *call = call_by_number(number);

	return number >= SYSCALL_SLOTS || (call && !(call->attributes & CALL_NORETURN));
}

int main(void)
{
	static hosted_program *const programs[] = {world_init, world_caller, world_leaver, driver, NULL};
	unsigned count = 0;

	for (unsigned n = 0; n < ATTEMPTS; n++)
		count += is_tried(n);
	ktap_plan(count);
	hosted_boot(&(struct hosted_machine){1, 8 << 20, "log=info", programs});
	(void)try(SYS_process_id, 0, 0, 0); /* what the kernel makes once, and keeps, is there after this */
	for (unsigned n = 0; n < ATTEMPTS; n++)
		if (is_tried(n))
			test(n);
	ktap_diagnose("figure: %u allocation failures passed in %u calls", verdict.points, verdict.calls);
	hosted_report();
	return ktap_end();
}
