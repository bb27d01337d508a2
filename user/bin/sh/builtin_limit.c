/*
 * ulimit: the limits of programs, which are the system's. They can be looked at, and set to what they are.
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct limit {
	char letter;
	int what;
	unsigned unit; /* in which it is shown */
	const char *name;
} limits[] = {
	{'f', RLIMIT_FSIZE, 512, "size of a file (blocks of 512 bytes)"},
	{'c', RLIMIT_CORE, 512, "size of a core file (blocks of 512 bytes)"},
	{'d', RLIMIT_DATA, 1024, "data (KiB)"},
	{'n', RLIMIT_NOFILE, 1, "open files"},
	{'s', RLIMIT_STACK, 1024, "stack (KiB)"},
	{'t', RLIMIT_CPU, 1, "time (seconds)"},
	{'v', RLIMIT_AS, 1024, "memory (KiB)"},
};

enum { LIMITS = sizeof limits / sizeof *limits };

static void limit_print(const struct limit *limit, bool hard)
{
	struct rlimit now;
	if (getrlimit(limit->what, &now) != 0)
		return;
	rlim_t value = hard ? now.rlim_max : now.rlim_cur;
	if (value == RLIM_INFINITY)
		puts("unlimited");
	else
		printf("%llu\n", (unsigned long long)value / limit->unit);
}

static void limits_print(bool hard)
{
	for (size_t i = 0; i < LIMITS; i++) {
		printf("-%c  %-42s", limits[i].letter, limits[i].name);
		limit_print(&limits[i], hard);
	}
}

static bool limit_read(const char *word, unsigned unit, rlim_t *value)
{
	char *end;
	*value = RLIM_INFINITY;
	if (strcmp(word, "unlimited") == 0)
		return true;
	errno = 0;
	unsigned long long number = strtoull(word, &end, 10);
	if (*word < '0' || *word > '9' || *end != '\0' || errno != 0 || number > RLIM_INFINITY / unit)
		return false;
	*value = (rlim_t)number * unit;
	return true;
}

static int limit_set(const struct limit *limit, bool hard, bool soft, const char *word)
{
	struct rlimit now;
	rlim_t value;
	if (!limit_read(word, limit->unit, &value)) {
		complain("ulimit: '%s' is no limit; a number, or unlimited", word);
		return STATUS_USAGE;
	}
	int result = getrlimit(limit->what, &now);
	if (hard)
		now.rlim_max = value;
	if (soft)
		now.rlim_cur = value;
	if (result == 0 && setrlimit(limit->what, &now) == 0)
		return 0;
	complain("ulimit: -%c: %s", limit->letter,
		errno == EPERM ? "the system sets it, and it can't be changed" : strerror(errno));
	return 1;
}

static const struct limit *limit_find(char letter)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (limits[i].letter == letter)
			return &limits[i];
	return NULL;
}

int builtin_ulimit(struct shell *shell, char **words)
{
	const struct limit *limit = &limits[0];
	bool all = false, hard = false, soft = false;
	(void)shell;
	for (words++; *words != NULL && (*words)[0] == '-' && (*words)[1] != '\0'; words++) {
		for (const char *p = *words + 1; *p != '\0'; p++) {
			all |= *p == 'a';
			hard |= *p == 'H';
			soft |= *p == 'S';
			if (strchr("aHS", *p) == NULL)
				limit = limit_find(*p);
			if (limit == NULL) {
				complain("ulimit: -%c: there is no such limit; ulimit -a shows them", *p);
				return STATUS_USAGE;
			}
		}
	}
	if (*words != NULL && words[1] != NULL) {
		complain("ulimit: one limit, please");
		return STATUS_USAGE;
	}
	if (*words != NULL && !all)
		return limit_set(limit, hard || !soft, soft || !hard, *words);
	if (all)
		limits_print(hard && !soft);
	else
		limit_print(limit, hard && !soft);
	return 0;
}
