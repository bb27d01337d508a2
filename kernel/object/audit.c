/*
 * Audits: all page tables are walked, and all tables of handles. A page has to be the one that its memory object has
 * there, which can be told at any time, with the locks of both; and so can what a table of handles says of itself.
 *
 * When nothing else goes on, no frame may be in two places either: each page is entered in a table of frames with the
 * place in a memory object that it shows. A frame that is found at a second place is an accident, if anybody may write to
 * it. The table is as large as a machine of 128 MiB needs; frames beyond are left out. Then also no object has more names
 * than references, each thread stands where its state says, and all that has been given out is charged to somebody.
 */
#include "object/audit.h"

#include "bootargs.h"
#include "lib/string.h"
#include "log.h"
#include "mem/account.h"
#include "mem/frame.h"
#include "mem/pool.h"
#include "mem/share.h"
#include "object/futex.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/thread.h"
#include "panic.h"

#if DEBUG_CHECKS
enum { FRAMES = 1 << 15, OBJECTS = 1 << 12, OFTEN = 64 };

static struct {
	const struct memory *memory;
	uint64_t page;
	bool is_written;
} places[FRAMES];

/* By a hash of the object's number. What does not fit any more is left out. */
static struct {
	const struct object *object;
	uint32_t names;
} named[OBJECTS];
static unsigned named_count;

static uint64_t first_frame;
static unsigned audits, ended;
static unsigned long pages_seen;

static bool fits(paddr_t frame, enum prot prot, const struct memory *memory, uint64_t page)
{
	uint64_t number = (frame.value >> PAGE_SHIFT) - first_frame;

	pages_seen++;
	if (number >= FRAMES || memory_is_device(memory))
		return true;
	if (places[number].memory && (places[number].memory != memory || places[number].page != page) &&
		(places[number].is_written || prot & PROT_WRITE)) {
		log_error("audit: frame 0x%lx is page %lu of memory %lu and page %lu of memory %lu",
			frame.value, places[number].page, places[number].memory->object.id, page,
			memory->object.id);
		return false;
	}
	places[number].memory = memory;
	places[number].page = page;
	places[number].is_written |= (prot & PROT_WRITE) != 0;
	return true;
}

/* ---- names */

/* How often an object has been named before; NULL when there is no room for it. */
static uint32_t *names_of(const struct object *object)
{
	uint64_t at = object->id;

	if (named_count == OBJECTS / 2)
		return NULL;
	while (named[at % OBJECTS].object && named[at % OBJECTS].object != object)
		at++;
	if (!named[at % OBJECTS].object) {
		named[at % OBJECTS].object = object;
		named_count++;
	}
	return &named[at % OBJECTS].names;
}

/* Of an object with a handle, besides its handles: what shows a memory object, and the threads of a process. */
static uint32_t first_names(struct object *object) NO_LOCK_ANALYSIS
{
	const struct list *list;
	uint32_t count = 0;

	if (object->type == OBJECT_PROCESS)
		return process_of(object)->thread_count;
	if (object->type != OBJECT_MEMORY)
		return 0;
	list = &memory_of(object)->mappings;
	for (const struct list *at = list->next; at != list; at = at->next)
		count++;
	return count;
}

static bool has_reference(struct object *object)
{
	uint32_t *names = names_of(object),
		 references = __atomic_load_n(&object->references, __ATOMIC_RELAXED);

	if (names && !*names)
		*names = first_names(object);
	if (!names || ++*names <= references)
		return true;
	log_error("audit: object %lu, of type %u, has %u references, and more names", object->id,
		object->type, references);
	return false;
}

/* ---- queues */

static bool is_in(const struct list *list, const struct list *node)
{
	for (const struct list *at = list->next; at != list; at = at->next)
		if (at == node)
			return true;
	return false;
}

/* Who waits apart is in no list, and who has been taken out to be woken in no queue. */
static bool waits_rightly(struct runner *runner)
{
	const struct wait_queue *queue = runner_queue(runner);

	if (queue && queue->kind == WAITS_FOR_FUTEX)
		return futex_has(queue, runner);
	if (queue && queue->kind == WAITS_FOR_NOTIFICATION)
		return notification_is_awaited(queue, runner);
	if (list_is_empty(&runner->waiting))
		return queue || runner->mail;
	return queue && is_in(&queue->runners, &runner->waiting);
}

