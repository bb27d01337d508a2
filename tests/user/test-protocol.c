/*
 * What the generator makes of a protocol, and the runtime of servers: tests/user/probe.tbl with every kind of argument,
 * served by this program's main thread and called by its other threads, which use nothing of the C library.
 */
#include "suite.h"

#include <tabula/protocol/probe.h>
#include <tabula/serve/probe.h>

enum { KEPT = 65536, MEETERS = 24, FLOOD = 3000 };

/* ---- the server */

struct thing {
	struct client client;
	uint32_t number;
	uint8_t *bytes;
	size_t size;
};

static struct server server;
static struct thing root;
static unsigned things, gone;
static notification_handle kept;
static uint32_t meeting[MEETERS], meeting_count;
static struct pages *to_unmap; /* a caller's memory, that a handler takes away before it copies */

static struct thing *thing_of(const struct request *request)
{
	return (struct thing *)request->client;
}

long serve_probe_sum(struct request *request, uint8_t a, int8_t b, uint16_t c, int16_t d, uint32_t e,
	int32_t f, int64_t g, bool minus)
{
	int64_t sum = (int64_t)a + b + c + d + e + f + g;

	(void)request;
	return minus ? -sum : sum;
}

long serve_probe_sets(struct request *request, enum probe_mode mode, enum probe_kind kind)
{
	(void)request;
	return (long)((uint64_t)mode << 8 | kind);
}

long serve_probe_text(struct request *request, const char *text, uint32_t *sum)
{
	(void)request;
	for (const char *at = text; *at; at++)
		*sum += (uint8_t)*at;
	return (long)strlen(text);
}

long serve_probe_gather(struct request *request, const char *first, const struct probe_question *q,
	const char *second, struct probe_answer *r)
{
	(void)request;
	r->number = q->number;
	r->sign = -1;
	r->length = (uint32_t)(strlen(first) * 1000 + strlen(second));
	return 0;
}

static void unmap_what_is_lent(void)
{
	if (to_unmap)
		pages_unmap(to_unmap);
	to_unmap = NULL;
}

long serve_probe_put(struct request *request, const struct lent_in *buf)
{
	struct thing *thing = thing_of(request);
	size_t size = buf->size < KEPT ? buf->size : KEPT;
	uint8_t *bytes = malloc(size + 1);
	int error;

	if (!bytes)
		return -ENOMEM;
	unmap_what_is_lent();
	error = lent_read(buf, 0, bytes, size);
	if (error) {
		free(bytes);
		return error;
	}
	free(thing->bytes);
	thing->bytes = bytes;
	thing->size = size;
	return (long)size;
}

/* One by one, so that the offset counts. */
long serve_probe_take(struct request *request, struct lent_out *buf)
{
	struct thing *thing = thing_of(request);
	size_t size = buf->size < thing->size ? buf->size : thing->size;

	unmap_what_is_lent();
	for (size_t i = 0; i < size; i++) {
		int error = lent_write(buf, i, &thing->bytes[thing->size - 1 - i], 1);

		if (error)
			return error;
	}
	return (long)size;
}

static int thing_make(struct gift *gift)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	if (!thing)
		return -ENOMEM;
	*gift = gift_of(client_open(&server, &thing->client));
	if (gift->handle.value < 0) {
		free(thing);
		return gift->handle.value;
	}
	things++;
	thing->number = things;
	return 0;
}

static void thing_gone(struct server *of, struct client *client)
{
	struct thing *thing = (struct thing *)client;

	(void)of;
	gone++;
	free(thing->bytes);
	free(thing);
}

long serve_probe_open(struct request *request, struct gift *result)
{
	(void)request;
	return thing_make(result);
}

long serve_probe_pair(struct request *request, struct gift *one, struct gift *two)
{
	int error = thing_make(one);

	(void)request;
	return error ? error : thing_make(two);
}

long serve_probe_keep(struct request *request, notification_handle n, uint64_t bits)
{
	int error = notification_signal(n, bits);

	(void)request;
	if (error) {
		handle_close(ANY(n));
		return error;
	}
	if (kept.value)
		handle_close(ANY(kept));
	kept = n;
	return 0;
}

