/* Processes: making, loading, ending. */
#include "object/process.h"

#include "abi/abi.h"
#include "lib/elf.h"
#include "lib/string.h"
#include "object/audit.h"
#include "object/endpoint.h"
#include "object/image.h"
#include "object/reception.h"
#include "object/thread.h"
#include "panic.h"
#include "sched.h"

/* Before interrupts are let in: threads that are told of a new limit of priorities, or counted, and processes passed by. */
enum { LIMITED_AT_ONCE = 32, COUNTED_AT_ONCE = 64, PASSED_AT_ONCE = 32 };

static struct object_pool processes = OBJECT_POOL_INIT(processes, struct process, object, OBJECT_PROCESS);

static struct spinlock all_lock;
static uint32_t last_id GUARDED_BY(all_lock);
static struct tree all GUARDED_BY(all_lock); /* by process->all and their ids */

void process_init(void)
{
	lock_acquire(&all_lock);
	tree_init(&all, hart_random());
	lock_release(&all_lock);
}

static void enlist(struct process *process)
{
	lock_acquire(&all_lock);
	process->id = ++last_id;
	tree_append(&all, &process->all, process->id);
	lock_release(&all_lock);
}

static void set_name(struct process *process, const char *name, size_t length)
{
	length = length < PROCESS_NAME_SIZE ? length : PROCESS_NAME_SIZE - 1;
	for (size_t i = 0; i < length; i++)
		process->name[i] = name[i] > ' ' && name[i] <= '~' ? name[i] : '?';
	process->name[length] = '\0';
}

struct process *process_create(const char *name, size_t length)
{
	struct account *creator = current_account();
	struct process *process = object_alloc(&processes, creator);

	if (!process)
		return NULL;
	process->account = account_create(creator);
	if (!process->account || aspace_init(&process->aspace, process->account)) {
		account_put(process->account);
		object_free(&processes, process);
		return NULL;
	}
	process->priority_limit = CONFIG_PRIORITIES - 1;
	process->parent = this_hart()->current ? current_process()->id : 0;
	set_name(process, name, length);
	handle_table_init(&process->handles);
	tree_init(&process->threads, process->aspace.holes.seed); /* as good as another one */
	wait_queue_init(&process->waiters, &process->lock);
	process->waiters.kind = WAITS_FOR_END;
	enlist(process);
	return process;
}

/* ---- loading */

