/*
 * What the call table says of each call, as constant data: for tracing, fuzzing, name lookup and the checks of
 * debug builds. The data is generated from the tables in kernel/abi; nothing here is ever written to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/syscall_numbers.h"

/* What an argument, a field or a result is. */
enum value_kind {
	VALUE_NONE, /* a result only: void */
	VALUE_UNSIGNED,
	VALUE_SIGNED,
	VALUE_BOOL,
	VALUE_ADDRESS, /* an address of the user, passed as a number */
	VALUE_FLAGS,
	VALUE_ENUM,
	VALUE_HANDLE,
	VALUE_BUFFER, /* an address whose length another argument tells */
	VALUE_STRUCT, /* the address of one struct */
};

enum direction {
	DIRECTION_VALUE, /* passed itself, not by address */
	DIRECTION_IN, /* the call reads it from user memory */
	DIRECTION_OUT, /* the call writes it to user memory */
};

enum call_attribute {
	CALL_PACKED = 0x1, /* the arguments travel in a struct: its address in a0, its size in a1 */
	CALL_NORETURN = 0x2, /* comes back only with an error */
	CALL_BLOCKS = 0x4, /* the thread may wait */
	CALL_MESSAGE = 0x8, /* takes and gives back a struct message in a1 to a6 */
	CALL_LEND = 0x10, /* lends a struct windows, in t0 to t2 */
};

struct named_value {
	const char *name;
	uint32_t value;
};

/* The names of the flags of a set, of the values of an enum, or of the rights of an object type. */
struct value_set {
	const char *name;
	const struct named_value *values;
	uint16_t count;
	bool flags;
};

struct field_info {
	const char *name;
	const struct value_set *set; /* of flags and enums, else NULL */
	uint16_t offset;
	uint16_t count; /* elements; 1 if it is no array */
	uint8_t kind; /* enum value_kind */
	uint8_t size; /* bytes of an element */
};

struct struct_info {
	const char *name;
	const struct field_info *fields;
	uint16_t size;
	uint16_t count;
};

struct object_info {
	const char *name;
	const struct value_set *rights; /* common ones first */
	uint32_t number; /* enum object_type */
};

struct arg_info {
	const char *name;
	const struct value_set *set; /* of flags and enums, else NULL */
	const struct struct_info *layout; /* of a struct, else NULL */
	const struct object_info *object; /* of a handle of a certain type, else NULL */
	uint32_t rights; /* that a handle must have */
	int8_t rights_from; /* position of the flags that ask for the rights of their names, or -1 */
	int8_t length; /* position of the argument that counts a buffer's elements, or -1 */
	uint8_t kind; /* enum value_kind */
	uint8_t direction; /* enum direction */
	uint8_t size; /* bytes of a scalar or of an element */
	uint8_t position; /* register: 0 for a0. In a packed call, offset in its struct */
};

struct call_info {
	const char *name;
	const struct arg_info *args;
	const uint16_t *errors; /* every error the call may return, in the order of the table */
	const struct object_info *object; /* of a result that is a handle of a certain type, else NULL */
	uint16_t number;
	uint16_t line; /* in kernel/abi/syscalls.tbl */
	uint16_t packed_size; /* of the argument struct; 0 if the arguments travel in registers */
	uint16_t packed_oldest; /* of its first version */
	uint8_t arity; /* arguments in C */
	uint8_t error_count;
	uint8_t attributes; /* enum call_attribute */
	uint8_t result_kind; /* enum value_kind */
	uint8_t result_size; /* bytes of a scalar result */
};

/* The call of a number, or NULL for an empty slot and for numbers outside the table. */
const struct call_info *call_by_number(uint64_t number);

/* The call of a name, or NULL. One hash and one comparison. */
const struct call_info *call_by_name(const char *name);

/* Says whether a call may return this error (positive, as in abi/errors.h). */
bool call_declares(const struct call_info *call, long error);

/* The type of object with this number, or NULL. */
const struct object_info *object_info(uint32_t number);

/* The name of an error number, "EINVAL" for 22, or NULL if the table declares no such error. */
const char *error_name(int error);

/* What it means, in words, or NULL. */
const char *error_text(int error);
