/* Looks every name up that names.h lists, and many that no call has. */
#include <stdio.h>
#include "sys/metadata.h"
#include "lib/string.h"

#include "names.h"

int main(void)
{
	char name[64];

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct call_info *call = call_by_name(names[i]);

		if (!call || strcmp(call->name, names[i]) != 0 || call_by_number(call->number) != call)
			return printf("%s is not found\n", names[i]), 1;
		snprintf(name, sizeof name, "%sx", names[i]);
		if (call_by_name(name))
			return printf("%s is found\n", name), 1;
	}
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "no_%u", i);
		if (call_by_name(name))
			return printf("%s is found\n", name), 1;
	}
	return 0;
}
