/*
 * A prepared world for tests that make every call of the table: a process with a handle to an object of each type, and
 * arguments for each call with which it has something to do. What a new type of object or a call with a will of its
 * own needs is added in world.c.
 */
#pragma once

#include "hosted.h"
#include "sys/metadata.h"

struct process;

/* Numbers of the programs that a machine with a world has, in this order, the test's own after them. */
enum world_program { WORLD_INIT, WORLD_CALLER, WORLD_LEAVER, WORLD_PROGRAMS };

hosted_program world_init, world_caller, world_leaver;

/* Pages of the driver: one that is there, and some that nobody has touched. */
#define WORLD_PRESENT 0x30000000ul
#define WORLD_FRESH   0x40000000ul
enum { WORLD_FRESH_PAGES = 16 };

/* Makes a world around a new process, whose thread will run `program`. The caller has a reference to it. */
struct process *world_make(unsigned program, uint64_t argument);

/* Whether the other threads of the world have got to where they wait; the driver yields until then. */
bool world_is_settled(void);

/* Has the frame make this call with good arguments, or with these, in the order of the prototype. */
enum { WORLD_ARITY = 12 };
void world_call(struct trapframe *frame, const struct call_info *call);
void world_call_with(struct trapframe *frame, const struct call_info *call, const uint64_t *values);

/* A good argument of a call. */
uint64_t world_argument(const struct call_info *call, const struct arg_info *arg);

/*
 * Two threads call through the world's endpoint. This has the frame receive one of the calls; later calls have its token,
 * when world_received has been told of it.
 */
void world_receive(struct trapframe *frame);
void world_received(const struct trapframe *frame);

/* Ends all that is left of the world but the driver. */
void world_end(void);

/* All that a call which fails has to leave as it was. */
struct world_state {
	uint64_t handles, references, regions, threads;
};

struct world_state world_state(void);
