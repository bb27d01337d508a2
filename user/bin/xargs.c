/*
 * xargs: runs a program with words that it reads.
 */
#include <ctype.h>
#include <fcntl.h>

#include "arguments.h"

static const char usage[] = "usage: xargs [-0rtx] [-E WORD] [-I MARK | -L LINES | -n COUNT] [-P PROGRAMS]\n"
			    "             [-s SIZE] [PROGRAM [ARGUMENT]...]\n"
			    "Runs the program (none: echo) with words from standard input behind its\n"
			    "arguments, as often as it takes. Blanks are between words; they are no such\n"
			    "thing in quotes, or behind a backslash.\n"
			    "  -n COUNT  so many words at a time, at most      -s SIZE  so many bytes\n"
			    "  -x        leaves if COUNT words are too long    -r       not without words\n"
			    "  -I MARK   each line is put where an argument has MARK, one at a time\n"
			    "  -L LINES  the words of so many lines at a time; one that ends with a blank\n"
			    "            goes on with the next\n"
			    "  -P COUNT  so many programs at once\n"
			    "  -E WORD   this word is the end                  -t       shows each command\n"
			    "  -0        words end with a zero byte, and nothing else is special\n"
			    "Status 123: a program had no success; 124: one said 255; 125: a signal ended\n"
			    "one; 126, 127: it can't be run, is not there.\n";

enum {
	STATUS_TROUBLE = 1,
	STATUS_FAILED = 123,
	STATUS_STOP = 124, /* what a program ends with so that no other is run */
	STATUS_SIGNAL = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	SAYS_STOP = 255,
};

static bool zeros, never_empty, traces, leaves; /* -0, -r, -t, -x */
static const char *last_word, *mark; /* -E, -I */
static long long words_most = -1, lines_most = -1, programs_most = 1; /* -n, -L, -P */
static long long lines, programs; /* that were read for the next program; that run */
static size_t size_most,
	room; /* -s: bytes of all words; what a program can be given, with the pointers to them */
static struct arguments command; /* the program, its arguments, and words once they are read */
static size_t fixed; /* without words */
static int status; /* of all */

_Noreturn static void fail(const char *what, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "xargs: %s%s\n", what, why);
	exit(STATUS_TROUBLE);
}

/* ---- words */

struct word {
	char *bytes;
	size_t length, room;
};

static void word_add(struct word *word, int c)
{
	if (word->length + 1 >= word->room) {
		word->room = word->room * 2 + 64;
		word->bytes = tool_need("xargs", realloc(word->bytes, word->room));
	}
	if (word->length >= size_most)
		fail("the words are too long", "");
	word->bytes[word->length++] = (char)c;
	word->bytes[word->length] = '\0';
}

/* What is between two quotes, the first of which was read. */
static void quotes_read(struct word *word, int quote)
{
	int c;
	while ((c = getchar()) != quote) {
		if (c == '\n' || c == EOF)
			fail(quote == '"' ? "\"" : "'",
				": the quote has no end; with -0 it is nothing special");
		word_add(word, c);
	}
}

static bool word_read_zero(struct word *word)
{
	int c = getchar();
	if (c == EOF)
		return false;
	for (; c != '\0' && c != EOF; c = getchar())
		word_add(word, c);
	lines++;
	return true;
}

static bool ends_word(int c)
{
	return c == EOF || c == '\n' || (mark == NULL && isblank(c));
}

/* False at the end. With -I a line is a word, but for the blanks that it begins with. */
static bool word_read_plain(struct word *word)
{
	int c;
	do
		c = getchar();
	while (c == '\n' || (c != EOF && isblank(c)));
	if (c == EOF)
		return false;
	for (; !ends_word(c); c = getchar()) {
		if (c == '\'' || c == '"')
			quotes_read(word, c);
		else if (c != '\\')
			word_add(word, c);
		else if ((c = getchar()) != EOF)
			word_add(word, c);
		else
			fail("\\", ": nothing stands behind it");
	}
	lines += c == '\n' || c == EOF; /* not if a blank is at its end */
	return true;
}

static const char *words_end(void)
{
	if (!ferror(stdin))
		return NULL;
	tool_complain("xargs", "standard input");
	exit(STATUS_TROUBLE);
}

/* The next word; null at the end. It lasts until the next one is read. */
static const char *word_read(void)
{
	static struct word word;
	word.length = 0;
	if (word.bytes == NULL)
		word.bytes = tool_need("xargs", malloc(word.room = 64));
	word.bytes[0] = '\0';
	if (!(zeros ? word_read_zero : word_read_plain)(&word))
		return words_end();
	bool last = !zeros && last_word != NULL && strcmp(word.bytes, last_word) == 0;
	return last ? NULL : word.bytes;
}

/* ---- programs */