long serve_probe_which(struct request *request, struct client *other)
{
	(void)request;
	return ((struct thing *)other)->number;
}

static void end_meeting(void)
{
	while (meeting_count) {
		meeting_count--;
		(void)answer_probe_meet(&server, meeting[meeting_count], meeting_count);
	}
}

/* Forgets those who have given up. */
static void sweep_meeting(void)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < meeting_count; i++)
		if (request_waits(&server, meeting[i]))
			meeting[left++] = meeting[i];
	meeting_count = left;
}

long serve_probe_meet(struct request *request, uint32_t wanted)
{
	if (!wanted || wanted > MEETERS)
		return -EINVAL;
	sweep_meeting();
	if (meeting_count == MEETERS)
		return -ENOMEM;
	meeting[meeting_count++] = request->token;
	if (meeting_count == wanted)
		end_meeting();
	return DEFERRED;
}

long serve_probe_count(struct request *request, uint32_t *waiting)
{
	(void)request;
	sweep_meeting();
	*waiting = meeting_count;
	return (long)(things - gone);
}

/* ---- clients: threads that call, while the main thread serves */

static struct suite_thread threads[MEETERS + 1];
static endpoint_handle to; /* the root */

static void next_tick(struct server *of)
{
	of->deadline = now() + 5 * MS;
}

/* Serves until all of the first `count` threads are over. */
static void serve_until_over(unsigned count)
{
	next_tick(&server);
	for (unsigned i = 0; i < count; i++)
		while (!threads[i].over)
			server_turn(&server);
	for (unsigned i = 0; i < count; i++)
		suite_thread_join(&threads[i]);
	for (uint64_t until = now() + 20 * MS; now() < until;)
		server_turn(&server); /* badges that are gone */
}

static void run_client(void (*client)(void *), void *argument)
{
	suite_thread_start(&threads[0], client, argument);
	serve_until_over(1);
}

/* What a client thread finds; check() prints, so it is not for threads. */
static struct finding {
	const char *what;
	long got, expected;
} findings[64];

static unsigned found;

static void expect(long got, long expected, const char *what)
{
	if (found < COUNT(findings))
		findings[found] = (struct finding){what, got, expected};
	found++;
}

static void report(const char *what)
{
	struct checks c = {0};

	for (unsigned i = 0; i < found && i < COUNT(findings); i++)
		check(&c, findings[i].got == findings[i].expected, "%s: %ld, not %ld", findings[i].what,
			findings[i].got, findings[i].expected);
	check(&c, found <= COUNT(findings), "too many findings: %u", found);
	found = 0;
	checks_report(&c, what);
}

static void scalars(void *argument)
{
	(void)argument;
	expect(probe_sum(to, 255, -128, 65535, -32768, 4000000000u, -2000000000, 5000000000, false),
		255 - 128 + 65535 - 32768 + 4000000000 - 2000000000 + 5000000000, "sum");
	expect(probe_sum(to, 0, 0, 0, 0, 0, 0, 22, true), -22, "a negative result is an error");
	expect(probe_sum(to, 0, 0, 0, 0, 0, 0, INT64_MAX, false), INT64_MAX, "the largest");
	expect(probe_sets(to, PROBE_MODE_FAST | PROBE_MODE_DEEP, PROBE_KIND_LARGE), 0x2000000107, "sets");
	expect(probe_sets(to, 0, PROBE_KIND_SMALL), 1, "no flags");
	expect(probe_sets(to, (enum probe_mode)2, PROBE_KIND_SMALL), -EINVAL, "unknown flag");
	expect(probe_sets(to, 0, (enum probe_kind)0), -EINVAL, "unknown value");
	expect(probe_sets(to, 0, (enum probe_kind)8), -EINVAL, "unknown value");
}

static char long_text[100];

