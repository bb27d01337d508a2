/*
 * The end of objects. An object without references can't be found any more, but other harts may still be working with
 * it. It is put on the hart's list of doomed ones; a batch of these waits until every other hart that was not idle
 * has taken an interrupt, which it does in user mode only, and then ends. Ending one object gives back its references
 * to others, which come into a later batch: so a long chain made by a program can't exhaust the kernel's stack. A process that
 * has given up its last handle to receive from an endpoint leaves it in such a batch, too (reception.h).
 *
 *   this hart                             other hart
 *   last reference gone, object doomed
 *   asks the other, sends IPI             ... still uses the object
 *                                         returns to user mode, takes the IPI
 *                                         answers, sends IPI
 *   takes the IPI: batch ends
 *
 * Counting can't end a circle of references, so there is none without a thread that runs in it and can be ended:
 *
 *   thread -> process                        from its start until it ends
 *   process -> its address space -> memory   regions
 *   memory view -> memory                    always an older one
 *   timer, interrupt -> notification; badge -> endpoint; these and memory that is no view name nothing
 *   process -> whatever its handles name     once it has had a thread: until its last thread ends
 *
 * So a circle without a thread leads through the handles of processes that never had one. Such a one can be given others of
 * its kind only if they are older (process_would_keep), and its own handle does not count (process_is_left).
 */
#include "object/object.h"

#include "arch.h"
#include "hart.h"
#include "lib/bits.h"
#include "object/endpoint.h"
#include "object/interrupt.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/reception.h"
#include "object/system.h"
#include "object/thread.h"
#include "object/timer.h"
#include "panic.h"
#include "sched.h"

static uint64_t last_id;

void object_init(struct object *object, enum object_type type, struct account *account)
{
	object->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	object->type = type;
	object->references = 1;
	object->account = account_take(account);
	list_init(&object->doomed);
}

static struct object *object_in(const struct object_pool *objects, void *thing)
{
	return (struct object *)((char *)thing + objects->offset);
}

void *object_alloc(struct object_pool *objects, struct account *account)
{
	void *thing = pool_alloc(&objects->pool, account);

	if (thing)
		object_init(object_in(objects, thing), objects->type, account);
	return thing;
}

void object_free(struct object_pool *objects, void *thing)
{
	struct account *account = object_in(objects, thing)->account;

	pool_free(&objects->pool, account, thing);
	account_put(account);
}

void object_take_another(struct object *object)
{
	uint32_t before = __atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);

	assert(before && before < UINT32_MAX);
}

void object_revive(struct object *object)
{
	__atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
}

/* What is to be ended is more important than whoever is less so than the thread that caused it. */
void object_work_later(struct list *list, struct list *link)
{
	struct hart *hart = this_hart();
	unsigned priority = hart->current ? hart->current->priority : RUNNER_PRIORITY;

	list_append(list, link);
	hart->has_work = true;
	if (priority > hart->work_priority)
		hart->work_priority = priority;
	hart->work |= WORK_OBJECTS;
}

/* Who waits for a notification is woken before it is doomed, which needs passes like the end of a process. */
static RARE void doom(struct object *object)
{
	struct hart *hart = this_hart();

	object_work_later(
		object->type == OBJECT_NOTIFICATION ? &hart->finishing : &hart->doomed, &object->doomed);
}

void object_signal_later(struct object *notification, uint64_t bits)
{
	struct hart *hart = this_hart();

	hart->signalled = notification_of(notification);
	hart->signal_rest = bits;
	hart->has_work = true;
	hart->work |= WORK_OBJECTS;
}

void object_finish_later(struct object *object)
{
	object_work_later(&this_hart()->finishing, &object->doomed);
}

static RARE void doom_if_left(struct object *process)
{
	if (process_is_left(process_of(process)))
		doom(process);
}

/* It calls others only at its end, so that no register has to be saved. */
void object_put(struct object *object)
{
	/* Release: what was done to the object is seen by whoever ends it, who acquires it here too. */
	uint32_t before = __atomic_fetch_sub(&object->references, 1, __ATOMIC_ACQ_REL);

	assert(before);
	if (object->type == OBJECT_PROCESS)
		doom_if_left(object);
	else if (before == 1)
		doom(object);
}

/* Ends an object that waits for that no more. One of memory takes several passes, and stays at the front until it is gone. */
static void destroy(struct list *dying, struct object *object, int *work)
{
	list_remove(&object->doomed);
	*work -= WORK_OBJECT;
	switch (object->type) {
	case OBJECT_PROCESS:
		process_destroy(process_of(object));
		return;
	case OBJECT_THREAD:
		thread_destroy(thread_of(object));
		return;
	case OBJECT_MEMORY:
		if (!memory_destroy(memory_of(object), work))
			list_insert_before(dying->next, &object->doomed);
		return;
	case OBJECT_ENDPOINT:
		endpoint_destroy(endpoint_of(object));
		return;
	case OBJECT_NOTIFICATION:
		notification_destroy(notification_of(object));
		return;
	case OBJECT_TIMER:
		timer_destroy(timer_of(object));
		return;
	case OBJECT_INTERRUPT:
		interrupt_destroy(interrupt_of(object));
		return;
	case OBJECT_SYSTEM:
	case OBJECT_ANY:
		break;
	}
	panic("object type %d has no end", object->type);
}