static void trace(char **words)
{
	for (; *words != NULL; words++)
		fprintf(stderr, "%s%s", *words, words[1] != NULL ? " " : "\n");
}

/* Ends, after those that still run. */
_Noreturn static void leave(int with)
{
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
	exit(with);
}

/* What the end of a program means; those that leave nothing to go on for end this one, too. */
static void status_take(const char *name, int ended)
{
	if (WIFSIGNALED(ended)) {
		fprintf(stderr, "xargs: %s: ended by signal %d\n", name, WTERMSIG(ended));
		leave(STATUS_SIGNAL);
	}
	if (WEXITSTATUS(ended) == SAYS_STOP) {
		fprintf(stderr, "xargs: %s: ended with status 255, so no other is run\n", name);
		leave(STATUS_STOP);
	}
	if (WEXITSTATUS(ended) != 0)
		status = STATUS_FAILED;
}

/* Waits until no more than so many run. */
static void programs_wait(const char *name, long long most)
{
	while (programs > most) {
		int ended;
		if (wait(&ended) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		programs--;
		status_take(name, ended);
	}
}

/* The input is for this program, and not for those. */
static void run(char **words)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	if (traces)
		trace(words);
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!arguments_start("xargs", words, &files, &pid))
		leave(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
	(void)posix_spawn_file_actions_destroy(&files);
	programs++;
	programs_wait(words[0], programs_most - 1);
}

static bool fits(const struct arguments *words, size_t more)
{
	return words->size + more + sizeof(char *) <= room &&
	       words->size - words->count * sizeof(char *) + more <= size_most;
}

static void run_collected(void)
{
	run(command.words);
	arguments_cut(&command, fixed);
	lines = 0;
}

/* Collects words until there are as many as are wanted, or no other has room. */
static void run_all(void)
{
	bool some = false;
	const char *word;
	while ((word = word_read()) != NULL) {
		size_t length = strlen(word) + 1;
		if (!fits(&command, length) && command.count > fixed &&
			!(leaves && (words_most > 0 || lines_most > 0)))
			run_collected();
		if (!fits(&command, length))
			fail("the words are too long", "");
		arguments_add("xargs", &command, word);
		some = true;
		if ((words_most > 0 && command.count - fixed == (size_t)words_most) ||
			(lines_most > 0 && lines == lines_most))
			run_collected();
	}
	if (command.count > fixed || (!some && !never_empty))
		run_collected();
}

/* -I: the program stays what it is. */
static void run_each(void)
{
	const char *word;
	while ((word = word_read()) != NULL) {
		struct arguments made = {0};
		arguments_add("xargs", &made, command.words[0]);
		for (size_t i = 1; i < command.count; i++) {
			char *text = arguments_replace("xargs", command.words[i], mark, word);
			arguments_add("xargs", &made, text);
			free(text);
		}
		if (!fits(&made, 0))
			fail("the words are too long", "");
		run(made.words);
		arguments_free(&made);
	}
}

/* ---- options */

static long long number_take(int option, const char *word)
{
	char name[] = {'-', (char)option, '\0'};
	long long number;
	if (!tool_number(word, &number) || number <= 0)
		fail(name, ": a number that is more than 0 stands there");
	return number;
}

/* Of -I, -L and -n the last one counts. */
static bool option_take(int option)
{
	switch (option) {
	case '0':
		return zeros = true;
	case 'r':
		return never_empty = true;
	case 't':
		return traces = true;
	case 'x':
		return leaves = true;
	case 'E':
		last_word = *optarg != '\0' ? optarg : NULL;
		return true;
	case 'I':
		mark = optarg;
		words_most = lines_most = -1;
		return *mark != '\0';
	case 'L':
		lines_most = number_take(option, optarg);
		words_most = -1;
		mark = NULL;
		return true;
	case 'P':
		programs_most = number_take(option, optarg);
		return true;
	case 'n':
		words_most = number_take(option, optarg);
		lines_most = -1;
		mark = NULL;
		return true;
	case 's':
		size_most = (size_t)number_take(option, optarg);
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static char echo[] = "echo";
	static char *alone[] = {echo, NULL};
	int option;
	tool_help(argc, argv, usage);
	size_most = room = arguments_most();
	while ((option = getopt(argc, argv, "+0rtxE:I:L:n:P:s:")) != -1)
		if (!option_take(option))
			return tool_usage(usage, STATUS_TROUBLE);
	for (char **word = optind < argc ? argv + optind : alone; *word != NULL; word++)
		arguments_add("xargs", &command, *word);
	fixed = command.count;
	if (!fits(&command, 0))
		fail("the arguments are too long", "");
	if (mark != NULL)
		run_each();
	else
		run_all();
	programs_wait(command.words[0], 0);
	arguments_free(&command);
	return tool_end("xargs", status);
}
