/* Finding options in the kernel command line. Pure. */
#include "bootargs.h"

#include "lib/string.h"

static size_t word_length(const char *word)
{
	size_t n = 0;

	while (word[n] && word[n] != ' ')
		n++;
	return n;
}

static const char *skip_spaces(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

bool bootargs_option(const char *bootargs, const char *name, char *value, size_t size)
{
	size_t name_length = strlen(name);

	value[0] = '\0';
	for (const char *word = skip_spaces(bootargs); *word; word = skip_spaces(word + word_length(word))) {
		size_t length = word_length(word);

		if (length == 2 && !strncmp(word, "--", 2))
			return false;
		if (length <= name_length || strncmp(word, name, name_length) || word[name_length] != '=')
			continue;

		size_t n = length - name_length - 1;

		n = n < size ? n : size - 1;
		memcpy(value, word + name_length + 1, n);
		value[n] = '\0';
		return true;
	}
	return false;
}
