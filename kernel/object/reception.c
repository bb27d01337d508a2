/* See reception.h. A process mostly has no tree of receptions; it gets one with the first, and keeps it. */
#include "object/reception.h"

#include "abi/abi.h"
#include "mem/pool.h"
#include "object/endpoint.h"
#include "object/process.h"
#include "object/thread.h"

static struct pool receptions = POOL_INIT(receptions, struct reception);
static struct pool trees = POOL_INIT(trees, struct tree);

static struct reception *reception_at(struct tree_node *node)
{
	return container_of(node, struct reception, node);
}

static struct reception *find(const struct process *process, uint64_t id) REQUIRES(process->lock)
{
	const struct tree *tree = process->handles.receptions;
	struct tree_node *node = tree && tree->first ? tree_after(tree, id - 1) : NULL;

	return node && node->key == id ? reception_at(node) : NULL;
}

static uint64_t id_of(const struct endpoint *endpoint)
{
	return endpoint->port->endpoint.object.id;
}

/* The first of all makes the tree. */
static int make_tree(struct process *process) REQUIRES(process->lock)
{
	struct tree *tree = process->handles.receptions;

	if (tree)
		return 0;
	tree = pool_alloc_unset(&trees, process->account);
	if (!tree)
		return -ENOMEM;
	tree_init(tree, hart_random());
	process->handles.receptions = tree;
	return 0;
}

static int make(struct process *process, uint64_t id) REQUIRES(process->lock)
{
	struct reception *reception;

	TRY(make_tree(process));
	reception = pool_alloc(&receptions, process->account);
	if (!reception)
		return -ENOMEM;
	reception->handles = 1;
	tree_append(process->handles.receptions, &reception->node, id);
	return 0;
}

int reception_add(struct process *process, const struct endpoint *endpoint)
{
	struct reception *reception = find(process, id_of(endpoint));

	if (!reception)
		return make(process, id_of(endpoint));
	reception->handles++;
	return 0;
}

struct reception *reception_take(struct process *process, const struct endpoint *endpoint)
{
	struct reception *reception = find(process, id_of(endpoint));

	assert(reception && reception->handles);
	if (--reception->handles)
		return NULL;
	if (reception->is_leaving) {
		reception->again = true;
		return NULL;
	}
	reception->is_leaving = true;
	return reception;
}

void reception_forget(struct process *process, const struct endpoint *endpoint)
{
	struct reception *reception = find(process, id_of(endpoint));

	if (--reception->handles)
		return;
	if (reception->is_leaving) {
		reception->again = true;
		return;
	}
	tree_take(process->handles.receptions, &reception->node);
	pool_free(&receptions, process->account, reception);
}

/* It stays if there are handles again; else it goes. True when it has to leave once more instead. */
static bool settle(struct process *process, struct reception *reception)
{
	bool again, stays;

	lock_acquire(&process->lock);
	stays = reception->handles;
	again = reception->again && !stays;
	reception->again = false;
	if (stays)
		reception->is_leaving = false;
	else if (!again)
		tree_take(process->handles.receptions, &reception->node);
	lock_release(&process->lock);
	if (!stays && !again)
		pool_free(&receptions, process->account, reception);
	return again;
}

static void leave(struct reception *reception)
{
	reception->swept = 0;
	reception->last_told = 0;
	object_work_later(&this_hart()->leaving, &reception->link);
}

void reception_leave(struct process *process, struct reception *reception, struct port *port, bool is_over)
{
	if (is_over && !settle(process, reception))
		return;
	object_take_another(&process->object);
	object_take_another(&port->endpoint.object);
	reception->server = process;
	reception->port = port;
	leave(reception);
}

static bool has_handles(struct process *process, const struct reception *reception)
{
	bool has;

	lock_acquire(&process->lock);
	has = reception->handles;
	lock_release(&process->lock);
	return has;
}

/*
 * Fails some calls, unless the process can receive again. It may be able to from any moment on, but then it can't get a call
 * before the endpoint's lock is free: so no call fails here that it has received since. True when no more are to.
 */
static bool fail_some(struct reception *reception, int *work)
{
	struct port *port = reception->port;
	bool done;

	lock_acquire(&port->lock);
	done = has_handles(reception->server, reception) ||
	       endpoint_fail_served_by(port, reception->server, &reception->swept, work);
	lock_release(&port->lock);
	return done;
}

/* The same for its threads that receive. True when no more of them do. */
static bool stop_some(struct reception *reception, int *work)
{
	struct port *port = reception->port;
	struct thread *thread;

	for (; *work > 0; *work -= WORK_WAKE) {
		thread = process_next_thread(reception->server, reception->last_told);
		if (!thread)
			return true;
		reception->last_told = thread->id;
		lock_acquire(&port->lock);
		if (!has_handles(reception->server, reception))
			endpoint_stop_receiver(port, thread);
		lock_release(&port->lock);
		object_put(&thread->object);
	}
	return false;
}

/* Who received is told first: it could get a call meanwhile, behind those that have failed. */
void reception_go_on(struct reception *reception, int *work)
{
	struct process *server = reception->server;
	struct port *port = reception->port;

	*work -= WORK_LOOK;
	if (!stop_some(reception, work) || !fail_some(reception, work))
		return;
	list_remove(&reception->link);
	if (settle(server, reception)) {
		leave(reception);
		return;
	}
	object_put(&port->endpoint.object);
	object_put(&server->object);
}

void receptions_end(struct process *process)
{
	if (process->handles.receptions)
		pool_free(&trees, process->account, process->handles.receptions);
}

uint32_t receptions_count(const struct process *process)
{
	const struct tree *tree = process->handles.receptions;
	uint32_t count = 0;

	for (struct tree_node *at = tree ? tree->first : NULL; at; at = at->next)
		count += reception_at(at)->handles;
	return count;
}
