/*
 * Processes: made and destroyed, found among all, and what there is to tell of one. For the calls about processes, object.c and
 * audits. `all_lock` guards the tree of all, the process's own lock what is in one. Nothing here loads a program
 * (process_load.c), has to do with one thread (process_threads.c), or ends anything (process_end.c).
 */
#include "object/process.h"

#include "abi/abi.h"
#include "lib/string.h"
#include "object/audit.h"
#include "object/process_parts.h"
#include "object/reception.h"
#include "panic.h"

/* Before interrupts are let in: threads that are counted, and processes passed by. */
enum { COUNTED_AT_ONCE = 64, PASSED_AT_ONCE = 32 };

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

static bool has_started(const struct process *process)
{
	return __atomic_load_n(&process->started, __ATOMIC_RELAXED);
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

bool process_all_are(bool (*good)(struct process *process))
{
	bool result = true;

	lock_acquire(&all_lock);
	for (struct tree_node *at = all.first; at && result; at = at->next)
		result = good(container_of(at, struct process, all));
	lock_release(&all_lock);
	return result;
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

/* Counts those behind *last: false when there are more than go at once. */
static bool count_time(struct process *process, uint32_t *last) REQUIRES(process->lock)
{
	struct thread *thread = thread_after(process, *last);

	for (unsigned i = 0; thread && i < COUNTED_AT_ONCE; i++, thread = next_sibling(thread)) {
		count_thread(process, thread);
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
