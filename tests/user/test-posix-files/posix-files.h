/* What the parts of test-posix-files share: files with a text in them, all in HERE, and calls that have to work. */
#pragma once

#include "fails.h"
#include "suite.h"

#include <errno.h>
#include <signal.h>

#define HERE "/tmp/posix"

#define WORKS(c, call) \
	do { \
		long result_ = (long)(call); \
		check(c, result_ >= 0, "%s: %ld, %s", #call, result_, strerror(errno)); \
	} while (0)

/* ---- helpers.c */

/* A new file with this text; a descriptor to read and write it. */
int make(const char *path, const char *text);

bool holds(const char *path, const char *text);

/* How many descriptors are open. */
int count_open(void);

/* ---- pipes.c */

extern volatile sig_atomic_t broken_pipes;

/* A handler for SIGPIPE. */
void count_broken(int number);

/* ---- programs.c: what this program does as a child */

/* Copies from descriptor 0 to 1. */
int child(void);

/* One of its descriptors is of a server that has gone. */
int child_of_lost(void);

/* ---- the tests, by what they are about */

void test_open(void);
void test_threads(void);
void test_offsets(void);
void test_descriptors(void);
void test_names(void);
void test_status(void);
void test_listing(void);
void test_working_directory(void);
void test_archive_files(void);
void test_devices(void);
void test_pipes(void);
void test_streams(void);
void test_inheritance(void);
void test_spawn_actions(void);
void test_lost_server(void);
