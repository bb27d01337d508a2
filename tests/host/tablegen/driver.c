/*
 * Calls the thunks of the tables in tests/support/tables.py with good and bad registers, and looks at the metadata.
 * Prints what is wrong and fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include "sys/thunk.h"
#include "sys/metadata.h"

/* The architecture's; nothing is called through its table here. */
long thunk_foreign(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	return 0;
}

struct object objects[4] = {{0, 0}, {OBJECT_THING, 0x701}, {OBJECT_OTHER, 1}, {OBJECT_THING, 0x300}};
uint32_t rights_asked;
struct windows lent;
static int runs;

long sys_narrow(uint8_t a, int8_t b, uint16_t c, int16_t d, int32_t e, bool f)
{
	runs++;
	return a == 0xfe && b == -2 && c == 0xfffe && d == -2 && e == -2 && f;
}

long sys_sets(enum mode mode, enum colour colour)
{
	runs++;
	return (long)((uint32_t)mode >> 30) + (long)colour;
}

long sys_handles(struct thing *t, struct handle_ref h, struct other *o, enum mode mode)
{
	runs++;
	return (void *)t == &objects[1] && h.object == &objects[1] && (void *)o == &objects[2] && mode != 0;
}

long sys_buffers(struct user_in words, uint16_t n, struct user_out longs, uint64_t k)
{
	runs++;
	return words.address.value && longs.address.value ? (long)(n * 4ul + k * 8) : -1;
}

static bool is_to_be_made_again;

long thread_restart_call(void)
{
	return 77;
}

long sys_structs(const struct question *q, struct answer *r, bool fail)
{
	runs++;
	if (is_to_be_made_again)
		return CALL_AGAIN;
	r->first += q->mode;
	r->second -= (int32_t)q->colour;
	return fail ? -EAGAIN : 0;
}

long sys_packed(uint8_t a, int16_t b, struct thing *t, bool c, uaddr_t d, enum mode mode, struct user_in buf,
	size_t len, uint32_t added)
{
	runs++;
	return a == 1 && b == -2 && (void *)t == &objects[1] && c && d.value == 5 && mode == MODE_LOW &&
			       buf.address.value && len
		       ? (long)(1000 + added)
		       : -1;
}

handle_result sys_make(bool fail)
{
	runs++;
	return (handle_result){fail ? -EAGAIN : 7};
}

long sys_tell(struct thing *t, struct message *m)
{
	runs++;
	return (void *)t == &objects[1] && m == thunk_message() ? 0 : -1;
}

long sys_ask(struct thing *t, struct message *m, const struct windows *w)
{
	runs++;
	return (void *)t == &objects[1] && m == thunk_message() && w == thunk_windows() ? 0 : -1;
}

_Noreturn void sys_leave(int32_t status)
{
	exit(status == -3 ? 0 : 1);
}

_Noreturn void sys_leave_by(struct thing *t)
{
	(void)t;
	exit(2);
}

/* Calls through the table; `ran` says whether the handler was reached. */
static void expect(int line, unsigned number, long result, int ran, uint64_t a0, uint64_t a1, uint64_t a2,
	uint64_t a3, uint64_t a4, uint64_t a5)
{
	runs = 0;
	long got = native_table[number](a0, a1, a2, a3, a4, a5);

	if (got != result || runs != ran) {
		printf("line %d: call %u returned %ld after %d runs, not %ld after %d\n", line, number, got,
			runs, result, ran);
		exit(1);
	}
}

#define EXPECT(...) expect(__LINE__, __VA_ARGS__)
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			printf("line %d: %s\n", __LINE__, #condition); \
			exit(1); \
		} \
	} while (0)
#define AT(x) ((uint64_t)(uintptr_t) & (x))
#define HUGE  0xffffffff00000000ul

static void scalars(void)
{
	EXPECT(SYS_narrow, 1, 1, HUGE | 0xfe, 0x1fe, 0x7fffe, 0x1fffe, HUGE | 0xfffffffe, 1);
	EXPECT(SYS_narrow, -EINVAL, 0, 0xfe, 0xfe, 0, 0, 0, 2);
	EXPECT(SYS_narrow, -EINVAL, 0, 0xfe, 0xfe, 0, 0, 0, HUGE | 1);
	EXPECT(SYS_sets, 6, 1, 0x40000001, 5, 0, 0, 0, 0);
	EXPECT(SYS_sets, 0, 1, 0, 0, 0, 0, 0, 0);
	EXPECT(SYS_sets, -EINVAL, 0, 2, 0, 0, 0, 0, 0);
	EXPECT(SYS_sets, -EINVAL, 0, 0x100000001, 0, 0, 0, 0, 0);
	EXPECT(SYS_sets, -EINVAL, 0, 1, 1, 0, 0, 0, 0);
	EXPECT(SYS_sets, -EINVAL, 0, 1, 0x100000005, 0, 0, 0, 0);
	EXPECT(SYS_sets, -EINVAL, 0, 1, ~0ul, 0, 0, 0, 0);
}

