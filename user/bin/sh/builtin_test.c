/*
 * test and [.
 */
#include "sh.h"

#include "../condition.h"

int builtin_test(struct shell *shell, char **words)
{
	(void)shell;
	return condition_status(words, complain);
}
