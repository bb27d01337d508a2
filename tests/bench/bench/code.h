/* Code that runs in processes and threads which have nothing else: see code.S. */
#pragma once

#define SERVER_DATA    0x50000000 /* where a server in a process of its own has a buffer of two pages */
#define FOREIGN_ROUNDS 1016       /* the warm-up and the rounds */

#ifndef __ASSEMBLER__
extern const char server_code[], server_code_end[]; /* a0: the endpoint. Replies what it has received */
extern const char reader_code[], reader_code_end[]; /* reads as many bytes of the window as word 0 says, to SERVER_DATA */
extern const char handler_code[], handler_code_end[]; /* of exceptions: the instruction has returned a value */
extern const char foreign_code[], foreign_code_end[]; /* a0: where it counts its calls; see there */
extern const char exit_code[], exit_code_end[]; /* a program that ends at once */
extern const char futex_code[]; /* a0: a word that is 0, at which it waits; then the thread ends */
extern const char sleeper_code[]; /* a0: until when it sleeps; then the thread ends */
#endif
