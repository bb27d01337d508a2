/* Calls about endpoints. */
#include "object/endpoint.h"

#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/thread.h"

/* A handle to a new object, which goes when there is none. */
static handle_result handle_to(struct endpoint *endpoint, uint32_t rights)
{
	handle_result result = handle_add(current_process(), &endpoint->object, rights);

	object_put(&endpoint->object);
	return result;
}

handle_result sys_endpoint_create(void)
{
	struct endpoint *endpoint = endpoint_create();

	return endpoint ? handle_to(endpoint, RIGHTS_ENDPOINT_ALL) : (handle_result){-ENOMEM};
}

handle_result sys_endpoint_badge(struct endpoint *e, uint64_t badge)
{
	if (!badge)
		return (handle_result){-EINVAL};

	struct endpoint *made = endpoint_create_badge(e, badge);

	return made ? handle_to(made, RIGHTS_ENDPOINT_ALL & ~(uint32_t)RIGHT_ENDPOINT_RECEIVE)
		    : (handle_result){-ENOMEM};
}

int sys_ipc_call(struct endpoint *e, struct message *message)
{
	return endpoint_call(e, message);
}

int sys_ipc_receive(struct endpoint *e, struct message *message)
{
	return endpoint_receive(e, message);
}

int sys_ipc_reply(struct endpoint *e, struct message *message)
{
	return endpoint_reply(e, message);
}

int sys_ipc_reply_receive(struct endpoint *e, struct message *message)
{
	TRY(endpoint_reply(e, message));
	return endpoint_receive(e, message);
}
