/*
 * What the stubs of the protocols are made of. A program includes <tabula/protocol/NAME.h>, which scripts/tablegen
 * makes from the table of the protocol.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <abi/abi.h>
#include <tabula/syscalls.h>

/* Bytes that one call moves at most; a longer buffer is cut to this. */
#define PROTOCOL_BULK 0x7ffff000u

/* With the length of a buffer: its bytes are in the last words, or are to be in those of the reply, and nothing is lent. */
#define PROTOCOL_SHORT 0x80000000u

enum { PROTOCOL_ERROR_MOST = 4095 };

/* A struct of zeros, in C and in C++ without a warning. */
#ifdef __cplusplus
#define PROTOCOL_ZERO \
	{ \
	}
#else
#define PROTOCOL_ZERO \
	{ \
		0 \
	}
#endif

static inline uint32_t protocol_bulk(size_t length)
{
	return length < PROTOCOL_BULK ? (uint32_t)length : PROTOCOL_BULK;
}

/* The length of a text, or `most` and one more when it is longer than that. */
static inline size_t protocol_text(const char *text, size_t most)
{
	size_t length = 0;

	/* strnlen does not like a bound that the text is shorter than, where the compiler sees how long that is. */
	while (length <= most && text[length])
		length++;
	return length;
}

/* What a call has come to: the first word of the reply, or -errno. */
static inline long protocol_result(int error, const struct message *message)
{
	if (error)
		return error;
	if (!message->label)
		return (long)message->word[0];
	return message->label > PROTOCOL_ERROR_MOST ? -EPROTO : -(long)message->label;
}

/* Calls with what fits the message. */
static inline long protocol_call(endpoint_handle to, struct message *message)
{
	int error = ipc_call(to, message);

	return protocol_result(error, message);
}

/* Calls with windows of this program's memory, and with handles that the server may take. */
static inline long protocol_call_lend(
	endpoint_handle to, struct message *message, const struct windows *windows)
{
	int error = ipc_call_lend(to, message, windows);

	return protocol_result(error, message);
}

static inline uint64_t protocol_length(size_t length, bool is_short)
{
	return is_short ? length | PROTOCOL_SHORT : protocol_bulk(length);
}

/* Calls with one buffer, which is lent unless it is short. */
static inline long protocol_call_buffer(
	endpoint_handle to, struct message *message, const struct windows *windows, bool is_short)
{
	uint64_t number = is_short ? SYS_ipc_call_short : SYS_ipc_call_lend;
	int error = (int)tabula_syscall_lend(number, (uint64_t)to.value, message, windows);

	return protocol_result(error, message);
}

/* How far before the end of the words a short buffer of this size begins. */
static inline size_t protocol_short(size_t size)
{
	return (size + sizeof(uint64_t) - 1) & -sizeof(uint64_t);
}

/*
 * Takes so many bytes for a short buffer out of the last words of the reply; what the server says is not trusted. Out of the words
 * as they are in registers: where nothing is short, they need not be in memory, and no function is called.
 */
static inline void protocol_take_short(
	uint64_t first, uint64_t second, uint64_t third, void *buffer, size_t size, size_t count)
{
	uint64_t word = size > 2 * sizeof(uint64_t) ? first : size > sizeof(uint64_t) ? second : third;
	uint64_t next = size > 2 * sizeof(uint64_t) ? second : third;
	char *to = (char *)buffer;

	for (size_t done = 0; done < count && done < size;) {
		to[done++] = (char)word;
		word >>= 8;
		if (done % sizeof(uint64_t) == 0) {
			word = next;
			next = third;
		}
	}
}

/* Closes a handle that a call was to give away, when it came to nothing: the server may have it or not. */
static inline void protocol_drop(uint64_t handle)
{
	if (handle)
		(void)handle_close(tabula_any_handle((int32_t)handle));
}

/* Closes what came before a gift for which there was no room. Without a reply nothing came. */
static inline void protocol_drop_gift(const struct message *message, unsigned word)
{
	if (message->label <= PROTOCOL_ERROR_MOST)
		protocol_drop(message->word[word]);
}
