/*
 * picolibc's <setjmp.h>, and the jumps that know of blocked signals.
 */
#pragma once

#include_next <setjmp.h>

#include <sys/_sigset.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
	jmp_buf registers;
	int has_mask;
	__sigset_t mask;
} sigjmp_buf[1];

void __sigjmp_save(sigjmp_buf to, int with_mask);
_Noreturn void siglongjmp(sigjmp_buf to, int value);

#define sigsetjmp(to, with_mask) (__sigjmp_save(to, with_mask), setjmp((to)->registers))

#define _setjmp(to)         setjmp(to)
#define _longjmp(to, value) longjmp(to, value)

#ifdef __cplusplus
}
#endif
