/*
 * What the parts of test-hostile share: the calls that they make, what they make them to, and what an honest client and
 * somebody who counts see of the servers meanwhile.
 */
#pragma once

#include "suite.h"

#include <tabula/methods.h>

enum {
	PROTOCOL_FILE = 1,
	PROTOCOL_DIRECTORY = 2,
	PROTOCOL_TERMINAL = 3,
	PROTOCOL_PROGRAM = 4,
	METHODS_MOST = 32, /* of a protocol */
	LENT = 64, /* bytes of a window that is good */
	TARGETS_MOST = 12,
	BAD_ADDRESSES = 6,
};

#define HONEST (20 * SECOND) /* an honest call takes less, whatever others do */

/* A call, as the tables describe it. */
struct attack {
	const struct method_info *method;
	struct message message;
	struct windows windows;
};

/* What calls are made to. */
struct target {
	const char *name;
	endpoint_handle to;
	unsigned speaks; /* bit N: protocol N */
};

/* ---- attack.c */

extern struct pages good, constant, edge; /* newlines; the last has nothing mapped behind it */
extern const uintptr_t bad_addresses[BAD_ADDRESSES];
extern struct checks cells; /* each call that was tried */

/* First of all. */
void make_pages(void);

/* Sets one argument, in the words, in the text that is lent, or as a window. */
void set_field(struct attack *attack, const struct method_argument *argument, uint64_t value);

/* Texts lie one after the other. */
void set_text(struct attack *attack, const struct method_argument *argument, const char *text);

void set_window(struct windows *windows, bool out, uintptr_t at, uint32_t size);

/* Gives a handle with the call, or shows one. */
void offer(struct attack *attack, const struct method_argument *argument, any_handle handle);

any_handle another(process_handle process, uint32_t rights);

/* A handle as the method wants it, with no more than these rights. */
any_handle fitting(const struct method_argument *argument, uint32_t rights);

/* A call that is well formed, with zeros wherever they will do. */
void attack_begin(struct attack *attack, const struct method_info *method);

/* Closes what a word of a message names, if it names something. */
void close_any(uint64_t value);

/* Sends it: anything that the table says may come of it. */
void try(const struct target *target, struct attack *attack, const char *what, uint64_t value);

/* The checks before the handler find this, and nothing else is wrong. */
void refused(
	const struct target *target, struct attack *attack, long error, const char *what, uint64_t value);

/* ---- targets.c */

extern struct target targets[TARGETS_MOST];
extern unsigned target_count;
extern process_handle idle; /* never started */
extern endpoint_handle child; /* the program that is attacked */
extern endpoint_handle shown; /* a directory, for methods that are shown one */

void find_targets(void);

/* ---- servers.c */

extern endpoint_handle file_place, program_place, files, programs, console, honest_file;
extern process_handle file_server, program_server, console_server;

/* All of them, and what there is to attack. */
void start_servers(void);

/* Starts another server; where its clients call it. */
endpoint_handle place_of(process_handle *server, const char *path);

endpoint_handle open_it(const char *path, uint32_t how);

/* An honest client of each is served. */
void check_service(struct checks *c, const char *when);

/* ---- holdings.c */

/* Takes away what hostile clients may have made: in all of the names that they use, and children that have ended. */
void clean(void);

/*
 * A server keeps room for the most that it has had to do at a time, which on several harts is more in some rounds than in
 * those before. So what costs memory is done again: a leak costs some in every round. Checks that `act` costs nothing.
 */
void check_costs(struct checks *c, void (*act)(void));

/* ---- spoil.c */

/* Each argument spoiled in turn, if the target speaks the protocol. */
void attack_method(const struct target *target, const struct method_info *method);

/* ---- floods.c */

/* The flood, in a process of its own: it ends while its threads are in the middle of it. */
int flooder(uint64_t seed);

/* ---- dry.c */

/* Again in a process of its own, since all that was opened stays open. */
int dry(uint64_t more);

/* ---- the tests, by what they are about */

void test_arguments(void);
void test_floods(void);
void test_dry(void);