static void texts(void *argument)
{
	struct probe_question q = {
		.mode = PROBE_MODE_DEEP, .kind = PROBE_KIND_LARGE, .number = 1234567890123};
	struct probe_answer r = {0};
	uint32_t sum = 0;

	(void)argument;
	expect(probe_text(to, "", &sum), 0, "no text");
	expect(probe_text(to, "abc\xff", &sum), 4, "text");
	expect(sum, 'a' + 'b' + 'c' + 255, "its sum");
	memset(long_text, 'x', sizeof(long_text) - 1);
	expect(probe_text(to, long_text, &sum), -ENAMETOOLONG, "too long");
	expect(probe_text(to, long_text + sizeof(long_text) - 64, &sum), 63, "the longest");
	expect(probe_gather(to, "one", &q, "three", &r), 0, "several things in");
	expect((long)r.number, 1234567890123, "number");
	expect(r.sign, -1, "sign");
	expect(r.length, 3005, "lengths");
	expect(probe_gather(to, "", &q, "", &r), 0, "empty texts");
	expect(r.length, 0, "their lengths");
	q.kind = (enum probe_kind)2;
	expect(probe_gather(to, "one", &q, "three", &r), -EINVAL, "unknown value in a struct");
	q.kind = PROBE_KIND_SMALL;
	q.certain[1] = 2;
	expect(probe_gather(to, "one", &q, "three", &r), -EINVAL, "a bool that is none in a struct");
}

static uint8_t large[2 * KEPT];

static void buffers(void *argument)
{
	uint8_t small[4] = {0};

	(void)argument;
	expect(probe_put(to, "abcdef", 6), 6, "put");
	expect(probe_take(to, small, 4), 4, "take");
	expect(memcmp(small, "fedc", 4), 0, "what is taken");
	expect(probe_take(to, large, sizeof(large)), 6, "take less");
	expect(probe_put(to, NULL, 0), 0, "put nothing");
	expect(probe_take(to, large, 1), 0, "take nothing");
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 7 + i / 256);
	expect(probe_put(to, large, sizeof(large)), KEPT, "put much");
	expect(probe_put(to, (void *)8, 5), -EFAULT, "put from the null page");
	expect(probe_put(to, (void *)0x700000000, 5), -EFAULT, "put from a hole");
	expect(probe_take(to, (void *)0x700000000, 5), -EFAULT, "take into a hole");
	expect(probe_take(to, (void *)(uintptr_t) "constant", 5), -EFAULT, "take into constants");
	expect(probe_put(to, (void *)(USER_TOP - 4), 5), -EFAULT, "put across the end");
	expect(probe_put(to, (void *)8, 50), -EFAULT, "put more from the null page");
	expect(probe_take(to, (void *)0x700000000, 50), -EFAULT, "take more into a hole");
	expect(probe_take(to, (void *)(uintptr_t) "constant", 50), -EFAULT, "take more into constants");
}

/* Up to 24 bytes are in the message, more are lent: nobody can tell, wherever they lie. */
static void short_buffers(void *argument)
{
	static uint8_t back[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	long wrong = 0;

	(void)argument;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t size = 0; size < 40; size++)
		for (size_t align = 0; align < 8; align++) {
			const uint8_t *from = large + PAGE_SIZE - size / 2;
			uint8_t *at = back + PAGE_SIZE / 2 + align;

			memset(back, 0xee, sizeof(back));
			wrong += probe_put(to, from, size) != (long)size;
			wrong += probe_take(to, at, size) != (long)size;
			for (size_t i = 0; i < size; i++)
				wrong += at[i] != from[size - 1 - i];
			wrong += at[-1] != 0xee || at[size] != 0xee;
		}
	expect(wrong, 0, "buffers of 0 to 39 bytes");
	expect(probe_put(to, "xyz", 3), 3, "put");
	memset(back, 0xee, sizeof(back));
	expect(probe_take(to, back, 20), 3, "take less");
	expect(memcmp(back, "zyx\xee", 4), 0, "and leave the rest");
}