static int map_segment(struct aspace *aspace, const struct image *image, const struct elf_segment *segment)
{
	uint64_t within = segment->address & (PAGE_SIZE - 1), start = segment->address - within;
	uint64_t size = (within + segment->memory_size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	struct memory *view = memory_create_view(aspace->account, image->memory,
		image->start + segment->offset, segment->file_size, within + segment->lead, size);
	long at;

	if (!view)
		return -ENOMEM;
	at = aspace_map(aspace, start,
		&(struct mapping){
			.memory = view, .size = size, .prot = segment->prot, .most = segment->prot});
	object_put(&view->object);
	if (at >= 0)
		return 0;
	return at == -EEXIST ? -ENOEXEC : (int)at; /* two segments in one page */
}

/* One behind the other, since the next may turn out to begin where the last one does. */
static int map_segments(struct aspace *aspace, const struct image *image, const struct elf *elf)
{
	struct elf_segment last = {0};

	for (unsigned i = 0; i < elf->segments; i++) {
		struct elf_segment segment;

		TRY(elf_segment(&image->source, elf, i, &segment));
		if (!segment.memory_size)
			continue;
		if (last.memory_size && !elf_segment_join(&last, &segment))
			TRY(map_segment(aspace, image, &last));
		last = segment;
	}
	return last.memory_size ? map_segment(aspace, image, &last) : 0;
}

/* Remembers where its program is, and forgets where one was whose mappings have been removed since. */
static int set_image(struct process *process, const struct image *image)
{
	struct memory *former = NULL;
	int error;

	lock_acquire(&process->lock);
	error = process->ending ? -EBUSY : object_take(&image->memory->object);
	if (!error) {
		former = process->image;
		process->image = image->memory;
		process->image_offset = image->start;
		process->image_size = image->source.size;
	}
	lock_release(&process->lock);
	if (former)
		object_put(&former->object);
	return error;
}

int process_clone_image(struct process *process, struct process *from)
{
	struct image image;
	int error;

	lock_acquire(&from->lock);
	image = image_in(from->image, from->image_offset, from->image_size);
	if (image.memory)
		object_take_another(&image.memory->object);
	lock_release(&from->lock);
	if (!image.memory)
		return 0;
	error = set_image(process, &image);
	object_put(&image.memory->object);
	return error;
}

int process_load(
	struct process *process, struct memory *memory, uint64_t offset, uint64_t size, uint64_t *entry)
{
	struct image image = image_in(memory, offset, size);
	struct elf elf;
	int error;

	TRY(elf_open(&image.source, &elf));
	error = map_segments(&process->aspace, &image, &elf);
	if (error) {
		int failed = aspace_unmap_all(&process->aspace, USER_BASE, USER_TOP - USER_BASE);

		assert(!failed || failed == -EBUSY); /* nothing is cut in two */
		return error;
	}
	error = set_image(process, &image);
	*entry = elf.entry;
	return error;
}

/* ---- threads, and the end */

int process_add_thread(struct process *process, struct thread *thread)
{
	int error;

	lock_acquire(&process->lock);
	error = process->ending ? -EBUSY : object_take(&process->object);
	if (!error) {
		runner_limit_priority(&thread->runner, process->priority_limit);
		tree_append(&process->threads, &thread->sibling, thread->id);
		process->thread_count++;
		__atomic_store_n(&process->started, true, __ATOMIC_RELAXED);
	}
	lock_release(&process->lock);
	return error;
}

static bool has_started(const struct process *process)
{
	return __atomic_load_n(&process->started, __ATOMIC_RELAXED);
}

/* How far its life is. */
static enum process_state state(const struct process *process) REQUIRES(process->lock)
{
	if (process->ended)
		return PROCESS_STATE_ENDED;
	if (process->ending)
		return PROCESS_STATE_ENDING;
	return has_started(process) ? PROCESS_STATE_LIVE : PROCESS_STATE_NEW;
}

static struct thread *thread_at(struct tree_node *node)
{
	return node ? container_of(node, struct thread, sibling) : NULL;
}

/* The first with a higher id. */
static struct thread *thread_after(const struct process *process, uint32_t id) REQUIRES(process->lock)
{
	return process->thread_count ? thread_at(tree_after(&process->threads, id)) : NULL;
}

static struct thread *next_sibling(const struct thread *thread)
{
	return thread_at(thread->sibling.next);
}

static void count(struct process *process, struct thread *thread) REQUIRES(process->lock)
{
	uint64_t ticks = runner_cpu_time(&thread->runner);

	process->ticks += ticks - thread->counted;
	thread->counted = ticks;
}

/* Counts those behind *last: false when there are more than go at once. */
static bool count_time(struct process *process, uint32_t *last) REQUIRES(process->lock)
{
	struct thread *thread = thread_after(process, *last);

	for (unsigned i = 0; thread && i < COUNTED_AT_ONCE; i++, thread = next_sibling(thread)) {
		count(process, thread);
		*last = thread->id;
	}
	return !thread;
}

bool process_read_info(struct process *process, uint32_t *last, struct process_info *info)
{
	uint64_t ticks;
	bool counted;

	account_read(process->account, &info->memory_used, &info->memory_limit);
	memcpy(info->name, process->name, sizeof(info->name));
	info->id = process->id;
	info->parent = process->parent;
	info->object = process->object.id;
	lock_acquire(&process->lock);
	counted = count_time(process, last);
	info->state = state(process);
	info->handles = process->finishing ? 0 : process->handles.count; /* then they go without the lock */
	info->reason = process->result.reason;
	info->status = process->result.status;
	info->threads = process->thread_count;
	ticks = process->ticks;
	lock_release(&process->lock);
	info->cpu_time = arch_ticks_to_ns(ticks);
	return counted;
}

/* Either may start at any time, and is no danger any more then; so both looks may come too early. */
bool process_would_keep(const struct process *process, const struct object *object)
{
	const struct process *other;

	if (object->type != OBJECT_PROCESS)
		return false;
	other = container_of(object, const struct process, object);
	return object->id > process->object.id && !has_started(process) && !has_started(other);
}

/* A thread of a process holds a reference to itself. */
struct thread *process_next_thread(struct process *process, uint32_t after_id)
{
	struct thread *next;

	lock_acquire(&process->lock);
	next = thread_after(process, after_id);
	if (next)
		object_take_another(&next->object);
	lock_release(&process->lock);
	return next;
}

bool process_all_are(bool (*good)(struct process *process))
{
	bool result = true;

	lock_acquire(&all_lock);
	for (struct tree_node *at = all.first; at && result; at = at->next)
		result = good(container_of(at, struct process, all));
	lock_release(&all_lock);
	return result;
}

/* From one process on, the first in which there is a thread behind this one; *at: the process behind those that were looked at. */
static struct thread *find_thread(struct tree_node **at, uint32_t process_id, uint32_t thread_id)
{
	struct thread *found = NULL;

	for (unsigned i = 0; *at && !found && i < PASSED_AT_ONCE; i++, *at = (*at)->next) {
		struct process *process = container_of(*at, struct process, all);

		found = process_next_thread(process, process->id == process_id ? thread_id : 0);
	}
	return found;
}

struct thread *process_next_of_all(uint32_t process_id, uint32_t thread_id, uint32_t *next_process)
{
	struct thread *next;
	struct tree_node *at;

	lock_acquire(&all_lock);
	at = process_id ? tree_after(&all, process_id - 1) : all.first;
	next = find_thread(&at, process_id, thread_id);
	*next_process = at ? container_of(at, const struct process, all)->id : 0;
	lock_release(&all_lock);
	return next;
}

/* Tells the next thread of the limit; false when all have heard of it. The end of a process goes before that. */
static bool limit_next(struct process *process) REQUIRES(process->lock)
{
	struct thread *thread = process->ending ? NULL : thread_after(process, process->last_limited);
	unsigned limit = process->priority_limit;

	if (!thread)
		return false;
	process->last_limited = thread->id;
	if (__atomic_load_n(&thread->runner.wanted_priority, __ATOMIC_RELAXED) > limit)
		runner_set_priority(&thread->runner, limit);
	return true;
}

/* All have to hear of a lower one. Those that come now know it. */
static int set_limit(struct process *process, unsigned priority) REQUIRES(process->lock)
{
	if (priority > process->priority_limit)
		return -EINVAL;
	if (priority < process->priority_limit &&
		!process->ending) /* then there may be a search in its place */
		process->last_limited = 0;
	process->priority_limit = (uint8_t)priority;
	return 0;
}

int process_limit_priority(struct process *process, unsigned priority, bool *more)
{
	int error;

	*more = false;
	lock_acquire(&process->lock);
	error = set_limit(process, priority);
	for (unsigned i = 0; !error && limit_next(process); i++) {
		*more = i == LIMITED_AT_ONCE;
		if (*more)
			break;
	}
	lock_release(&process->lock);
	return error;
}

unsigned process_priority_limit(struct process *process)
{
	unsigned limit;

	lock_acquire(&process->lock);
	limit = process->priority_limit;
	lock_release(&process->lock);
	return limit;
}

int process_set_priority(struct process *process, struct thread *thread, unsigned priority)
{
	int error;

	lock_acquire(&process->lock);
	error = priority > process->priority_limit ? -EINVAL : 0;
	if (!error)
		runner_set_priority(&thread->runner, priority);
	lock_release(&process->lock);
	return error;
}

int process_set_table(struct process *process, call_table table)
{
	int error;

	lock_acquire(&process->lock);
	error = process->ending ? -EBUSY : 0;
	if (!error)
		process->table = table;
	lock_release(&process->lock);
	return error;
}

call_table process_table(struct process *process)
{
	call_table table;

	lock_acquire(&process->lock);
	table = process->table;
	lock_release(&process->lock);
	return table;
}

/* Has threads end that have not been asked to yet, but not this one, as far as `work` goes: true when that was all. */
static bool end_threads(struct process *process, const struct runner *but, int *work) REQUIRES(process->lock)
{
	for (struct thread *thread = thread_after(process, process->last_asked); thread;
		thread = next_sibling(thread)) {
		if (*work <= 0)
			return false;
		process->last_asked = thread->id;
		if (&thread->runner != but)
			runner_end_later(&thread->runner);
		*work -= WORK_LOOK;
	}
	process->asking = false;
	return true;
}

/* True when that was all; `left` says whether threads are still on their way out: the last one comes back here. */
static bool ask_threads(struct process *process, int *work, bool *left)
{
	bool done;

	lock_acquire(&process->lock);
	done = !process->asking || end_threads(process, NULL, work);
	*left = process->thread_count;
	lock_release(&process->lock);
	return done;
}

static void set_finishing(struct process *process)
{
	lock_acquire(&process->lock);
	process->finishing = true;
	lock_release(&process->lock);
	if (process->exceptions) /* nobody changes it any more */
		object_put(&process->exceptions->object);
}

/* Nobody waits any more once it has ended. True when nobody is left. */
static bool wake_waiters(struct process *process, int *work)
{
	bool done;

	lock_acquire(&process->lock);
	lock_assert_held(process->waiters.lock);
	for (; !list_is_empty(&process->waiters.runners) && *work > 0; *work -= WORK_WAKE)
		wait_queue_wake_first_again(&process->waiters);
	done = list_is_empty(&process->waiters.runners);
	lock_release(&process->lock);
	return done;
}

static void set_ended(struct process *process)
{
	struct memory *image;

	lock_acquire(&process->lock);
	image = process->image;
	process->image = NULL;
	process->ended = true;
	lock_release(&process->lock);
	if (image)
		object_put(&image->object);
}

/* It is ending, and nobody else does this. */
bool process_finish(struct process *process, int *work)
{
	bool has_threads;

	if (process->ended)
		return wake_waiters(process, work);
	if (!ask_threads(process, work, &has_threads))
		return false;
	if (has_threads)
		return true;
	if (!process->finishing)
		set_finishing(process);
	if (!fault_report_make(process, work))
		return false;
	if (!process->space_is_gone && !aspace_destroy(&process->aspace, work))
		return false;
	process->space_is_gone = true;
	if (!handle_table_clear(process, work))
		return false;
	set_ended(process);
	return wake_waiters(process, work);
}

static void set_ending(struct process *process, const struct process_result *result) REQUIRES(process->lock)
{
	arch_store(&process->ending, true);
	process->result = *result;
}

void process_remove_thread(struct process *process, struct thread *thread)
{
	bool last, finished_elsewhere;

	lock_acquire(&process->lock);
	tree_take(&process->threads, &thread->sibling);
	process->thread_count--;
	count(process, thread);
	last = !process->thread_count;
	finished_elsewhere = process->asking;
	if (last && !process->ending)
		set_ending(process, &(struct process_result){.reason = END_REASON_EXITED});
	lock_release(&process->lock);
	if (last && !finished_elsewhere)
		object_finish_later(&process->object);
	else
		object_put(&process->object);
}

/* `fault` is NULL if it is none. */
static void end(struct process *process, const char *fault, const struct process_result *result)
{
	bool is_own = this_hart()->current && current_process() == process, begins;
	bool needs_finish = false;
	int work = WORK_PASS / 4;

	lock_acquire(&process->lock);
	begins = !process->ending;
	if (begins) {
		set_ending(process, result);
		process->report.fault = fault;
		/* Without threads, or with more than can be asked now, it goes on as work, with a reference: unless the last one
		   has just gone, when it comes to process_destroy. */
		needs_finish = !process->thread_count || !end_threads(process, this_hart()->current, &work);
		needs_finish = needs_finish && !object_take(&process->object);
		process->asking = needs_finish;
	}
	lock_release(&process->lock);
	if (needs_finish)
		object_finish_later(&process->object);
	if (begins && is_own)
		thread_end_current();
}

void process_end(struct process *process, const struct process_result *result)
{
	end(process, NULL, result);
}

void process_fail(struct process *process, const char *fault, const struct process_result *result)
{
	end(process, fault, result);
}

/*
 * Several may come here with no reference left, or with those of its own table alone: each has given one back before it looks.
 *
 *   one                                 another
 *   gives back, one is left
 *                                       gives back, none is left
 *                                       lock; none: left; unlock
 *   lock; none, but it is left; unlock
 */
bool process_is_left(struct process *process)
{
	uint32_t references;
	bool left;

	lock_acquire(&process->lock);
	references = __atomic_load_n(&process->object.references, __ATOMIC_RELAXED);
	left = !process->left && (!references || (!process->ending && !process->thread_count &&
							 references == process->self_handles));
	if (left && !process->ending)
		set_ending(process, &(struct process_result){.reason = END_REASON_EXITED});
	process->left |= left;
	lock_release(&process->lock);
	return left;
}

/*
 * A process that never had a thread, or was abandoned, has not been finished. An abandoned one has references, from
 * its own table. With the last reference it comes here again.
 */
void process_destroy(struct process *process)
{
	struct account *account = process->account;

	if (!process->ended) {
		process->left = false;
		object_revive(&process->object);
		object_finish_later(&process->object);
		return;
	}
	lock_acquire(&all_lock);
	tree_take(&all, &process->all);
	lock_release(&all_lock);
	receptions_end(process);
	object_free(&processes, process);
	account_put(account);
	audit_sometimes();
}
