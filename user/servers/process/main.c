/*
 * The process server: the numbers of programs, who is whose child, how they ended, groups, signals. It makes no processes:
 * programs do that themselves, and tell it. It learns of their end because their handles go with them.
 */
#include <stdlib.h>
#include <tabula/handles.h>
#include <tabula/programs.h>
#include <tabula/protocol/program.h>

#include "kept.h"
#include "life.h"
#include "lost.h"
#include "stop.h"

struct server programs;
static struct program terminal; /* no program, only somebody who may send signals */

/* The badges that init gives: see services.c there. */
static struct client *adopt(struct server *of, uint64_t badge)
{
	(void)of;
	switch (badge) {
	case PROGRAMS_INIT:
		return &init_program->client;
	case PROGRAMS_TERMINAL:
		return &terminal.client;
	case PROGRAMS_SHELL:
		return life_adopt_shell();
	default:
		return NULL;
	}
}

int main(void)
{
	static const struct protocol *const protocols[] = {&program_protocol, NULL};
	endpoint_handle endpoint = {startup_handle(STARTUP_ENDPOINT).value};

	if (server_init(&programs, endpoint, protocols) || kept_open())
		abort();
	life_take_over();
	if (!init_program)
		abort();
	init_program->state = PROGRAM_STATE_RUNNING;
	programs.gone = life_gone;
	programs.adopt = adopt;
	programs.stranger = lost_find;
	programs.timeout = stop_again;
	life_end_lost();
	stop_again(&programs);
	server_run(&programs);
}
