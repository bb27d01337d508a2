/*
 * Futexes. All of them share some queues, chosen by a hash. A waiter holds no reference to its memory object: the
 * id that it waits for is never used again, so it can't be taken for a waiter of a later object.
 *
 * Some waiters of a queue, few, stand in its list, whatever they wait for. When there are more, those who come stand apart, by
 * words: the first at each word in a tree, by the hash, and the others at that word in a ring with it. Who comes when others
 * stand apart for the same word goes behind these, so whoever is in the list has come before them.
 */
#include "object/futex.h"

#include "abi/abi.h"
#include "lock.h"
#include "object/aspace.h"
#include "object/thread.h"
#include "sched.h"

/* In a queue's list. */
enum { LISTED_MOST = 16 };

/*
 * A call that wakes more goes on with those who waited when it began, and no others: one that it has woken may wait again at
 * once, and it would never end. Their turns tell.
 */
struct futex_queue {
	struct spinlock lock;
	struct wait_queue waiters; /* runner->wants is the key */
	unsigned listed; /* who stand in the list; guarded by the lock, as all below */
	uint64_t last_turn;
	struct tree words; /* of those who stand apart */
} __attribute__((aligned(2 * CONFIG_CACHE_LINE))); /* a power of two: it is found by a shift */

/* What a word is known by: of two words of one object the hashes differ. */
struct key {
	uint64_t id; /* of its memory object */
	uint64_t hash; /* never 0 */
};

static struct futex_queue queues[CONFIG_FUTEX_QUEUES];

/* Odd numbers that programs don't know: so they can't choose words of several objects that have one hash. */
static uint64_t spread[2];

STATIC_ASSERT(!(CONFIG_FUTEX_QUEUES & (CONFIG_FUTEX_QUEUES - 1)));

static bool waiter_left(struct runner *runner, int why);

void futex_init(void)
{
	spread[0] = hart_random() | 1;
	spread[1] = hart_random() | 1;
	for (unsigned i = 0; i < CONFIG_FUTEX_QUEUES; i++) {
		wait_queue_init(&queues[i].waiters, &queues[i].lock);
		queues[i].waiters.kind = WAITS_FOR_FUTEX;
		queues[i].waiters.left = waiter_left;
		tree_init(&queues[i].words, hart_random());
	}
}

/* Multiplying by an odd number loses nothing. The highest bit says that it is a hash: no offset is so large that it matters. */
static struct key key_of(const struct memory *memory, uint64_t offset)
{
	uint64_t id = memory->object.id;

	return (struct key){id, (id * spread[0] + offset / sizeof(uint32_t) * spread[1]) | 1ul << 63};
}

static struct futex_queue *queue_of(struct key key)
{
	return &queues[key.hash >> 32 & (CONFIG_FUTEX_QUEUES - 1)];
}

static struct futex_wait *wait_of(struct runner *runner)
{
	return &container_of(runner, struct thread, runner)->futex;
}

static struct runner *runner_at(struct tree_node *node)
{
	return &container_of(node, struct thread, futex.word)->runner;
}

static bool waits_for(const struct runner *runner, struct key key)
{
	return runner->wants[1] == key.hash && runner->wants[0] == key.id;
}

/* ---- those who stand apart */

/* Where a word with this hash is, or would be before; NULL: behind all. */
static struct tree_node *place_of(const struct futex_queue *queue, struct key key)
{
	return queue->words.first ? tree_after(&queue->words, key.hash - 1) : NULL;
}

/* The first at a word, from its place on; NULL when nobody stands apart for it. */
static struct runner *first_at(struct tree_node *place, struct key key)
{
	for (; place && place->key == key.hash; place = place->next)
		if (waits_for(runner_at(place), key))
			return runner_at(place);
	return NULL;
}

/* The next one in the ring; NULL when it is alone. */
static struct runner *next_apart(struct runner *runner)
{
	return list_is_empty(&runner->waiting) ? NULL : list_first(&runner->waiting, struct runner, waiting);
}

/* Behind what was or is before its place in the tree. */
static void stand_first(struct futex_queue *queue, struct runner *runner, struct tree_node *previous)
	REQUIRES(queue->lock)
{
	struct tree_node *word = &wait_of(runner)->word;

	if (previous)
		tree_insert_after(&queue->words, word, runner->wants[1], previous);
	else
		tree_insert(&queue->words, word, runner->wants[1]);
}

/* Behind who stands apart for the word, if somebody does; else in the list, if there is room. */
static RARE int wait_in_crowd(struct futex_queue *queue, struct key key, uint64_t deadline)
	REQUIRES(queue->lock)
{
	struct tree_node *place = place_of(queue, key);
	struct runner *runner = this_hart()->current, *first = first_at(place, key);

	lock_assert_held(queue->waiters.lock);
	if (!first && queue->listed < LISTED_MOST) {
		queue->listed++;
		return runner_wait(&queue->waiters, deadline);
	}
	wait_of(runner)->word.key = key.hash;
	wait_of(runner)->word.weight = 0;
	if (first)
		list_append(&first->waiting, &runner->waiting);
	else
		stand_first(queue, runner, place ? place->previous : queue->words.last);
	return runner_wait_apart(&queue->waiters, deadline, NULL);
}

/* Somebody who has been the first at a word stands there no more: the next one does. */
static void leave_first(struct futex_queue *queue, struct runner *first) REQUIRES(queue->lock)
{
	struct runner *next = next_apart(first);
	struct tree_node *previous = wait_of(first)->word.previous;

	tree_take(&queue->words, &wait_of(first)->word);
	if (next)
		stand_first(queue, next, previous);
}

