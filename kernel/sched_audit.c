/* Audits of a hart's queues: each runner in them is in the state that they are for. For debug builds and tests. */
#include "sched.h"

static bool is_ready_here(const struct hart *hart, const struct runner *runner, unsigned priority)
{
	return runner->state == RUNNER_READY && runner->frame.hart == hart && runner->priority == priority &&
	       runner->ready.next->previous == &runner->ready;
}

static bool audit_ready(const struct hart *hart, unsigned priority, unsigned *count)
{
	unsigned before = *count;

	list_each(runner, &hart->ready[priority], struct runner, ready)
	{
		if (!is_ready_here(hart, runner, priority))
			return false;
		++*count;
	}
	return (*count != before) == (hart->ready_mask >> priority & 1);
}

/* One that has been taken out of its queue sleeps until its home hears of it. */
static bool audit_sleepers(const struct hart *hart)
{
	uint64_t last = 0;

	for (const struct tree_node *node = hart->sleepers.first; node; last = node->key, node = node->next) {
		const struct runner *runner = container_of(node, const struct runner, sleeping);

		if (runner->state != RUNNER_WAITING || runner->frame.hart != hart || node->key < last)
			return false;
	}
	return true;
}

bool sched_audit(const struct hart *hart)
{
	bool runs = hart->current && hart->current->state == RUNNER_RUNNING;
	unsigned ready = 0;

	for (unsigned i = 0; i < CONFIG_PRIORITIES; i++)
		if (!audit_ready(hart, i, &ready))
			return false;
	return hart->load == ready + runs && audit_sleepers(hart);
}