/* Asks every other hart that may be in the kernel now to say when it has left. An idle one holds nothing. */
static void ask_for_grace(struct hart *hart)
{
	uint32_t self = 1u << hart->index;

	for (unsigned i = 0; i < hart_count(); i++) {
		struct hart *other = &harts[i];

		if (other == hart || __atomic_load_n(&other->idle, __ATOMIC_SEQ_CST))
			continue;
		__atomic_fetch_add(&hart->grace_answers_due, 1, __ATOMIC_RELAXED);
		__atomic_fetch_or(
			&other->grace_requests, self, __ATOMIC_RELEASE); /* partner: the exchange below */
		arch_send_ipi(other);
	}
}

void object_answer_graces(void)
{
	uint32_t requests = __atomic_exchange_n(&this_hart()->grace_requests, 0, __ATOMIC_ACQ_REL);

	for (; requests; requests &= requests - 1) {
		struct hart *asking = &harts[bits_lowest(requests)];

		/* Release: all that this hart did with the object is over. Partner: the load in object_reclaim. */
		if (__atomic_sub_fetch(&asking->grace_answers_due, 1, __ATOMIC_RELEASE) == 0)
			arch_send_ipi(asking);
	}
}

static void finish(struct object *object, int *work)
{
	bool is_notification = object->type == OBJECT_NOTIFICATION, done;

	/* Out of the list before, since another hart may take it into its own as soon as it is done here. */
	list_remove(&object->doomed);
	*work -= WORK_OBJECT;
	if (is_notification)
		done = notification_dismiss(notification_of(object), work);
	else if (object->type == OBJECT_ENDPOINT)
		done = endpoint_finish(endpoint_of(object), work);
	else
		done = process_finish(process_of(object), work);
	if (!done)
		list_insert_before(this_hart()->finishing.next, &object->doomed);
	else if (is_notification)
		object_work_later(&this_hart()->doomed, &object->doomed);
	else
		object_put(object);
}

/* Does the next piece of what is due; false when nothing is. */
static bool advance(struct hart *hart, int *work)
{
	if (!list_is_empty(&hart->finishing)) {
		finish(list_first(&hart->finishing, struct object, doomed), work);
		return true;
	}
	if (__atomic_load_n(&hart->grace_answers_due, __ATOMIC_ACQUIRE))
		return false;
	if (!list_is_empty(&hart->left)) {
		reception_go_on(list_first(&hart->left, struct reception, link), work);
		return true;
	}
	if (!list_is_empty(&hart->dying)) {
		destroy(&hart->dying, list_first(&hart->dying, struct object, doomed), work);
		return true;
	}
	if (list_is_empty(&hart->doomed) && list_is_empty(&hart->leaving))
		return false;
	list_append_all(&hart->dying, &hart->doomed);
	list_append_all(&hart->left, &hart->leaving);
	ask_for_grace(hart);
	/* Nobody to wait for: again, but first mail is taken, for which a thread among them may wait (thread_destroy). */
	if (!__atomic_load_n(&hart->grace_answers_due, __ATOMIC_RELAXED))
		hart->work |= WORK_MAIL | WORK_OBJECTS;
	return false;
}

/*
 * Does the rest of a signal, whoever is ready: it may be for somebody more important. It ends, since no timer fires meanwhile, nor for
 * some time after that.
 */
static RARE void signal_on(struct hart *hart)
{
	while (hart->signalled) {
		if (hart->work & WORK_IPIS)
			sched_send_ipis();
		arch_take_interrupts();
		notification_go_on();
	}
}

/*
 * Interrupts are let in in front of the first pass, too: what was done before it, such as the call that caused it, or the last
 * of these, has taken its time already.
 */
static void work_on(struct hart *hart)
{
	bool more = true;

	hart->postponed = false;
	for (;;) {
		int pass = WORK_PASS;

		/* As in front of a thread of user mode: no object is held here but those that are going. */
		arch_take_interrupts();
		if (hart->signalled)
			signal_on(hart);
		if (sched_is_above(hart->work_priority)) {
			hart->postponed = true;
			return;
		}
		while (more && pass > 0)
			more = advance(hart, &pass);
		if (!more)
			break;
		if (hart->work & WORK_IPIS)
			sched_send_ipis();
	}
	/* Those that are dying wait for other harts, which will tell, or come next. */
	if (!list_is_empty(&hart->dying) || !list_is_empty(&hart->left))
		return;
	hart->has_work = false;
	hart->work_priority = 0;
}

void object_reclaim(void)
{
	struct hart *hart = this_hart();

	if (hart->has_work)
		work_on(hart);
}
