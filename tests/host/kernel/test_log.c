/*
 * Lines of the log, which the kernel prints, or somebody else does: whatever they do, and however little room there is, each
 * line is printed once, in order, or counted as lost; one alone may be printed twice, which a printer had in hand at its end.
 *
 *	log [SEED]
 */
#include "log.h"

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "config.h"
#include "hosted.h"
#include "tabula/ktap.h"

enum { ROUNDS = 60000 };

static uint64_t seed;
static bool handed_over;
static bool is_slow; /* the printer takes less than comes */
static unsigned logged, told; /* lines, and how often a printer was told of one */
static unsigned next; /* the number of the next line to be printed */
static unsigned lines, lost, twice, wrong;

/* What the printer has taken and not printed: a line, or that some are lost. */
static struct item {
	bool there, is_loss;
	unsigned number; /* of the line, or how many are lost */
} in_hand;

static void tell(void)
{
	told++;
}

/* Reads "[...] line N" or "log: N lines..."; returns what is behind it. */
static const char *read(const char *text, struct item *item)
{
	item->there = true;
	item->is_loss = text[0] == 'l';
	text += item->is_loss ? sizeof("log: ") - 1 : sizeof("[    0.000000] line ") - 1;
	for (item->number = 0; *text >= '0' && *text <= '9'; text++)
		item->number = item->number * 10 + (unsigned)(*text - '0');
	while (*text != '\n')
		text++;
	return text + 1;
}

/* What is told to be lost may have in it a line that was printed: that which was in hand when it was written over. */
static void note(const struct item *item)
{
	static bool after_loss;

	if (item->is_loss) {
		next += item->number;
		lost += item->number;
	} else {
		wrong += item->number != next && !(after_loss && item->number + 1 == next);
		next = item->number + 1;
		lines++;
	}
	after_loss = item->is_loss;
}

/* The printer has printed what it had in hand. */
static void settle(void)
{
	if (in_hand.there)
		note(&in_hand);
	in_hand.there = false;
}

/* What the kernel has printed, of which the line that a printer had in hand is the first, if it is still kept. */
static void note_printed(void)
{
	unsigned had_line = in_hand.there && !in_hand.is_loss;
	const char *text = hosted_printed();
	struct item item;

	in_hand.there = false;
	while (*text) {
		if (*text == '\n') {
			text++;
			continue;
		}
		text = read(text, &item);
		twice += had_line && !item.is_loss && item.number == in_hand.number;
		note(&item);
	}
}

static void take(void)
{
	char line[LOG_LINE + 1];
	size_t size = log_take(line);

	settle();
	if (!size)
		return;
	line[size] = '\0';
	(void)read(line, &in_hand);
	if (hosted_random(&seed) % 8)
		return;
	log_put_back();
	in_hand.there = false;
}

static void step(void)
{
	static const char padding[] = "................................................................";
	unsigned what = (unsigned)(hosted_random(&seed) % 1000);

	if (!(hosted_random(&seed) % 2000))
		is_slow = !is_slow;
	if (what < 2 && !handed_over) {
		log_hand_over(tell);
		handed_over = true;
	} else if (what < 2) {
		while (log_take_back_line())
			continue;
		handed_over = false;
		note_printed();
	} else if (what < 3) {
		log_take_back();
		handed_over = false;
		note_printed();
	} else if (what < (is_slow ? 50 : 600) && handed_over) {
		take();
	} else {
		log_error("line %u %s", logged++, padding + hosted_random(&seed) % sizeof(padding));
	}
	if (!handed_over)
		note_printed();
}

static void run(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++)
		step();
	log_take_back();
	note_printed();
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, NULL};

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(1);
	hosted_boot(&(struct hosted_machine){1, 4 << 20, "log=error", programs});
	(void)hosted_printed();
	hosted_do(0, run, NULL);
	ktap_diagnose("%u lines printed, %u of them twice, %u lost, of %u; told %u times; %u wrong", lines,
		twice, lost, logged, told, wrong);
	ktap_ok(!wrong && next == logged && lost && twice && told,
		"each line is printed once, or lost and counted");
	return ktap_end();
}
