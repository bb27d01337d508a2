/* Tables that are full, on either side: what should move stays where it is. */
#include "moving.h"

enum { TABLE_SIZE = 1 << 14 };

static int32_t copies[TABLE_SIZE];

/* Fills the table of this process with copies of a handle; returns how many. */
static unsigned fill_table(int32_t value)
{
	unsigned n = 0;

	while ((copies[n] = handle_duplicate((any_handle){value}, 0).value) > 0)
		n++;
	return n;
}

/* The server's table is full: what is offered stays with its owner. */
void test_full_server(void)
{
	struct checks c = {0};
	int32_t offered[MESSAGE_WORDS] = {memory_with(RIGHTS_MEMORY_ALL)};
	uint32_t token;
	unsigned n;

	open_endpoint();
	token = start_offering(&c, offered, 1);
	n = fill_table(endpoint.value);
	check(&c, n > TABLE_SIZE / 2, "%u copies", n);
	check(&c, ipc_take(endpoint, token, 0).value == -EMFILE, "take");
	check(&c, ipc_copy(endpoint, token, 0, 0, 0).value == -EMFILE, "copy");
	check(&c, ipc_give(endpoint, token, (any_handle){offered[0]}, 0) == -EMFILE,
		"give, to another thread of the same");
	check(&c, names(offered[0], OBJECT_MEMORY, RIGHTS_MEMORY_ALL), "nothing has moved");
	drop(copies[--n]);
	offered[1] = ipc_take(endpoint, token, 0).value;
	check(&c, offered[1] > 0 && is_gone(offered[0]), "with one free slot: %d", offered[1]);
	drop(offered[1]);
	while (n--)
		drop(copies[n]);
	end_offering(&c, token);
	close_endpoint();
	checks_report(&c, "a full table on the server's side");
}

/* The same, but with a table that is full of copies of the handle at CHILD_DATA + 8. */
/* clang-format off */
CHILD_PROGRAM(full_client,
	"	mv	s0, a0\n"
	"	li	s1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"1:	ld	a0, 8(s1)\n"
	"	li	a1, 0\n"
	"	li	a7, " SUITE_TEXT(SYS_handle_duplicate) "\n"
	"	ecall\n"
	"	bgtz	a0, 1b\n"
	"	mv	a0, s0\n"
	CALL_AND_EXIT);
/* clang-format on */

/* The client's table is full: what is given stays with the server. */
void test_full_client(void)
{
	struct checks c = {0};
	int32_t h = memory_with(RIGHTS_MEMORY_ALL);
	struct child client;
	struct message m;

	open_endpoint();
	start_client(&c, &client, full_client, SIZE_OF(full_client), (any_handle){0});
	check(&c, !receive(&m), "receive");
	check(&c, ipc_give(endpoint, m.token, (any_handle){h}, RIGHTS_SAME) == -EMFILE, "give");
	check(&c, names(h, OBJECT_MEMORY, RIGHTS_MEMORY_ALL), "nothing has moved");
	check(&c, ipc_give_badge(endpoint, m.token, 7, RIGHTS_SAME) == -EMFILE, "a badge");
	check(&c, !badge_is_told(endpoint, 7, 0), "which is not told of");
	end_client(&c, &client, m.token, 3);
	drop(h);
	close_endpoint();
	checks_report(&c, "a full table on the client's side");
}