static void handles(void)
{
	EXPECT(SYS_handles, 1, 1, 1, 1, 2, MODE_LOW | MODE_HIGH, 0, 0);
	EXPECT(SYS_handles, -EBADF, 0, 0, 1, 2, 1, 0, 0);
	EXPECT(SYS_handles, -EFTYPE, 0, 2, 1, 2, 1, 0, 0);
	EXPECT(SYS_handles, -EACCES, 0, 3, 1, 2, MODE_HIGH, 0, 0);
	CHECK(rights_asked == (RIGHT_THING_USE | RIGHT_THING_HIGH));
	EXPECT(SYS_handles, -EACCES, 0, 1, 3, 2, 1, 0, 0);
	CHECK(rights_asked == RIGHT_COPY);
	EXPECT(SYS_handles, -EFTYPE, 0, 1, 1, 1, 1, 0, 0);
	EXPECT(SYS_handles, -EINVAL, 0, 0, 0, 0, 8, 0, 0); /* flags are looked at before handles */
	EXPECT(SYS_make, 7, 1, 0, 0, 0, 0, 0, 0);
	EXPECT(SYS_make, -EAGAIN, 1, 1, 0, 0, 0, 0, 0);
}

static void pointers(void)
{
	struct question q = {.mode = MODE_LOW, .colour = COLOUR_BLUE, .ready = {1, 0}};
	struct answer r = {100, 100, 100};

	EXPECT(SYS_buffers, 3 * 4 + 2 * 8, 1, 0x1000, 0x10003, 0x1000, 2, 0, 0);
	EXPECT(SYS_buffers, -EFAULT, 0, 0, 3, 0x1000, 2, 0, 0);
	EXPECT(SYS_buffers, -EFAULT, 0, 0x1000, 3, 0, 2, 0, 0);
	EXPECT(SYS_buffers, -EFAULT, 0, 0x1000, 3, 0x1000, 1ul << 61, 0, 0);

	EXPECT(SYS_structs, -EAGAIN, 1, AT(q), AT(r), 1, 0, 0, 0);
	CHECK(r.first == 100 && r.second == 100); /* nothing comes out of a call that fails */
	is_to_be_made_again = true;
	EXPECT(SYS_structs, 77, 1, AT(q), AT(r), 0, 0, 0, 0);
	is_to_be_made_again = false;
	CHECK(r.first == 100 && r.second == 100); /* nor out of one that is made again */
	EXPECT(SYS_structs, 0, 1, AT(q), AT(r), 0, 0, 0, 0);
	CHECK(r.first == 1 && r.second == -5 && r.third == 0); /* and what comes out was zero before */
	EXPECT(SYS_structs, -EFAULT, 0, 0, AT(r), 0, 0, 0, 0);
	EXPECT(SYS_structs, -EFAULT, 0, AT(q), 0, 0, 0, 0, 0);
	q.ready[1] = 2;
	EXPECT(SYS_structs, -EINVAL, 0, AT(q), AT(r), 0, 0, 0, 0);
	q.ready[1] = 0;
	q.mode = (enum mode)2;
	EXPECT(SYS_structs, -EINVAL, 0, AT(q), AT(r), 0, 0, 0, 0);
	q.mode = 0;
	q.colour = (enum colour)1;
	EXPECT(SYS_structs, -EINVAL, 0, AT(q), AT(r), 0, 0, 0, 0);
}

static void packed(void)
{
	struct packed_args a = {.a = 1,
		.b = -2,
		.t = 1,
		.c = 1,
		.d = 5,
		.mode = MODE_LOW,
		.buf = 0x1000,
		.len = 3,
		.added = 4};
	const size_t oldest = offsetof(struct packed_args, added);

	CHECK(PACKED_ARGS_OLDEST == oldest && oldest % 8 == 0);
	EXPECT(SYS_packed, 1004, 1, AT(a), sizeof a, 0, 0, 0, 0);
	EXPECT(SYS_packed, 1000, 1, AT(a), oldest, 0, 0, 0, 0);
	EXPECT(SYS_packed, -EINVAL, 0, AT(a), oldest - 1, 0, 0, 0, 0);
	EXPECT(SYS_packed, -E2BIG, 0, AT(a), sizeof a + 1, 0, 0, 0, 0);
	EXPECT(SYS_packed, -EFAULT, 0, 0, sizeof a, 0, 0, 0, 0);
	a.reserved0 = 1;
	EXPECT(SYS_packed, -EINVAL, 0, AT(a), sizeof a, 0, 0, 0, 0);
	a.reserved0 = 0;
	a.c = 2;
	EXPECT(SYS_packed, -EINVAL, 0, AT(a), sizeof a, 0, 0, 0, 0);
	a.c = 1;
	a.mode = 2;
	EXPECT(SYS_packed, -EINVAL, 0, AT(a), sizeof a, 0, 0, 0, 0);
	a.mode = 1;
	a.t = 2;
	EXPECT(SYS_packed, -EFTYPE, 0, AT(a), sizeof a, 0, 0, 0, 0);
	a.t = 1;
	a.buf = 0;
	EXPECT(SYS_packed, -EFAULT, 0, AT(a), sizeof a, 0, 0, 0, 0);
}

