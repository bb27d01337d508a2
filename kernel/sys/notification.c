/* Calls about notifications. */
#include "object/notification.h"

#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/thread.h"

handle_result sys_notification_create(void)
{
	struct notification *notification = notification_create();

	if (!notification)
		return (handle_result){-ENOMEM};

	handle_result result = handle_add(current_process(), &notification->object, RIGHTS_NOTIFICATION_ALL);

	object_put(&notification->object);
	return result;
}

long sys_notification_signal(struct notification *n, uint64_t bits)
{
	if (!notification_has(bits))
		return -EINVAL;

	return notification_signal(n, bits);
}

long sys_notification_wait(struct notification *n, uint64_t mask, uint64_t deadline)
{
	if (!notification_has(mask))
		return -EINVAL;

	return notification_wait(n, mask, deadline);
}