static void handles(void *argument)
{
	endpoint_handle one = probe_open(to), two = probe_open(to), three, four;
	notification_handle n = notification_create();

	(void)argument;
	expect(one.value > 0 && two.value > 0, 1, "opened");
	expect(probe_put(one, "one", 3), 3, "an object of its own");
	expect(probe_put(two, "zwei", 4), 4, "and another");
	expect(probe_take(one, large, 10), 3, "the first has kept its bytes");
	expect(probe_pair(to, &three, &four), 0, "two at once");
	expect(three.value > 0 && four.value > 0 && three.value != four.value, 1, "two handles");

	expect(probe_keep(to, n, 4), 0, "given away");
	expect(handle_close(ANY(n)), -EBADF, "so it is gone");
	n = notification_create();
	expect(probe_keep(to, n, 1ul << 63), -EINVAL, "given away in vain");
	expect(handle_close(ANY(n)), -EBADF, "gone all the same");
	expect(probe_keep(to, (notification_handle){one.value}, 1), -EFTYPE, "of the wrong type");
	expect(probe_take(one, large, 10), -EBADF, "gone as well");
	n = (notification_handle){handle_duplicate(ANY(kept), RIGHT_TRANSFER).value};
	expect(probe_keep(to, n, 1), -EACCES, "without the right");
	n = (notification_handle){handle_duplicate(ANY(kept), RIGHT_NOTIFICATION_SIGNAL).value};
	expect(probe_keep(to, n, 1), -EBADF, "that can't be given");
	expect(handle_close(ANY(n)), -EBADF, "closed all the same");
	expect(probe_keep(to, (notification_handle){12345}, 1), -EBADF, "forged");
	expect(probe_keep(to, (notification_handle){0}, 1), -EBADF, "none");

	expect(probe_which(to, two), 2, "an object that is shown");
	expect(probe_which(to, four), 4, "and another");
	expect(probe_which(to, (endpoint_handle){54321}), -EBADF, "forged");
	one = endpoint_create();
	expect(probe_which(to, one), -EXDEV, "of nobody");
	expect(probe_which(to, (endpoint_handle){own_process().value}), -EXDEV, "not even an endpoint");
	handle_close(ANY(one));
	handle_close(ANY(two));
	handle_close(ANY(three));
	handle_close(ANY(four));
}

static void test_gone(void)
{
	struct checks c = {0};

	for (uint64_t until = now() + PATIENCE; gone < things && now() < until;)
		server_turn(&server); /* the last words may still be on their way */
	check(&c, things == 4 && gone == 4, "%u objects, %u gone", things, gone);
	checks_report(&c, "the server hears of objects that nobody has any more");
}

static void meet(void *argument)
{
	*(long *)argument = probe_meet(to, MEETERS, DEADLINE_NEVER);
}

static void meet_shortly(void *argument)
{
	*(long *)argument = probe_meet(to, MEETERS, now() + 3 * MS);
}

static void count_waiting(void *argument)
{
	uint32_t waiting = 99;

	(void)argument;
	expect(probe_count(to, &waiting), 0, "objects");
	expect(waiting, 0, "set aside");
}

static void test_deferred(void)
{
	struct checks c = {0};
	long place[MEETERS];
	bool taken[MEETERS] = {0};

	for (unsigned i = 0; i < MEETERS; i++)
		suite_thread_start(&threads[i], meet, &place[i]);
	serve_until_over(MEETERS);
	for (unsigned i = 0; i < MEETERS; i++) {
		check(&c, place[i] >= 0 && place[i] < MEETERS && !taken[place[i]], "place %ld", place[i]);
		taken[place[i] % MEETERS] = true;
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < MEETERS - 1; i++)
			suite_thread_start(&threads[i], meet_shortly, &place[i]);
		serve_until_over(MEETERS - 1);
		for (unsigned i = 0; i < MEETERS - 1; i++)
			check(&c, place[i] == -ETIMEDOUT, "waiting in vain gave %ld", place[i]);
	}
	checks_report(&c, "calls set aside, answered the last first, and given up");
	run_client(count_waiting, NULL);
	report("those who have given up leave nothing");
}

static void unmapped(void *argument)
{
	static struct pages pages;

	(void)argument;
	pages = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	to_unmap = &pages;
	expect(probe_put(to, pages.at, PAGE_SIZE), -EFAULT, "read from what was unmapped");
	pages = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	expect(probe_put(to, pages.at, PAGE_SIZE), PAGE_SIZE, "put");
	to_unmap = &pages;
	expect(probe_take(to, pages.at, PAGE_SIZE), -EFAULT, "write to what was unmapped");
}