static void messages(void)
{
	EXPECT(SYS_tell, 0, 1, 1, 0, 0, 0, 0, 0);
	EXPECT(SYS_tell, -EFTYPE, 0, 2, 0, 0, 0, 0, 0);
	lent = (struct windows){.read_address = 1, .read_size = 5, .write_address = 1, .write_size = 5};
	EXPECT(SYS_ask, 0, 1, 1, 0, 0, 0, 0, 0);
	lent.read_address = 0;
	EXPECT(SYS_ask, -EFAULT, 0, 1, 0, 0, 0, 0, 0);
	EXPECT(SYS_ask, -EBADF, 0, 0, 0, 0, 0, 0, 0); /* handles are looked at before windows */
	lent = (struct windows){.read_address = 1, .write_size = 5};
	EXPECT(SYS_ask, -EFAULT, 0, 1, 0, 0, 0, 0, 0);
}

static void metadata(void)
{
	const struct call_info *call = call_by_name("packed");

	CHECK(call && call->number == SYS_packed && call->arity == 9 && call->attributes == CALL_PACKED);
	CHECK(call->packed_size == sizeof(struct packed_args) && call->packed_oldest == PACKED_ARGS_OLDEST);
	CHECK(call->result_kind == VALUE_UNSIGNED && call->result_size == 8);
	CHECK(call->args[1].kind == VALUE_SIGNED && call->args[1].size == 2);
	CHECK(call->args[1].position == offsetof(struct packed_args, b));
	CHECK(call->args[2].kind == VALUE_HANDLE && call->args[2].object == object_info(OBJECT_THING));
	CHECK(call->args[3].kind == VALUE_BOOL && call->args[4].kind == VALUE_ADDRESS);
	CHECK(call->args[5].kind == VALUE_FLAGS && strcmp(call->args[5].set->name, "mode") == 0);
	CHECK(call->args[5].set->count == 2 && call->args[5].set->values[1].value == 0x40000000);
	CHECK(call->args[6].kind == VALUE_BUFFER && call->args[6].direction == DIRECTION_IN &&
		call->args[6].length == 7);
	CHECK(call->args[7].length == -1 && call->args[7].direction == DIRECTION_VALUE);

	call = call_by_number(SYS_handles);
	CHECK(call && strcmp(call->name, "handles") == 0 && call->args[0].rights_from == 3);
	CHECK(call->args[0].rights == RIGHT_THING_USE && call->args[1].object == NULL);
	CHECK(call->args[3].position == 3 && call_declares(call, EFTYPE) && !call_declares(call, EFAULT));

	call = call_by_number(SYS_structs);
	CHECK(call->args[0].layout->size == sizeof(struct question) && call->args[0].layout->count == 4);
	CHECK(call->args[0].layout->fields[2].count == 2 && call->args[0].layout->fields[2].offset == 8);
	CHECK(call_by_number(SYS_make)->result_kind == VALUE_HANDLE);
	CHECK(call_by_number(SYS_make)->object->number == OBJECT_THING);
	CHECK(call_by_number(SYS_leave_by)->attributes == (CALL_NORETURN | CALL_BLOCKS));
	CHECK(call_by_number(SYS_tell)->attributes == CALL_MESSAGE);
	CHECK(call_by_number(SYS_ask)->attributes == (CALL_BLOCKS | CALL_MESSAGE | CALL_LEND));
	CHECK(!call_by_number(0) && !call_by_number(7) && !call_by_number(16) && !call_by_number(~0ul));
	CHECK(!call_by_name("") && !call_by_name("packe") && !call_by_name("packedd") &&
		!call_by_name("reserved"));
	CHECK(strcmp(error_name(EFTYPE), "EFTYPE") == 0 && !error_name(12) && !error_name(0) &&
		!error_name(-22));
	CHECK(strcmp(error_text(EAGAIN), "Not now") == 0 && !object_info(1));
	CHECK(object_info(OBJECT_THING)->rights->count == 4);
}

int main(void)
{
	for (unsigned number = 0; number < SYSCALL_SLOTS; number++) {
		if (!call_by_number(number))
			EXPECT(number, -ENOSYS, 0, 1, 2, 3, 4, 5, 6);
	}
	scalars();
	handles();
	pointers();
	packed();
	messages();
	metadata();
	EXPECT(SYS_leave_by, -EBADF, 0, 0, 0, 0, 0, 0, 0);
	native_table[SYS_leave]((uint64_t)-3, 0, 0, 0, 0, 0);
	return 1;
}
