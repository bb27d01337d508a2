/*
 * What the files share that deal with programs and the process server.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <tabula/syscalls.h>

/* Turns the answer of the process server into the POSIX habit: a program that it does not know finds nobody. */
long program_result(long result);

/*
 * After a call to the process server through `used`: whether it is to be made again, because the server is a new one, to which
 * this program has now made itself known, with its children. Not with a lock that a handler of signals may want.
 */
bool program_came_back(endpoint_handle used, long result);

/* The result of a call that can be made twice without harm. */
#define PROGRAM_CALL(call) \
	({ \
		endpoint_handle used_; \
		long result_; \
		do { \
			used_ = own_program(); \
			result_ = (call); \
		} while (result_ < 0 && program_came_back(used_, result_)); \
		result_; \
	})

#define PROGRAM_CALL_HANDLE(call) ((endpoint_handle){(int32_t)PROGRAM_CALL((call).value)})

/* After fork: the number is that of another program, or not known (0). */
void process_renumber(pid_t number);
