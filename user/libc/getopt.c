/*
 * getopt, getopt_long and getopt_long_only, with the habits of GNU that programs rely on: operands are moved
 * behind the options unless the option string begins with + or -. picolibc's takes a lone - for an option.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *optarg;
int optind = 1;
int opterr = 1;
int optopt;
extern int optreset;
int optreset;

static int place; /* of the next letter in argv[optind]; 0 before an argument's first */
static int operands; /* the first of those before the option that is read */

/* What a call of the family was given. */
struct request {
	int argc;
	char **argv;
	const char *letters; /* without the + - : that may stand before them */
	bool in_order; /* '-': operands come as arguments of an option 1 */
	bool stop; /* '+': the first operand ends the options */
	bool silent; /* ':': no messages, and ':' for an argument that is missing */
	const struct option *longs;
	int *index;
	bool only; /* one - may begin a long option */
};

static bool speaks(const struct request *r)
{
	return opterr != 0 && !r->silent;
}

static int missing_argument(const struct request *r, int option)
{
	optopt = option;
	return r->silent ? ':' : '?';
}

static int letter_next(const struct request *r)
{
	const char *argument = r->argv[optind];
	char letter = argument[place++];
	const char *found = letter != ':' && letter != ';' ? strchr(r->letters, letter) : NULL;
	const char *rest = argument + place;
	if (*rest == '\0' || (found != NULL && found[1] == ':')) {
		optind++;
		place = 0;
	}
	if (found == NULL) {
		if (speaks(r))
			fprintf(stderr, "%s: invalid option -- '%c'\n", r->argv[0], letter);
		optopt = letter;
		return '?';
	}
	if (found[1] != ':')
		return letter;
	if (*rest != '\0') {
		optarg = r->argv[optind - 1] + (rest - argument);
	} else if (found[2] != ':') {
		if (optind >= r->argc) {
			if (speaks(r))
				fprintf(stderr, "%s: option requires an argument -- '%c'\n", r->argv[0],
					letter);
			return missing_argument(r, letter);
		}
		optarg = r->argv[optind++];
	}
	return letter;
}

static bool means_the_same(const struct option *a, const struct option *b)
{
	return a->has_arg == b->has_arg && a->flag == b->flag && a->val == b->val;
}

/* The long option with this name or, if it is the only one, one that begins so. Null if there is none. */
static const struct option *long_find(
	const struct request *r, const char *name, size_t length, bool *ambiguous)
{
	const struct option *found = NULL;
	*ambiguous = false;
	for (const struct option *option = r->longs; option->name != NULL; option++) {
		if (strncmp(option->name, name, length) != 0)
			continue;
		if (option->name[length] == '\0') {
			*ambiguous = false;
			return option;
		}
		if (found == NULL)
			found = option;
		else if (r->only || !means_the_same(found, option))
			*ambiguous = true;
	}
	return found;
}

/* An argument that begins with "dashes" and is no long option. */
static int long_unknown(const struct request *r, const char *dashes, const char *name, bool ambiguous)
{
	if (speaks(r) && ambiguous)
		fprintf(stderr, "%s: option '%s%s' is ambiguous\n", r->argv[0], dashes, name);
	else if (speaks(r))
		fprintf(stderr, "%s: unrecognized option '%s%s'\n", r->argv[0], dashes, name);
	optopt = 0;
	optind++;
	return '?';
}

static int long_take(const struct request *r, const struct option *option, const char *dashes, char *value)
{
	optind++;
	if (value != NULL && option->has_arg == no_argument) {
		if (speaks(r))
			fprintf(stderr, "%s: option '%s%s' doesn't allow an argument\n", r->argv[0], dashes,
				option->name);
		optopt = option->val;
		return '?';
	}
	if (value != NULL) {
		optarg = value;
	} else if (option->has_arg == required_argument) {
		if (optind >= r->argc) {
			if (speaks(r))
				fprintf(stderr, "%s: option '%s%s' requires an argument\n", r->argv[0],
					dashes, option->name);
			return missing_argument(r, option->val);
		}
		optarg = r->argv[optind++];
	}
	if (r->index != NULL)
		*r->index = (int)(option - r->longs);
	if (option->flag == NULL)
		return option->val;
	*option->flag = option->val;
	return 0;
}

