/* Signals that are queued: see queue.h. */
#include "queue.h"

#include "kept.h"

#include <errno.h>

static uint64_t bit(uint32_t number)
{
	return 1ul << (number & 63);
}

static struct queued *end_of(const struct program *program)
{
	return kept_queue(program) + QUEUED_MOST;
}

static struct queued *find_free(const struct program *program, uint32_t from)
{
	struct queued *found = NULL;
	unsigned sent = 0;

	for (struct queued *at = kept_queue(program); at < end_of(program); at++)
		if (at->to != program->pid)
			found = at;
		else if (at->from == from)
			sent++;
	return sent < QUEUED_BY_ONE_MOST ? found : NULL;
}

int queue_add(struct program *to, const struct queued *signal)
{
	struct queued *at = to->queued || kept_hold_queue(to) ? find_free(to, signal->from) : NULL;

	if (!at)
		return -EAGAIN;
	to->queued++; /* before there is one, or another server would not look for it */
	*at = *signal;
	at->place = to->queue_place++;
	at->to = to->pid;
	return 0;
}

bool queue_take(struct program *program, uint32_t number, struct queued *taken, bool *more)
{
	struct queued *first = NULL;

	*more = false;
	program->queue_told &= ~bit(number);
	if (!program->queued)
		return false;
	for (struct queued *at = kept_queue(program); at < end_of(program); at++) {
		if (at->to != program->pid || at->number != number)
			continue;
		*more = first != NULL;
		if (!first || (int32_t)(at->place - first->place) < 0)
			first = at;
	}
	if (!first)
		return false;
	if (*more)
		program->queue_told |= bit(number);
	*taken = *first;
	first->to = 0;
	program->queued--;
	return true;
}

uint64_t queue_untold(const struct program *program)
{
	uint64_t signals = 0;

	if (!program->queued)
		return 0;
	for (const struct queued *at = kept_queue(program); at < end_of(program); at++)
		if (at->to == program->pid)
			signals |= bit(at->number);
	return signals & ~program->queue_told;
}

uint64_t queue_tell(struct program *program)
{
	uint64_t signals = queue_untold(program);

	program->queue_told |= signals;
	return signals;
}

void queue_forget(struct program *program, uint64_t signals)
{
	program->queued = 0;
	program->queue_told &= ~signals;
	for (struct queued *at = kept_queue(program); at < end_of(program); at++) {
		if (at->to != program->pid)
			continue;
		if (bit(at->number) & signals)
			at->to = 0;
		else
			program->queued++;
	}
}
