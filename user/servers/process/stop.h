/* Stopping programs, and letting them go on. */
#pragma once

#include "program.h"

/* Those that stop a program if nothing else has been said: SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU. */
#define STOP_SIGNALS (1u << SIGSTOP | 1u << SIGTSTP | 1u << SIGTTIN | 1u << SIGTTOU)

/* Stops a program, which is running or starting; its parent hears of it when it has stopped. */
void stop_begin(struct program *program, uint32_t number);

/* Lets a program go on. True if it had stopped. */
bool stop_end(struct program *program);

/* One of the server before: what had stopped it goes on when its process is known, and has no effect until then. */
void stop_take_over(struct program *program);
void stop_resume(struct program *program);

/* The program has ended, or is about to: nothing of it is kept. */
void stop_forget(struct program *program);

/* Tries again what could not be done before. For the server's timeout. */
void stop_again(struct server *server);