/* Of one that runs, `ready` may be left as it was; whoever is in a queue of its hart is looked at by sched_audit. */
static bool stands_rightly(struct runner *runner)
{
	const struct hart *home = runner->frame.hart;

	if (runner->state == RUNNER_WAITING || (runner->state == RUNNER_RUNNING && home->current != runner))
		return waits_rightly(runner);
	if (runner_queue(runner) || !list_is_empty(&runner->waiting))
		return false;
	if (runner->state == RUNNER_READY)
		return is_in(&home->ready[runner->priority], &runner->ready);
	return true;
}

static bool stands(const struct process *process, struct thread *thread)
{
	if (stands_rightly(&thread->runner))
		return true;
	log_error("audit: thread %u of process %u (%s) is in state %u and not where that is", thread->id,
		process->id, process->name, thread->runner.state);
	return false;
}

static bool threads_stand_rightly(const struct process *process) NO_LOCK_ANALYSIS
{
	uint32_t count = 0;

	for (const struct tree_node *at = process->thread_count ? process->threads.first : NULL; at;
		at = at->next, count++)
		if (!stands(process, container_of(at, struct thread, sibling)))
			return false;
	return count == process->thread_count;
}

/* ---- memory */

/*
 * Pieces of pools, and the frames that are no pool's, are charged to each who has one. The architecture has taken some at
 * boot, for tables of the kernel's own, which nobody pays: as many as at the first look for ever.
 */
static bool all_is_charged(void)
{
	static uint64_t own = UINT64_MAX;
	uint64_t pieces, charged = account_total(), given;
	size_t slabs;

	pool_totals(&pieces, &slabs);
	given = pieces + (frame_count() - frame_free_count() - slabs + share_count()) * PAGE_SIZE;
	if (own == UINT64_MAX)
		own = given - charged;
	if (given == charged + own)
		return true;
	log_error("audit: %lu bytes are charged, %lu have been given out, of which %lu at boot", charged,
		given, own);
	return false;
}

/* ---- all processes */

static bool is_good_with(struct process *process, aspace_audit_page *also)
{
	if (aspace_audit(&process->aspace, also))
		return true;
	log_error("audit: the page table of process %u (%s) is wrong", process->id, process->name);
	return false;
}

static bool has_good_handles(struct process *process, handle_audit *also)
{
	if (handle_table_audit(process, also))
		return true;
	log_error("audit: the table of handles of process %u (%s) is wrong", process->id, process->name);
	return false;
}

static bool is_good(struct process *process)
{
	return is_good_with(process, NULL) && has_good_handles(process, NULL);
}

static bool is_good_and_alone(struct process *process)
{
	return is_good_with(process, fits) && has_good_handles(process, has_reference) &&
	       threads_stand_rightly(process);
}

void audit_now(void)
{
	first_frame = arch_machine()->memory[0].start >> PAGE_SHIFT;
	for (unsigned i = 0; i < FRAMES; i++)
		places[i].memory = NULL, places[i].is_written = false;
	memset(named, 0, sizeof(named));
	named_count = 0;
	assert(process_all_are(is_good_and_alone));
	assert(sched_audit(this_hart()));
	assert(frame_audit());
	assert(all_is_charged());
	audits++;
	this_hart()->stretch.since = 0; /* what debug builds do here is not what others would wait for */
	log_debug("audit: %u made, %lu pages seen", audits, pages_seen);
}

/* While other harts go on. */
static void audit_live(void)
{
	assert(process_all_are(is_good));
	log_debug("audit: made while %u harts run", hart_count());
}

/* `audit=each` on the command line: for tests that want to know at once. */
static bool is_due(void)
{
	char answer[8];

	return __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED) % OFTEN == 0 ||
	       (bootargs_option(arch_machine()->bootargs, "audit", answer, sizeof(answer)) &&
		       !strcmp(answer, "each"));
}

void audit_sometimes(void)
{
	if (!is_due())
		return;
	if (hart_count() == 1)
		audit_now();
	else
		audit_live();
}
#endif