/* Calls with a label, and with words and windows that fit nothing. */
static long call_raw(uint32_t label, const uint64_t word[4], uint32_t offered, struct windows windows)
{
	struct message m = {.label = label, .token = offered, .deadline = DEADLINE_NEVER};

	memcpy(m.word, word, sizeof(m.word));
	return protocol_call_lend(to, &m, &windows);
}

static void malformed(void *argument)
{
	static const char text[] = "a\0b";
	const uint64_t none[4] = {0};
	struct windows lent = {(uintptr_t)text, (uintptr_t)large, 3, sizeof(large)};

	(void)argument;
	expect(call_raw(0, none, 0, lent), -ENOSYS, "no protocol");
	expect(call_raw(0xfff10001, none, 0, lent), -ENOSYS, "another protocol");
	expect(call_raw(0xfff00000, none, 0, lent), -ENOSYS, "method 0");
	expect(call_raw(0xfff00008, none, 0, lent), -ENOSYS, "an empty slot");
	expect(call_raw(METHOD_PROBE_COUNT + 1, none, 0, lent), -ENOSYS, "the slot after the last");
	expect(call_raw(0xfff0ffff, none, 0, lent), -ENOSYS, "the last method there could be");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){3}, 0, lent), -EINVAL, "a NUL in a text");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){4}, 0, lent), -EFAULT, "longer than what is lent");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){64}, 0, lent), -ENAMETOOLONG, "longer than may be");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){1 | 1 << 16}, 0, lent), -EINVAL,
		"a bit that is none");
	expect(call_raw(METHOD_PROBE_TEXT, (uint64_t[4]){1, 0, 1}, 0, lent), -EINVAL, "a word that is none");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){4}, 0, lent), -EFAULT, "longer than what is lent");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){2, 1}, 0, lent), -EINVAL,
		"a word that is none of a buffer");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){PROTOCOL_SHORT | 25, 1}, 0, lent), -EINVAL,
		"not short");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){UINT32_MAX, 1}, 0, lent), -EINVAL, "not at all");
	expect(call_raw(METHOD_PROBE_PUT, (uint64_t[4]){PROTOCOL_SHORT | 24, 1}, 0, lent), 24, "short");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){PROTOCOL_SHORT | 25}, 0, lent), -EINVAL, "to take");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){UINT32_MAX}, 0, lent), -EINVAL, "to take more");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){PROTOCOL_SHORT | 24, 1}, 0, lent), -EINVAL,
		"a word");
	expect(call_raw(METHOD_PROBE_TAKE, (uint64_t[4]){PROTOCOL_SHORT}, 0, lent), 0, "to take nothing");
	expect(call_raw(METHOD_PROBE_SUM, (uint64_t[4]){2ul << 48}, 0, lent), -EINVAL, "a bool of 2");
	expect(call_raw(METHOD_PROBE_KEEP, (uint64_t[4]){7, 1}, 0, lent), -EBADF, "nothing offered");
	expect(call_raw(METHOD_PROBE_WHICH, (uint64_t[4]){7}, 0, lent), -EBADF, "nothing shown");
	expect(call_raw(METHOD_PROBE_GATHER, (uint64_t[4]){1 | 1 << 16}, 0, lent), -EFAULT,
		"a part of it all");
}

static const uint32_t flood_labels[] = {METHOD_PROBE_SUM, METHOD_PROBE_SETS, METHOD_PROBE_TEXT,
	METHOD_PROBE_GATHER, METHOD_PROBE_PUT, METHOD_PROBE_TAKE, METHOD_PROBE_OPEN, METHOD_PROBE_PAIR,
	METHOD_PROBE_KEEP, METHOD_PROBE_WHICH, METHOD_PROBE_COUNT, 0, 0xfff00008, 0xffffffff};

