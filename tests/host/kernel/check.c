/* What is always true while every hart is idle and nobody has mail. */
#include "abi/abi.h"
#include "hart.h"
#include "hosted.h"
#include "object/audit.h"
#include "sched.h"

/* A list is whole when each link leads back; says how many it has. */
static unsigned count(const struct list *list)
{
	unsigned n = 0;

	for (const struct list *node = list; n == 0 || node != list; node = node->next, n++)
		HOSTED_REQUIRE(node->next->previous == node && node->previous->next == node);
	return n - 1;
}

static void check_hart(const struct hart *hart, unsigned index)
{
	uint64_t last = 0;

	HOSTED_REQUIRE(hart->index == index && hart->online);
	HOSTED_REQUIRE(
		!hart->inbox && !hart->inbox_left && !hart->grace_requests && !hart->grace_answers_due);
	HOSTED_REQUIRE(!hart->load && !hart->ready_mask && hart->idle && !hart->arch.space);
	HOSTED_REQUIRE(!count(&hart->doomed) && !count(&hart->dying) && !count(&hart->finishing));
	HOSTED_REQUIRE(!hart->has_work && !hart->work_priority);
	for (unsigned i = 0; i < CONFIG_PRIORITIES; i++)
		HOSTED_REQUIRE(!count(&hart->ready[i]));
	for (const struct tree_node *node = hart->sleepers.first; node; node = node->next) {
		const struct runner *runner = container_of(node, const struct runner, sleeping);

		HOSTED_REQUIRE(runner->state == RUNNER_WAITING && runner->frame.hart == hart);
		HOSTED_REQUIRE(node->key >= last && !runner->mail);
		last = node->key;
	}
}

static void audit(void *unused)
{
	(void)unused;
	audit_now();
}

void hosted_check(void)
{
	hosted_do(0, audit, NULL);
	for (unsigned i = 0; i < hart_count(); i++)
		check_hart(&harts[i], i);
}
