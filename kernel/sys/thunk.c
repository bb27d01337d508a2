/* The larger checks of thunks. See thunk.h. */
#include "sys/thunk.h"

#include "lib/string.h"
#include "panic.h"
#include "report.h"
#include "sys/metadata.h"

/* Longer argument structs are refused before they are looked at. */
enum { STRUCT_MOST = PAGE_SIZE };

/* -E2BIG unless all of [from, length) is zero. */
static int check_unknown(uint64_t address, size_t from, size_t length)
{
	uint64_t words[8] = {0}; /* by the word, since there may be a page of them */

	for (size_t n; from < length; from += n) {
		n = length - from < sizeof(words) ? length - from : sizeof(words);
		TRY(thunk_copy_in(words, address + from, n));
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (words[i]) /* of the last ones some may be of before, which were zero */
				return -E2BIG;
	}
	return 0;
}

int thunk_other_struct_in(void *to, size_t size, size_t oldest, uint64_t address, uint64_t length)
{
	size_t known = length < size ? length : size;

	if (length < oldest)
		return -EINVAL;
	if (length > STRUCT_MOST)
		return -E2BIG;
	TRY(thunk_range(address, length, 1));
	TRY(thunk_copy_in(to, address, known));
	if (known < size)
		memset((char *)to + known, 0, size - known);
	return check_unknown(address, known, length);
}

#if DEBUG_CHECKS
/* Nobody sees the result of a call whose process another thread is ending: its table takes no handle any more. */
static bool is_unseen(long result)
{
	const struct process *process = current_process();

	return result == -EBUSY && __atomic_load_n(&process->ending, __ATOMIC_RELAXED);
}

long thunk_result(uint64_t number, long result)
{
	report_result(number, result);

	const struct call_info *call = call_by_number(number);

	if (result >= 0 || (result == WAITING && call->attributes & CALL_BLOCKS) ||
		call_declares(call, -result) || is_unseen(result))
		return result;
	panic("kernel/abi/syscalls.tbl:%u: %s returned %s (%ld), which its line does not declare", call->line,
		call->name, error_name((int)-result) ? error_name((int)-result) : "an unknown error",
		-result);
}
#endif
