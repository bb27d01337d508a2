/*
 * Calls about signals: sending them, what they do, and taking those that have come. For programs, and the threads of theirs that
 * deliver signals. The server has one thread, and no lock. What a signal does to a program is signals.c.
 */
#include "serve.h"

#include <errno.h>
#include <tabula/handles.h>

#include "queue.h"
#include "signals.h"
#include "stop.h"
#include "wait.h"

_Noreturn static void end_self(void)
{
	(void)process_kill(own_process(), signal_own_end());
	process_exit(signal_own_end());
}

long serve_program_signal(struct request *request, int32_t which, uint32_t number)
{
	long result = which == INT32_MIN ? -ESRCH : signal_send(serve_caller(request), which, number);

	if (!signal_own_end())
		return result;
	(void)answer_program_signal(request->server, request->token, result);
	end_self();
}

long serve_program_queue(struct request *request, uint32_t pid, uint32_t number, uint64_t value)
{
	long result = signal_queue(serve_caller(request), pid, number, value);

	if (!signal_own_end())
		return result;
	(void)answer_program_queue(request->server, request->token, result);
	end_self();
}

long serve_program_set_actions(struct request *request, uint32_t pid, uint64_t ignored, uint64_t caught)
{
	struct program *program = serve_own_or_child(request, pid);

	if (!program || (pid && program->state != PROGRAM_STATE_STARTING))
		return -ESRCH;
	if (signals_fixed(ignored | caught))
		return -EINVAL;
	program->ignored = ignored;
	program->caught = caught;
	program->pending &= (uint32_t)caught;
	queue_drop(program, ~caught);
	return 0;
}

long serve_program_catch(struct request *request, notification_handle n, uint32_t thread)
{
	program_set_notification(serve_caller(request), n, thread);
	signal_tell_pending(serve_caller(request));
	return 0;
}

long serve_program_hear(struct request *request, bool stops)
{
	serve_caller(request)->hears_no_stops = !stops;
	return 0;
}

long serve_program_origin(struct request *request, uint32_t number, struct signal_origin *told)
{
	struct program *program = serve_caller(request);

	if (number == 0 || number >= SIGRTMIN)
		return -EINVAL;
	const struct origin *last = &program->origins[number];

	*told = (struct signal_origin){0};
	if (program->told & 1u << number)
		*told = (struct signal_origin){last->pid, last->code, last->status, 0, 0};
	program->told &= ~(1u << number);
	return 0;
}

long serve_program_queued(struct request *request, uint64_t *signals)
{
	*signals = queue_tell(serve_caller(request));
	return 0;
}

long serve_program_take(struct request *request, uint32_t number, struct signal_origin *told)
{
	struct queued queued;
	bool more;

	if (number == 0 || number >= NSIG)
		return -EINVAL;
	if (!queue_take(serve_caller(request), number, &queued, &more))
		return -EAGAIN;
	*told = (struct signal_origin){queued.from, queued.code, 0, more, queued.value};
	return 0;
}

long serve_program_stop(struct request *request, uint32_t number)
{
	if (number >= NSIG || !(STOP_SIGNALS & 1ul << number))
		return -EINVAL;
	signal_stop(serve_caller(request), number);
	return 0;
}

long serve_program_interrupt(struct request *request)
{
	wait_interrupt(request->server, serve_caller(request));
	return 0;
}
