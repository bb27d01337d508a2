/* Interrupts of devices. Each number has a lock, held while it fires, so nobody ends its taker meanwhile. */
#include "object/interrupt.h"

#include "arch.h"
#include "lock.h"
#include "object/notification.h"
#include "object/thread.h"

struct line {
	struct spinlock lock;
	struct interrupt *taker MEMBER_GUARDED_BY(lock); /* NULL: none */
};

static struct line lines[CONFIG_INTERRUPTS];

static struct object_pool interrupts =
	OBJECT_POOL_INIT(interrupts, struct interrupt, object, OBJECT_INTERRUPT);

static bool is_there(unsigned number)
{
	return number && number < arch_interrupt_count() && number < CONFIG_INTERRUPTS;
}

/* Makes it the one taker of its number. */
static int take(struct interrupt *interrupt)
{
	struct line *line = &lines[interrupt->number];
	int error = -EBUSY;

	lock_acquire(&line->lock);
	if (!line->taker) {
		error = 0;
		line->taker = interrupt;
		arch_interrupt_enable(interrupt->number);
	}
	lock_release(&line->lock);
	return error;
}

static int make(
	unsigned number, struct notification *notification, uint64_t bits, struct interrupt *interrupt)
{
	TRY(object_take(&notification->object));
	interrupt->number = number;
	interrupt->notification = notification;
	interrupt->bits = bits;

	int error = take(interrupt);

	if (error)
		object_put(&notification->object);
	return error;
}

int interrupt_create(
	unsigned number, struct notification *notification, uint64_t bits, struct interrupt **result)
{
	struct interrupt *interrupt;
	int error;

	if (!is_there(number))
		return -EINVAL;
	interrupt = object_alloc(&interrupts, current_account());
	if (!interrupt)
		return -ENOMEM;
	error = make(number, notification, bits, interrupt);
	if (error)
		object_free(&interrupts, interrupt);
	*result = interrupt;
	return error;
}

void interrupt_acknowledge(struct interrupt *interrupt)
{
	arch_interrupt_unmask(interrupt->number);
}

void interrupt_read_info(const struct interrupt *interrupt, struct interrupt_info *info)
{
	info->object = interrupt->object.id;
	info->notification = interrupt->notification->object.id;
	info->bits = interrupt->bits;
	info->number = interrupt->number;
}

void interrupt_fire(unsigned number)
{
	struct line *line;

	if (!is_there(number))
		return;
	line = &lines[number];
	lock_acquire(&line->lock);
	if (line->taker)
		notification_signal(line->taker->notification, line->taker->bits);
	lock_release(&line->lock);
}

void interrupt_destroy(struct interrupt *interrupt)
{
	struct line *line = &lines[interrupt->number];
	struct object *notification = &interrupt->notification->object;

	lock_acquire(&line->lock);
	arch_interrupt_disable(interrupt->number);
	line->taker = NULL;
	lock_release(&line->lock);
	object_free(&interrupts, interrupt);
	object_put(notification);
}
