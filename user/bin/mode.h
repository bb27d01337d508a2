/*
 * Modes of files as chmod and find are told them: 755, u+x, go-w,a=r.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The bits of a class of users: rwx for each of the classes in `who`. */
static inline mode_t mode_bits(mode_t who, mode_t what)
{
	return ((who & S_IRWXU) & what << 6) | ((who & S_IRWXG) & what << 3) | ((who & S_IRWXO) & what);
}

static inline const char *mode_who(const char *p, mode_t *who)
{
	for (*who = 0; *p != '\0' && strchr("ugoa", *p) != NULL; p++)
		*who |= *p == 'u' ? S_IRWXU : *p == 'g' ? S_IRWXG : *p == 'o' ? S_IRWXO : (mode_t)0777;
	return p;
}

static inline const char *mode_what(const char *p, mode_t mode, mode_t *what)
{
	bool runs = S_ISDIR(mode) || (mode & 0111) != 0;
	for (*what = 0; *p != '\0' && strchr("rwxX", *p) != NULL; p++)
		*what |= *p == 'r' ? 4 : *p == 'w' ? 2 : *p == 'x' || runs ? 1 : 0;
	return p;
}

/* Does one part, up to a comma. Null when it is none. */
static inline const char *mode_part(const char *p, mode_t mask, mode_t *mode)
{
	mode_t who, what;
	p = mode_who(p, &who);
	mode_t given = who != 0 ? who : (mode_t)(0777 & ~mask);
	if (*p == '\0' || strchr("+-=", *p) == NULL)
		return NULL;
	while (*p != '\0' && strchr("+-=", *p) != NULL) {
		char how = *p;
		p = mode_what(p + 1, *mode, &what);
		if (how == '=')
			*mode &= ~(who != 0 ? who : (mode_t)0777);
		if (how == '-')
			*mode &= ~mode_bits(given, what);
		else
			*mode |= mode_bits(given, what);
	}
	return *p == '\0' || *p == ',' ? p : NULL;
}

/* Does what a text says to the mode that is there; `mask` is left alone where nobody is named. False if it is not understood. */
static inline bool mode_apply(const char *text, mode_t mask, mode_t *mode)
{
	char *end;
	unsigned long number = strtoul(text, &end, 8);
	if (*text >= '0' && *text <= '7' && *end == '\0' && number <= 07777) {
		*mode = (mode_t)number;
		return true;
	}
	while ((text = mode_part(text, mask, mode)) != NULL && *text == ',')
		text++;
	return text != NULL;
}
