/* See names.h. Those for real time are tried on Tabula. */
#include "names.h"

#include <string.h>

int sig2str(int number, char *name)
{
	const char *found = sigabbrev_np(number);

	if (!found)
		return -1;
	strcpy(name, found);
	return 0;
}

int str2sig(const char *restrict name, int *restrict number)
{
	char found[SIG2STR_MAX];

	for (int i = 1; i < SIGRTMIN; i++)
		if (!sig2str(i, found) && !strcmp(found, name))
			return *number = i, 0;
	return -1;
}
