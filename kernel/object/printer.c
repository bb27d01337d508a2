/* See printer.h. Which lines are to be printed is log.c's. */
#include "object/printer.h"

#include "log.h"
#include "object/notification.h"

enum { WORK_LINE = WORK_PASS };

static struct spinlock printer_lock;
static struct notification *printer; /* without a reference; NULL: none. Atomic, changed with the lock */
static uint64_t printer_bits GUARDED_BY(printer_lock);

static void tell(void)
{
	lock_acquire(&printer_lock);
	if (printer)
		notification_signal(printer, printer_bits);
	lock_release(&printer_lock);
}

int printer_set(struct notification *notification, uint64_t bits)
{
	int error = 0;

	lock_acquire(&printer_lock);
	if (printer)
		error = -EBUSY;
	else if (notification_is_gone(notification))
		error = -EBADF; /* if it goes from now on, printer_leave waits for the lock */
	if (!error) {
		arch_store(&printer, notification);
		printer_bits = bits;
		log_hand_over(tell);
	}
	lock_release(&printer_lock);
	return error;
}

long printer_next(struct notification *notification, struct user_out to)
{
	char line[LOG_LINE];
	size_t size;
	int error;

	if (__atomic_load_n(&printer, __ATOMIC_RELAXED) != notification)
		return -EINVAL;
	size = log_take(line);
	if (!size)
		return 0;
	error = user_copy_out(to, 0, line, size);
	if (error)
		log_put_back();
	return error ? error : (long)size;
}

static bool is_printer(const struct notification *notification)
{
	bool is;

	lock_acquire(&printer_lock);
	is = printer == notification;
	lock_release(&printer_lock);
	return is;
}

/* Each line has a pass of its own, since the firmware is slow. */
bool printer_leave(struct notification *notification, int *work)
{
	if (!is_printer(notification))
		return true;
	for (;;) {
		if (*work < WORK_PASS - WORK_OBJECT)
			*work = 0;
		if (*work <= 0)
			return false;
		*work -= WORK_LINE;
		if (!log_take_back_line())
			break;
	}
	lock_acquire(&printer_lock);
	arch_store(&printer, NULL);
	lock_release(&printer_lock);
	return true;
}
