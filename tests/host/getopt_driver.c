/*
 * Drives the getopt of user/libc on the development machine, beside the machine's own: random arguments, and
 * every answer compared.
 *
 *	getopt_driver SEED ROUNDS
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define getopt           our_getopt
#define getopt_long      our_getopt_long
#define getopt_long_only our_getopt_long_only
#define optarg           our_optarg
#define optind           our_optind
#define opterr           our_opterr
#define optopt           our_optopt
#include "getopt.c"
#undef getopt
#undef getopt_long
#undef getopt_long_only
#undef optarg
#undef optind
#undef opterr
#undef optopt

enum { ARGUMENTS_MAX = 8, STEPS_MAX = 400 };

static int flag, our_flag;

static char *arguments[] = {"-", "--", "x", "yy", "-a", "-b", "-ab", "-ba", "-c", "-cval", "-d", "-dval",
	"-abc", "-z", "-az", "-:", "--alpha", "--alp", "--alpine", "--al", "--beta", "--beta=1",
	"--beta=", "--gamma", "--gamma=2", "--alpha=no", "--nothing", "--flag", "-alpha", "-beta", "-gamma=3",
	"", "---", "-a-"};

static const char *const letters[] = {"abc:d::", ":abc:d::", "+abc:d::", "-abc:d::", "+:abc:d::", ""};

#define LONGS(flag) \
	{ \
		{"alpha", no_argument, NULL, 1001}, {"alpine", no_argument, NULL, 1002}, \
			{"beta", required_argument, NULL, 1003}, {"gamma", optional_argument, NULL, 1004}, \
			{"flag", no_argument, &flag, 1005}, \
		{ \
			NULL, 0, NULL, 0 \
		} \
	}

static const struct option longs[] = LONGS(flag), our_longs[] = LONGS(our_flag);

static void fail(int argc, char **argv, const char *spec, int kind, const char *what)
{
	printf("%s differs: kind %d letters '%s':", what, kind, spec);
	for (int i = 1; i < argc; i++)
		printf(" '%s'", argv[i]);
	putchar('\n');
	exit(1);
}

static int call(int kind, int argc, char **argv, const char *spec, int *index)
{
	if (kind == 0)
		return getopt(argc, argv, spec);
	return (kind == 1 ? getopt_long : getopt_long_only)(argc, argv, spec, longs, index);
}

static int our_call(int kind, int argc, char **argv, const char *spec, int *index)
{
	if (kind == 0)
		return our_getopt(argc, argv, spec);
	return (kind == 1 ? our_getopt_long : our_getopt_long_only)(argc, argv, spec, our_longs, index);
}

static int is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void round_run(void)
{
	char *given[ARGUMENTS_MAX + 2] = {"program"}, *theirs[ARGUMENTS_MAX + 2], *ours[ARGUMENTS_MAX + 2];
	int argc = 1 + (int)(random() % ARGUMENTS_MAX), kind = (int)(random() % 3);
	const char *spec = letters[(size_t)random() % (sizeof letters / sizeof *letters)];
	for (int i = 1; i < argc; i++)
		given[i] = arguments[(size_t)random() % (sizeof arguments / sizeof *arguments)];
	memcpy(theirs, given, sizeof given);
	memcpy(ours, given, sizeof given);
	optind = our_optind = 0;
	opterr = our_opterr = 0;
	for (int step = 0; step < STEPS_MAX; step++) {
		int index = -1, our_index = -1;
		flag = our_flag = optopt = our_optopt = 0;
		int result = call(kind, argc, theirs, spec, &index);
		if (our_call(kind, argc, ours, spec, &our_index) != result)
			fail(argc, given, spec, kind, "the result");
		if (result == -1)
			break;
		if (!is_same(optarg, our_optarg))
			fail(argc, given, spec, kind, "optarg");
		if (index != our_index || flag != our_flag)
			fail(argc, given, spec, kind, "the index");
		if ((result == '?' || result == ':') && optopt != our_optopt)
			fail(argc, given, spec, kind, "optopt");
	}
	if (optind != our_optind)
		fail(argc, given, spec, kind, "optind");
	if (memcmp(theirs, ours, sizeof ours) != 0)
		fail(argc, given, spec, kind, "the order");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	srandom((unsigned)atoi(argv[1]));
	for (unsigned long rounds = strtoul(argv[2], NULL, 10); rounds > 0; rounds--)
		round_run();
	return 0;
}
