/* What the parts of test-posix-library share. All files are in HERE. */
#pragma once

#include "suite.h"

#include <errno.h>
#include <stdio.h>

#define HERE "/tmp/library"

/* ---- paths.c */

/* In the current directory: a file, a folder with two, a link to each, one to nothing and one to the folder above. */
void tree_make(void);
void tree_remove(void);

/* ---- the tests, in their order */

void test_realpath(void);
void test_glob(void);
void test_walk(void);
void test_temporary(void);
void test_streams(void);
void test_buffers(void);
void test_messages(void);
void test_users(void);
void test_use(void);
void test_memory_use(void);
void test_search(void);
void test_ends(void);
void test_no_terminal(void);
void test_mappings(void);
void test_mapped_files(void);
