/*
 * Something that is done once, whoever comes first; the others wait until it is done.
 */
#include <tabula/handles.h>

#include "libc.h"
#include "thread.h"

enum { NEW, RUNNING, DONE };

int pthread_once(pthread_once_t *control, void (*routine)(void))
{
	uint32_t state = NEW;
	if (__atomic_load_n(&control->state, __ATOMIC_ACQUIRE) == DONE)
		return 0;
	if (__atomic_compare_exchange_n(
		    &control->state, &state, RUNNING, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		routine();
		__atomic_store_n(&control->state, DONE, __ATOMIC_RELEASE);
		futex_wake_some(&control->state, UINT32_MAX);
		return 0;
	}
	while (__atomic_load_n(&control->state, __ATOMIC_ACQUIRE) != DONE)
		(void)futex_wait_for(&control->state, RUNNING, DEADLINE_NEVER);
	return 0;
}
