/* The server of the protocol: it opens things, keeps their bytes, and sets calls aside. */
#include "protocol.h"

#include <tabula/protocol/probe.h>

struct server server;
struct thing root;
unsigned things, gone;
notification_handle kept;
uint32_t meeting[MEETERS], meeting_count;
struct pages *to_unmap;

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

void thing_gone(struct server *of, struct client *client)
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

void sweep_meeting(void)
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
