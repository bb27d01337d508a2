/*
 * Futexes. All of them share some queues, chosen by a hash. A waiter holds no reference to its memory object: the
 * id that it waits for is never used again, so it can't be taken for a waiter of a later object.
 */
#include "object/futex.h"

#include "abi/abi.h"
#include "lock.h"
#include "object/aspace.h"
#include "sched.h"

/* Those who are woken before interrupts are let in. */
enum { WOKEN_AT_ONCE = 16 };

/*
 * A call that wakes more goes on with those who waited when it began, and no others: one that it has woken may wait again at
 * once, and it would never end. So it moves those who wait to `early` at its beginning; who comes later is behind them.
 */
struct futex_queue {
	struct spinlock lock;
	struct wait_queue waiters; /* runner->wants is the key */
	struct list early; /* of these, who came before; guarded by the lock, too */
};

/* What a word is known by. */
struct key {
	uint64_t id; /* of its memory object */
	uint64_t offset;
};

static struct futex_queue queues[CONFIG_FUTEX_QUEUES];

STATIC_ASSERT(!(CONFIG_FUTEX_QUEUES & (CONFIG_FUTEX_QUEUES - 1)));

void futex_init(void)
{
	for (unsigned i = 0; i < CONFIG_FUTEX_QUEUES; i++) {
		wait_queue_init(&queues[i].waiters, &queues[i].lock);
		queues[i].waiters.kind = WAITS_FOR_FUTEX;
		list_init(&queues[i].early);
	}
}

static struct futex_queue *queue_of(struct key key)
{
	/* Multiplying by an odd number spreads the low bits into the high ones. */
	uint64_t hash = (key.id ^ key.offset << 20) * 0x9e3779b97f4a7c15;

	return &queues[hash >> 32 & (CONFIG_FUTEX_QUEUES - 1)];
}

static bool waits_for(const struct runner *runner, struct key key)
{
	return runner->wants[0] == key.id && runner->wants[1] == key.offset;
}

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
	runner->wants[1] = key.offset;
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
		struct key key = {memory->object.id, offset};
		struct futex_queue *queue = queue_of(key);

		lock_acquire(&queue->lock);
		result = wait_if(queue, key, word, expected, deadline);
		lock_release(&queue->lock);
	}
	object_put(&memory->object);
	return result;
}

/* Of those who came early, or of the others. */
static uint32_t wake(struct futex_queue *queue, bool early, struct key key, uint32_t count)
	REQUIRES(queue->lock)
{
	const struct list *list = early ? &queue->early : &queue->waiters.runners;
	uint32_t woken = 0;

	for (struct list *at = list->next, *next; at != list && woken < count; at = next) {
		struct runner *runner = container_of(at, struct runner, waiting);

		next = at->next;
		lock_assert_held(runner->queue->lock);
		if (waits_for(runner, key)) {
			runner_wake_with(runner, 0);
			woken++;
		}
	}
	return woken;
}

/* The next ones, at most so many of those who waited when the first were woken. */
static uint32_t wake_next(struct futex_queue *queue, struct key key, uint32_t most, bool is_first)
	REQUIRES(queue->lock)
{
	uint32_t woken = wake(queue, true, key, most);

	if (!is_first)
		return woken;
	woken += wake(queue, false, key, most - woken);
	if (woken == WOKEN_AT_ONCE)
		list_append_all(&queue->early, &queue->waiters.runners);
	return woken;
}

int futex_wake(struct aspace *aspace, uaddr_t at, uint32_t count, uint64_t *woken, bool *more)
{
	uint64_t left = count - *woken;
	uint32_t most = left < WOKEN_AT_ONCE ? (uint32_t)left : WOKEN_AT_ONCE, now;
	struct memory *memory;
	struct key key;

	TRY(aspace_find(aspace, at.value, &memory, &key.offset));
	key.id = memory->object.id;
	object_put(&memory->object);

	struct futex_queue *queue = queue_of(key);

	lock_acquire(&queue->lock);
	now = wake_next(queue, key, most, !*woken);
	lock_release(&queue->lock);
	*woken += now;
	*more = now == WOKEN_AT_ONCE && *woken < count;
	return 0;
}

const struct list *futex_early(const struct wait_queue *waiters)
{
	return &container_of(waiters, const struct futex_queue, waiters)->early;
}