/* Whatever comes, in whatever words: each call comes back, and what it opens is closed. */
static void flood(void *argument)
{
	uint64_t word[4];

	(void)argument;
	for (unsigned i = 0; i < FLOOD; i++) {
		uint32_t label = flood_labels[random_below(COUNT(flood_labels))];
		struct windows windows = {(uintptr_t)large + random_below(5000),
			(uintptr_t)large + random_below(5000), (uint32_t)random_below(300),
			(uint32_t)random_below(300)};

		for (unsigned w = 0; w < COUNT(word); w++)
			word[w] = random_next() >> random_below(64);
		if (label == METHOD_PROBE_OPEN || label == METHOD_PROBE_PAIR)
			word[0] = 1; /* or it would give this thread handles that it does not know of */
		if (call_raw(label, word, (uint32_t)random_below(16), windows) == -EPIPE)
			expect(i, FLOOD, "the server went away");
	}
	expect(probe_put(to, "alive", 5), 5, "the server serves others after that");
}

static void unknown_badge(void *argument)
{
	endpoint_handle stranger = endpoint_badge(server.endpoint, 0x123456789abcdef0);
	endpoint_handle low = endpoint_badge(server.endpoint, 7);
	uint32_t waiting;

	(void)argument;
	expect(probe_count(stranger, &waiting), -EBADF, "a badge of nobody");
	expect(probe_count(low, &waiting), -EBADF, "a badge that is not adopted");
	expect(probe_count(server.endpoint, &waiting), -EBADF, "no badge");
	handle_close(ANY(stranger));
	handle_close(ANY(low));
}

/* ---- another process that dies while it calls: a thread calls, the other ends the process */

/* clang-format off */
CHILD_PROGRAM(dies_in_a_call,
	"	ld	s0, 0(a0)\n" /* endpoint */
	"	ld	s1, 8(a0)\n" /* itself */
	"	mv	s2, a0\n"
	"	mv	a0, s1\n"
	"	la	a1, 1f\n"
	"	addi	a2, sp, -1024\n"
	"	mv	a3, s2\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_create) "\n"
	"	ecall\n"
	"	ld	a0, 16(s2)\n" /* until when */
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n"
	"	li	a0, 3\n"
	CHILD_EXIT
	"1:	ld	a1, 24(a0)\n" /* label */
	"	ld	a2, 32(a0)\n" /* word 0 */
	"	addi	t0, a0, 64\n" /* lends what is behind it, for both */
	"	addi	t1, a0, 64\n"
	"	li	t2, 0x0000004000000040\n"
	"	ld	a0, 0(a0)\n"
	"	li	a3, 0\n"
	"	li	a4, 0\n"
	"	li	a5, 0\n"
	"	li	a6, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_call_lend) "\n"
	"	ecall\n"
	"	li	a0, 4\n"
	CHILD_EXIT);
/* clang-format on */

static void test_death(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 5; round++) {
		struct child child;
		struct process_result result = {0};
		uint64_t data[8] = {0, 0, now() + 5 * MS, METHOD_PROBE_MEET, MEETERS};

		check(&c, !child_make(&child, dies_in_a_call, (size_t)(dies_in_a_call_end - dies_in_a_call)),
			"child");
		data[0] = (uint64_t)process_give(child.process, ANY(to), RIGHTS_SAME);
		data[1] = (uint64_t)process_give(child.process, ANY(child.process), RIGHTS_SAME);
		memory_write(child.data, 0, (const uint8_t *)data, sizeof(data));
		check(&c, !child_start(&child, CHILD_DATA), "start");
		for (uint64_t until = now() + 20 * MS; now() < until;) {
			server.deadline = now() + MS;
			server_turn(&server);
		}
		check(&c, !process_wait(child.process, now() + PATIENCE, &result) && child_exited(&result, 3),
			"it ended with %d", result.status);
		sweep_meeting();
		check(&c, meeting_count == 0, "%u calls of the dead", meeting_count);
		child_close(&child);
	}
	checks_report(&c, "a caller that dies in a call");
}

/* ---- notifications beside the calls */

static struct listener listener;
static uint64_t heard;

static void hear(struct listener *from, uint64_t bits)
{
	heard |= bits;
	if (from != &listener)
		heard = 1ul << 63;
}

