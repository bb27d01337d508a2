/* What the table says of calls, as the kernel looks it up. */
#include "pure.h"

#include "abi/errors.h"
#include "hosted.h"
#include "lib/string.h"
#include "sys/metadata.h"

void test_metadata(void)
{
	for (uint64_t number = 0; number < SYSCALL_SLOTS + 2; number++) {
		const struct call_info *call = call_by_number(number);

		if (!call)
			continue;
		HOSTED_REQUIRE(call->number == number && call_by_name(call->name) == call);
		for (unsigned i = 0; i < call->error_count; i++)
			HOSTED_REQUIRE(call_declares(call, call->errors[i]) && error_name(call->errors[i]));
		HOSTED_REQUIRE(!call_declares(call, ENOSYS));
	}
	HOSTED_REQUIRE(!call_by_name("no_such_call") && !call_by_name(""));
	HOSTED_REQUIRE(!strcmp(error_name(EINVAL), "EINVAL") && error_text(EINVAL) && !error_name(0));
	HOSTED_REQUIRE(object_info(OBJECT_PROCESS) && !object_info(0));
}