/* Called with the lock when one leaves that nobody woke. */
static bool waiter_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	struct futex_queue *queue = container_of(runner->queue, struct futex_queue, waiters);
	struct futex_wait *wait = wait_of(runner);

	(void)why;
	if (!wait->word.key)
		queue->listed--;
	else if (tree_has(&wait->word))
		leave_first(queue, runner);
	return true;
}

/* ---- waiting */

static int wait_if(struct futex_queue *queue, struct key key, const uint32_t *word, uint32_t expected,
	uint64_t deadline) REQUIRES(queue->lock)
{
	struct runner *runner = this_hart()->current;

	/* User mode changes it at any time; who changes it and then wakes takes the queue's lock after this look. */
	if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected)
		return -EAGAIN;
	if (arch_time_now() >= deadline)
		return -ETIMEDOUT;
	runner->wants[0] = key.id;
	runner->wants[1] = key.hash;
	wait_of(runner)->turn = ++queue->last_turn;
	wait_of(runner)->word.key = 0; /* it is in the list */
	if (queue->words.first || queue->listed == LISTED_MOST)
		return wait_in_crowd(queue, key, deadline);
	queue->listed++;
	lock_assert_held(queue->waiters.lock);
	return runner_wait(&queue->waiters, deadline);
}

/* The word as the kernel sees it. */
static int find_word(struct memory *memory, uint64_t offset, const uint32_t **word)
{
	paddr_t frame;

	if (memory_is_device(memory))
		return -EFAULT;
	TRY(memory_frame(memory, offset >> PAGE_SHIFT, &frame));
	*word = (const uint32_t *)((const char *)direct(frame) + (offset & (PAGE_SIZE - 1)));
	return 0;
}

int futex_wait(struct aspace *aspace, uaddr_t at, uint32_t expected, uint64_t deadline)
{
	struct memory *memory;
	const uint32_t *word;
	uint64_t offset;
	int result;

	TRY(aspace_find(aspace, at.value, &memory, &offset));
	result = find_word(memory, offset, &word);
	if (!result) {
		struct key key = key_of(memory, offset);
		struct futex_queue *queue = queue_of(key);

		lock_acquire(&queue->lock);
		result = wait_if(queue, key, word, expected, deadline);
		lock_release(&queue->lock);
	}
	object_put(&memory->object);
	return result;
}

/* ---- waking */

/* Of those in the list, so many at most, as far as they have come before this turn is over. */
static uint32_t wake_listed(struct futex_queue *queue, struct key key, uint32_t most, uint64_t last)
	REQUIRES(queue->lock)
{
	uint32_t woken = 0;

	wait_queue_each(runner, &queue->waiters)
	{
		if (woken == most)
			break;
		lock_assert_held(runner->queue->lock);
		if (waits_for(runner, key) && wait_of(runner)->turn <= last) {
			runner_wake_with(runner, 0);
			queue->listed--;
			woken++;
		}
	}
	return woken;
}

/* The same of those who stand apart. */
static RARE uint32_t wake_apart(struct futex_queue *queue, struct key key, uint32_t most, uint64_t last)
	REQUIRES(queue->lock)
{
	struct runner *first = first_at(place_of(queue, key), key), *next = first;
	struct tree_node *previous;
	uint32_t woken = 0;

	if (!first || !most || wait_of(first)->turn > last)
		return 0;
	previous = wait_of(first)->word.previous;
	tree_take(&queue->words, &wait_of(first)->word);
	for (; next && woken < most && wait_of(next)->turn <= last; woken++) {
		struct runner *runner = next;

		next = next_apart(runner);
		lock_assert_held(runner->queue->lock);
		runner_wake_with(runner, 0);
	}
	if (next)
		stand_first(queue, next, previous);
	return woken;
}

static uint32_t wake(struct futex_queue *queue, struct key key, uint32_t most, struct futex_waking *waking)
	REQUIRES(queue->lock)
{
	uint32_t woken;

	if (!waking->woken)
		waking->last = queue->last_turn;
	woken = wake_listed(queue, key, most, waking->last);
	if (queue->words.first)
		woken += wake_apart(queue, key, most - woken, waking->last);
	waking->woken += woken;
	return woken;
}

int futex_wake(struct aspace *aspace, uaddr_t at, uint32_t count, struct futex_waking *waking, bool *more)
{
	uint64_t left = count - waking->woken, offset;
	uint32_t most = left < FUTEX_WOKEN_AT_ONCE ? (uint32_t)left : FUTEX_WOKEN_AT_ONCE, woken;
	struct memory *memory;
	struct key key;

	TRY(aspace_find(aspace, at.value, &memory, &offset));
	key = key_of(memory, offset);
	object_put(&memory->object);

	struct futex_queue *queue = queue_of(key);

	lock_acquire(&queue->lock);
	woken = wake(queue, key, most, waking);
	lock_release(&queue->lock);
	*more = woken == FUTEX_WOKEN_AT_ONCE && waking->woken < count;
	return 0;
}

/* ---- audits */

static bool is_in(const struct list *list, const struct list *node)
{
	for (const struct list *at = list->next; at != list; at = at->next)
		if (at == node)
			return true;
	return false;
}

bool futex_has(const struct wait_queue *waiters, const struct runner *runner)
{
	const struct futex_queue *queue = container_of(waiters, const struct futex_queue, waiters);
	const struct futex_wait *wait = &container_of(runner, const struct thread, runner)->futex;
	const struct key key = {runner->wants[0], runner->wants[1]};
	const struct runner *first;

	if (!wait->word.key)
		return is_in(&waiters->runners, &runner->waiting);
	first = first_at(place_of(queue, key), key);

	return first && (first == runner || is_in(&first->waiting, &runner->waiting));
}
