/*
 * What the kernel and user programs agree on beyond the tables: where user memory lies and what the first thread
 * of a program finds. Included by C on both sides.
 */
#pragma once

#include <stdint.h>

enum {
	PAGE_SHIFT = 12,
	PAGE_SIZE = 1 << PAGE_SHIFT,
};

/* User addresses: [USER_BASE, USER_TOP). Below lies the null page with its neighbours, never mapped. */
#define USER_BASE 0x10000ul
#define USER_TOP  0x4000000000ul /* 2^38: the lower half of Sv39 */

/* Bytes that are room enough for a line of `log_next`. */
enum { LOG_LINE = 384 };

/* Bytes of a line of `log_write`. */
enum { LOG_TEXT = 128 };

/* A deadline that never comes. */
#define DEADLINE_NEVER UINT64_MAX

enum {
	MESSAGE_WORDS = 4,
	MESSAGE_SHORT = 24, /* bytes of a buffer that ipc_call_short puts into the words */
};

/*
 * A message: what ipc_call and the others take and give back, in registers a1 to a6 as it stands here. What the words
 * mean is between caller and receiver.
 */
struct message {
	uint32_t label;
	/*
	 * Of a received call: names it in the reply. Going in with ipc_call_lend: bit i says that word[i] is a handle
	 * that the receiver may take. Ignored by ipc_call.
	 */
	uint32_t token;
	uint64_t word[MESSAGE_WORDS];
	union {
		uint64_t deadline; /* going in */
		uint64_t badge; /* coming out of a receive; a reply has 0 */
	};
};

/*
 * Memory of the caller that a receiver may read, and may write, while ipc_call_lend waits: in registers t0 to t2 as it
 * stands here. ipc_call_short takes the same, of at most MESSAGE_SHORT bytes each.
 */
struct windows {
	uint64_t read_address;
	uint64_t write_address;
	uint32_t read_size; /* bytes; of 0 the address is not looked at */
	uint32_t write_size;
};

/* Labels from here on are of messages that the kernel sends. */
#define MESSAGE_KERNEL 0xffff0000u

/* Tells of the end of a badge: no words, no token. */
#define MESSAGE_BADGE_GONE UINT32_MAX

/*
 * A thread has met an exception: words scause, stval, pc, and the number of its process << 32 | that of the thread. It waits
 * for an answer, with its registers as they are; exception_read and exception_write reach them.
 */
#define MESSAGE_EXCEPTION 0xfffffffeu

/* A thread has made a call through the foreign table: words a7, a0, a1, a2. It waits for an answer; its pc is at the call. */
#define MESSAGE_FOREIGN 0xfffffffdu

/* The labels of answers to both; any other one is as EXCEPTION_REFUSE. */
enum {
	EXCEPTION_GO_ON = 0, /* with the registers as they are now */
	EXCEPTION_RETURN = 1, /* as if the instruction were an ecall that returns word[0] in a0 */
	EXCEPTION_REFUSE = 2, /* its process ends, with a report */
};

/*
 * The first thread of a program starts with a0 pointing to this, which its parent has put on its stack. Pointers
 * are addresses in the new program. A handle of 0 was not given.
 */
struct startup {
	uint64_t size; /* of this struct, for later versions */
	uint64_t argc;
	uint64_t argv; /* char *[argc + 1], the last one null */
	uint64_t envp; /* char *[], the last one null */
	uint32_t process; /* the program itself: manage */
	uint32_t system; /* console, perhaps shutdown */
	uint32_t archive; /* the boot archive, cpio newc: read */
	uint32_t handle_count;
	uint64_t handles; /* struct startup_handle[handle_count]: more handles. Not in the first program's */
	uint32_t mask; /* of umask */
	uint32_t reserved;
	uint64_t signals_blocked; /* bit i is signal i */
	uint64_t signals_ignored;
	uint64_t
		clock_epoch; /* the date at which clock_now was 0, in nanoseconds since 1970; 0: not known, as to the first program */
};

/* A handle that a program is given at its start, and what it is for: enum startup_what. */
struct startup_handle {
	uint32_t what;
	uint32_t handle;
};

enum startup_what {
	STARTUP_ENDPOINT = 1, /* of a server: where it receives calls */
	STARTUP_PROGRAMS = 2, /* of the process server: this program */
	STARTUP_ROOT = 3, /* the root directory */
	STARTUP_DIRECTORY = 4, /* the working directory */
	STARTUP_CONSOLE = 5, /* the terminal */
	STARTUP_KEPT = 6, /* of a server: memory for what the next one is to know, which has it then */
	STARTUP_LOCKS = 7, /* after exec: what owns the process's locks of files */
	STARTUP_DISK = 0x100, /* plus its number, of the file server: a disk, not open */
	STARTUP_DESCRIPTOR = 0x10000, /* plus its number: a file descriptor */
};