static int long_next(const struct request *r)
{
	char *argument = r->argv[optind];
	const char *dashes = argument[1] == '-' ? "--" : "-";
	char *name = argument + strlen(dashes);
	char *equals = strchr(name, '=');
	bool ambiguous;
	size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct option *option = long_find(r, name, length, &ambiguous);
	if (option != NULL && !ambiguous)
		return long_take(r, option, dashes, equals != NULL ? equals + 1 : NULL);
	if (option == NULL && dashes[1] == '\0' && strchr(r->letters, *name) != NULL) {
		place = 1;
		return letter_next(r);
	}
	return long_unknown(r, dashes, name, ambiguous);
}

static bool is_option(const char *argument)
{
	return argument[0] == '-' && argument[1] != '\0';
}

/* Reads the option at argv[optind], or the "--" that ends them. */
static int option_next(const struct request *r)
{
	const char *argument = r->argv[optind];
	if (place == 0) {
		if (strcmp(argument, "--") == 0) {
			optind++;
			return -1;
		}
		bool one_dash = argument[1] != '-';
		if (r->longs != NULL &&
			(!one_dash || (r->only && (argument[2] != '\0' ||
							  strchr(r->letters, argument[1]) == NULL))))
			return long_next(r);
		place = 1;
	}
	return letter_next(r);
}

/* Moves the arguments from `from` up to `to` before those from `first` on. */
static void move_before(char **argv, int first, int from, int to)
{
	for (; from < to && first < from; from++, first++) {
		char *argument = argv[from];
		memmove(argv + first + 1, argv + first, (size_t)(from - first) * sizeof *argv);
		argv[first] = argument;
	}
}

static int next(const struct request *r)
{
	optarg = NULL;
	if (optind == 0 || optreset != 0) {
		optind = optind == 0 ? 1 : optind;
		optreset = place = 0;
	}
	if (place == 0) {
		operands = optind;
		if (optind >= r->argc || r->argv[optind] == NULL)
			return -1;
		if (r->in_order && !is_option(r->argv[optind])) {
			optarg = r->argv[optind++];
			return 1;
		}
		while (!r->stop && optind < r->argc && !is_option(r->argv[optind]))
			optind++;
		if (optind >= r->argc || !is_option(r->argv[optind])) {
			optind = operands;
			return -1;
		}
	}
	int option = optind;
	int result = option_next(r);
	if (optind > option) { /* passed, with its argument, if it takes one */
		move_before(r->argv, operands, option, optind);
		optind -= option - operands;
	}
	return result;
}

static int start(
	int argc, char *const argv[], const char *letters, const struct option *longs, int *index, bool only)
{
	struct request r = {.argc = argc, .longs = longs, .index = index, .only = only};
	memcpy(&r.argv, &argv, sizeof r.argv); /* the order of the arguments is ours to change */
	r.in_order = *letters == '-';
	r.stop = *letters == '+' || (!r.in_order && getenv("POSIXLY_CORRECT") != NULL);
	if (*letters == '+' || *letters == '-')
		letters++;
	r.silent = *letters == ':';
	r.letters = letters + r.silent;
	return next(&r);
}

int getopt(int argc, char *const argv[], const char *letters)
{
	return start(argc, argv, letters, NULL, NULL, false);
}

int getopt_long(int argc, char *const argv[], const char *letters, const struct option *longs, int *index)
{
	return start(argc, argv, letters, longs, index, false);
}

int getopt_long_only(
	int argc, char *const argv[], const char *letters, const struct option *longs, int *index)
{
	return start(argc, argv, letters, longs, index, true);
}
