/*
 * What the shell does itself: options of scripts, and its own, and the mode of new files.
 */
#include "sh.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where getopts is: in which word OPTIND was left, and how far in it. */
static long option_index;
static size_t option_place;

static bool number_set(const char *name, long number)
{
	char text[24];
	snprintf(text, sizeof text, "%ld", number);
	return variable_set(name, strlen(name), text);
}

struct options {
	const char *known; /* without the colon in front that silences it */
	bool silent;
	char **words; /* null behind them */
	int count;
};

/* The word OPTIND stands for; null when there is no option there. One that is -- is passed. */
static const char *option_word(const struct options *options, long *index)
{
	if (*index < 1 || *index > options->count)
		return NULL;
	const char *word = options->words[*index - 1];
	if (word[0] != '-' || word[1] == '\0')
		return NULL;
	if (strcmp(word, "--") != 0)
		return word;
	++*index;
	return NULL;
}

/* What is wrong with an option: '?' it is not known, ':' its argument is missing. Sets the name's value and OPTARG. */
static bool option_wrong(const struct options *options, char letter, char wrong, char value[2])
{
	char text[2] = {letter, '\0'};
	value[0] = options->silent ? wrong : '?';
	if (options->silent)
		return variable_set("OPTARG", 6, text);
	complain(wrong == '?' ? "getopts: -%c is not known" : "getopts: -%c takes an argument", letter);
	return variable_unset("OPTARG");
}

/* The argument of an option: the rest of its word, or the next. Null if there is none. */
static const char *option_argument(const struct options *options, const char *word, long *index)
{
	const char *rest = word + option_place;
	option_place = 0;
	++*index;
	if (*rest != '\0')
		return rest;
	return *index <= options->count ? options->words[(*index)++ - 1] : NULL;
}

static bool option_take(const struct options *options, const char *word, long *index, char value[2])
{
	if (option_place == 0)
		option_place = 1;
	char letter = value[0] = word[option_place++];
	const char *found = letter != ':' ? strchr(options->known, letter) : NULL;
	if (found != NULL && found[1] == ':') {
		const char *argument = option_argument(options, word, index);
		return argument != NULL ? variable_set("OPTARG", 6, argument)
					: option_wrong(options, letter, ':', value);
	}
	if (word[option_place] == '\0') {
		option_place = 0;
		++*index;
	}
	return found != NULL ? variable_unset("OPTARG") : option_wrong(options, letter, '?', value);
}

int builtin_getopts(struct shell *shell, char **words)
{
	if (words[1] == NULL || words[2] == NULL || variable_name_length(words[2]) != strlen(words[2])) {
		complain("getopts: getopts LETTERS NAME [WORD]... takes an option off $1, $2, ...");
		return STATUS_USAGE;
	}
	bool silent = words[1][0] == ':';
	struct options options = {words[1] + silent, silent, shell->arguments.list, shell->arguments.count};
	if (words[3] != NULL)
		for (options.words = words + 3, options.count = 0; options.words[options.count] != NULL;)
			options.count++;
	const char *left = variable_get("OPTIND", 6);
	long index = left != NULL ? strtol(left, NULL, 10) : 1;
	if (index != option_index)
		option_place = 0;
	char value[2] = "?";
	const char *word = option_word(&options, &index);
	if (word != NULL && option_place >= strlen(word))
		option_place = 0; /* the words are others now */
	bool good = word == NULL || option_take(&options, word, &index, value);
	option_index = index;
	good &= number_set("OPTIND", index) && variable_set(words[2], strlen(words[2]), value);
	return word != NULL && good ? 0 : 1;
}

/* ---- what `set` changes */

static const struct {
	char letter;
	const char *name;
	size_t place;
} switches[] = {
	{'a', "allexport", offsetof(struct shell, export_all)},
	{'C', "noclobber", offsetof(struct shell, no_clobber)},
	{'e', "errexit", offsetof(struct shell, stop_on_error)},
	{'f', "noglob", offsetof(struct shell, no_patterns)},
	{'n', "noexec", offsetof(struct shell, check_only)},
	{'u', "nounset", offsetof(struct shell, stop_on_unset)},
	{'v', "verbose", offsetof(struct shell, verbose)},
	{'x', "xtrace", offsetof(struct shell, trace)},
};

enum { SWITCHES = sizeof switches / sizeof *switches };

static bool *switch_of(struct shell *shell, int number)
{
	return (bool *)((char *)shell + switches[number].place);
}

void options_letters(const struct shell *shell, char letters[OPTION_LETTERS])
{
	for (int i = 0; i < SWITCHES; i++)
		if (*(const bool *)((const char *)shell + switches[i].place))
			*letters++ = switches[i].letter;
	if (shell->interactive)
		*letters++ = 'i';
	*letters = '\0';
}

/* As they are, or as commands that make them so. */
static void switches_print(struct shell *shell, bool commands)
{
	for (int i = 0; i < SWITCHES; i++) {
		bool on = *switch_of(shell, i);
		if (commands)
			printf("set %co %s\n", on ? '-' : '+', switches[i].name);
		else
			printf("%-15s %s\n", switches[i].name, on ? "on" : "off");
	}
}

static bool switch_letter(struct shell *shell, char letter, bool on)
{
	for (int i = 0; i < SWITCHES; i++)
		if (switches[i].letter == letter) {
			*switch_of(shell, i) = on;
			return true;
		}
	complain("set: there is no option -%c; -a -C -e -f -n -u -v -x and -o are known", letter);
	return false;
}

static bool switch_name(struct shell *shell, const char *name, bool on)
{
	for (int i = 0; i < SWITCHES; i++)
		if (strcmp(switches[i].name, name) == 0) {
			*switch_of(shell, i) = on;
			return true;
		}
	complain("set: there is no option %s; 'set -o' lists them", name);
	return false;
}

/* The letters of one word; after an o comes a name, or else all are printed. Null if one is not known. */
static char **switches_set(struct shell *shell, char **words)
{
	bool on = **words == '-';
	for (const char *letter = *words++ + 1; *letter != '\0'; letter++) {
		if (*letter == 'o' && *words == NULL)
			switches_print(shell, !on);
		else if (!(*letter == 'o' ? switch_name(shell, *words++, on)
					  : switch_letter(shell, *letter, on)))
			return NULL;
	}
	return words;
}

char **options_set(struct shell *shell, char **words, bool *only)
{
	while (words != NULL && *words != NULL && (**words == '-' || **words == '+') && (*words)[1] != '\0') {
		if (strcmp(*words, "--") == 0) {
			*only = false;
			return words + 1;
		}
		words = switches_set(shell, words);
	}
	*only = words != NULL && *words == NULL;
	return words;
}

int builtin_umask(struct shell *shell, char **words)
{
	char *end;
	(void)shell;
	if (words[1] == NULL) {
		mode_t mask = umask(0);
		(void)umask(mask);
		printf("%04o\n", (unsigned)mask);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	unsigned long mask = strtoul(words[1], &end, 8);
	if (*end != '\0' || end == words[1] || mask > 0777) {
		complain("umask: '%s' is no mask: up to 777, with digits up to 7", words[1]);
		return STATUS_USAGE;
	}
	(void)umask((mode_t)mask);
	return 0;
}
