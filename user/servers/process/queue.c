/* Signals with a value: see queue.h. */
#include "queue.h"

#include "kept.h"

#include <errno.h>

static uint32_t bit(const struct queued *at)
{
	return 1u << (at->number & 31);
}

static struct queued *find_free(uint32_t from)
{
	struct queued *found = NULL;
	unsigned sent = 0;

	for (struct queued *at = kept->queue; at < kept->queue + QUEUED_MOST; at++)
		if (!at->to)
			found = at;
		else if (at->from == from)
			sent++;
	return sent < QUEUED_BY_ONE_MOST ? found : NULL;
}

int queue_add(struct program *to, uint32_t from, uint32_t number, uint64_t value)
{
	struct queued *at = find_free(from);

	if (!at)
		return -EAGAIN;
	*at = (struct queued){0, from, number, kept->queue_place++, value};
	at->to = to->pid;
	to->queued++;
	return 0;
}

bool queue_take(struct program *program, uint32_t number, struct queued *taken, bool *more)
{
	struct queued *first = NULL;

	*more = false;
	if (!program->queued)
		return false;
	for (struct queued *at = kept->queue; at < kept->queue + QUEUED_MOST; at++) {
		if (at->to != program->pid || at->number != number)
			continue;
		*more = first != NULL;
		if (!first || (int32_t)(at->place - first->place) < 0)
			first = at;
	}
	if (!first)
		return false;
	*taken = *first;
	first->to = 0;
	program->queued--;
	return true;
}

uint32_t queue_signals(const struct program *program)
{
	uint32_t signals = 0;

	if (!program->queued)
		return 0;
	for (const struct queued *at = kept->queue; at < kept->queue + QUEUED_MOST; at++)
		if (at->to == program->pid)
			signals |= bit(at);
	return signals;
}

void queue_forget(struct program *program, uint32_t signals)
{
	program->queued = 0;
	for (struct queued *at = kept->queue; at < kept->queue + QUEUED_MOST; at++) {
		if (at->to != program->pid)
			continue;
		if (bit(at) & signals)
			at->to = 0;
		else
			program->queued++;
	}
}
