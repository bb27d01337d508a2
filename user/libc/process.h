/*
 * What the files share that deal with programs and the process server.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <tabula/syscalls.h>

/* Turns the answer of the process server into the POSIX habit: a program that it does not know finds nobody. */
long program_result(long result);

/* How often a new process server has been told. */
extern uint32_t program_turn;

/*
 * After a call to the process server, begun when it was this turn: whether it is to be made again, because the server is a new
 * one, which has now been told of the processes of this program and its children. Not with a lock that a handler of signals may
 * want.
 */
bool program_came_back(uint32_t turn, long result);

/* The result of a call that can be made twice without harm. */
#define PROGRAM_CALL(call) \
	({ \
		uint32_t turn_; \
		long result_; \
		do { \
			turn_ = __atomic_load_n(&program_turn, __ATOMIC_ACQUIRE); \
			result_ = (call); \
		} while (result_ < 0 && program_came_back(turn_, result_)); \
		result_; \
	})

#define PROGRAM_CALL_HANDLE(call) ((endpoint_handle){(int32_t)PROGRAM_CALL((call).value)})

/* After fork: the number is that of another program, or not known (0). */
void process_renumber(pid_t number);