static void signal_it(void *argument)
{
	notification_handle *n = argument;

	notification_signal(*n, 5);
	probe_put(to, "x", 1);
	notification_signal(*n, 8);
	thread_sleep(now() + 10 * MS);
}

static void test_listener(void)
{
	struct checks c = {0};
	notification_handle n = notification_create();

	check(&c, !server_listen(&server, &listener, n, 13, hear), "listen");
	run_client(signal_it, &n);
	check(&c, heard == 13, "heard %#lx", heard);
	checks_report(&c, "the server hears notifications between the calls");
}

/* ---- what ipc_badge tells of handles that a caller offers */

static endpoint_handle stage;

static void offer(void *argument)
{
	struct message m = {.label = 1, .token = 15, .deadline = DEADLINE_NEVER};
	struct windows none = {0};

	memcpy(m.word, argument, sizeof(m.word));
	expect(ipc_call_lend(stage, &m, &none), 0, "offer");
}

static void test_badges(void)
{
	struct checks c = {0};
	endpoint_handle low, high, other = endpoint_create();
	struct message m = {.deadline = DEADLINE_NEVER};
	int32_t closed = notification_create().value;
	uint64_t offers[4];

	stage = endpoint_create();
	low = endpoint_badge(stage, INT64_MAX);
	high = endpoint_badge(stage, 1ul << 63);
	handle_close((any_handle){closed});
	for (unsigned round = 0; round < 2; round++) {
		uint64_t first[4] = {(uint64_t)low.value, (uint64_t)high.value, (uint64_t)stage.value,
			(uint64_t)other.value};
		uint64_t second[4] = {(uint64_t)closed, 0, ~0ul, (uint64_t)own_process().value};
		const long results[2][4] = {
			{INT64_MAX, -ENOENT, 0, -ENOENT}, {-EBADMSG, -EBADMSG, -EBADMSG, -ENOENT}};

		memcpy(offers, round ? second : first, sizeof(offers));
		suite_thread_start(&threads[0], offer, offers);
		m.deadline = DEADLINE_NEVER;
		check(&c, !ipc_receive(stage, &m), "receive");
		for (uint32_t w = 0; w < 4; w++)
			check(&c, ipc_badge(stage, m.token, w) == results[round][w],
				"offer %u of round %u: %ld", w, round, ipc_badge(stage, m.token, w));
		check(&c, ipc_badge(stage, m.token, 4) == -EINVAL, "no such word");
		check(&c, ipc_badge(stage, m.token ^ 1u << 20, 0) == -ESRCH, "no such call");
		check(&c, ipc_badge(low, m.token, 0) == -EACCES, "without the right to receive");
		check(&c, !ipc_reply(stage, &m), "reply");
		suite_thread_join(&threads[0]);
	}
	found = 0;
	handle_close(ANY(low));
	handle_close(ANY(high));
	handle_close(ANY(other));
	handle_close(ANY(stage));
	checks_report(&c, "badges of handles that are offered");
}

int main(int argc, char **argv)
{
	static const struct protocol *const protocols[] = {&probe_protocol, NULL};

	ktap_plan(15);
	random_start(argc > 1 ? argv[1] : NULL);
	if (server_init(&server, (endpoint_handle){0}, protocols))
		ktap_bail_out("no server");
	server.gone = thing_gone;
	server.timeout = next_tick;
	to = client_open(&server, &root.client);
	if (to.value < 0)
		ktap_bail_out("no endpoint for the clients: %d", to.value);

	run_client(scalars, NULL);
	report("scalars, flags and enums");
	run_client(texts, NULL);
	report("texts and structs");
	run_client(buffers, NULL);
	report("buffers");
	run_client(short_buffers, NULL);
	report("short buffers");
	run_client(handles, NULL);
	report("handles that come back, are given away, are shown");
	test_gone();
	test_deferred();
	run_client(unmapped, NULL);
	report("memory that is unmapped while it is lent");
	run_client(malformed, NULL);
	report("messages that fit no method");
	run_client(flood, NULL);
	report("a flood of nonsense");
	run_client(unknown_badge, NULL);
	report("badges that nobody was given");
	test_death();
	test_listener();
	test_badges();
	return ktap_end();
}
