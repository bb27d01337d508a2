/*
 * Who prints the kernel's log: one process, which gets every line, in order, and once. With a console server that is the
 * server; without one, by the option console=kernel, this suite.
 */
#include "suite.h"

enum { LINE_BIT = 4, MANY = 40, REPORT_LINES = 2, FLOOD = 300 };

static notification_handle lines; /* of the printer */
static char line[LOG_LINE + 1];

/* clang-format off */
CHILD_PROGRAM(child_break,
	"	ebreak\n");
/* clang-format on */

/* Has the kernel log a report. */
static void cause_report(struct checks *c)
{
	struct process_result result = child_run(child_break, (size_t)(child_break_end - child_break), 0);

	check(c, result.reason == END_REASON_FAULTED, "reason %d", (int)result.reason);
}

static long next(void)
{
	long length = log_next(lines, (uint8_t *)line, LOG_LINE);

	line[length > 0 ? length : 0] = '\0';
	return length;
}

static void test_refusals(bool server)
{
	struct checks c = {0};
	notification_handle other = notification_create();
	any_handle half = handle_duplicate(ANY(other), RIGHT_NOTIFICATION_WAIT | RIGHT_DUPLICATE);
	any_handle weak = handle_duplicate(ANY(own_system()), RIGHT_SYSTEM_LOG);

	check(&c, log_print(own_system(), other, 0) == -EINVAL, "no bits");
	check(&c, log_print(own_system(), other, 1ul << 63) == -EINVAL, "bit 63");
	check(&c, log_print((system_handle){weak.value}, other, 1) == -EACCES, "without devices");
	check(&c, log_print(own_system(), (notification_handle){half.value}, 1) == -EACCES, "without signal");
	check(&c, log_print((system_handle){other.value}, other, 1) == -EFTYPE, "no system");
	check(&c, log_print(own_system(), (notification_handle){0}, 1) == -EBADF, "no handle");
	if (server)
		check(&c, log_print(own_system(), other, 1) == -EBUSY, "there is a printer");
	check(&c, log_next(other, (uint8_t *)line, LOG_LINE) == -EINVAL, "another one's lines");
	check(&c, log_next(other, (uint8_t *)line, LOG_LINE - 1) == -EINVAL, "no room");
	check(&c, log_next((notification_handle){0}, (uint8_t *)line, LOG_LINE) == -EBADF, "no notification");
	if (server)
		check(&c, console_write(own_system(), (uint8_t *)"no\n", 3) == -EBUSY,
			"there are two who print");
	check(&c, log_write((system_handle){weak.value}, (uint8_t *)"no", 2) == -EACCES,
		"without console_write");
	handle_close(half);
	handle_close(weak);
	handle_close(ANY(other));
	checks_report(&c, "who may print, and who may not");
}

/* The line has marks, since suites run with the option for them. */
static void test_one_after_the_other(void)
{
	struct checks c = {0};
	unsigned long stamp = 0, last = 0, micro;

	check(&c, !log_print(own_system(), lines, LINE_BIT), "there is a printer already");
	check(&c, next() == 0, "something has not been printed: %s", line);
	for (unsigned i = 0; i < MANY; i++) {
		cause_report(&c);
		check(&c, (long)notification_wait(lines, LINE_BIT, 0) == LINE_BIT, "nothing is told");
		for (unsigned k = 0; k < REPORT_LINES; k++) {
			const char *from = next() > 0 ? strchr(line, '<') : NULL;

			check(&c, from && line[0] == 1 && strchr(from, '>'), "without marks: %s", line);
			check(&c, strstr(line, k ? "  pc 0x" : "(child) ended: ") != NULL, "line %u: %s", k,
				line);
			check(&c, from && sscanf(from, "<[ %lu.%lu]", &stamp, &micro) == 2, "stamp: %s",
				line);
			stamp = stamp * 1000000 + micro;
			check(&c, stamp >= last, "%lu comes after %lu", stamp, last);
			last = stamp;
		}
		check(&c, next() == 0, "one more: %s", line);
	}
	checks_report(&c, "each line is given once, in order");
}

/* A program's lines are among the kernel's, with marks and stamps as those have. */
static void test_lines_of_programs(void)
{
	struct checks c = {0};
	char text[2 * LOG_TEXT], shown[sizeof(text)];
	unsigned long stamp, micro;

	for (unsigned i = 0; i < sizeof(text); i++) {
		text[i] = (char)(i + 1);
		shown[i] = (i + 1) % 256 < ' ' || i + 1 == 0x7f ? '?' : text[i];
	}
	for (unsigned length = 0; length <= sizeof(text); length += length < 4 ? 1 : random_below(40) + 1) {
		unsigned most = length < LOG_TEXT ? length : LOG_TEXT,
			 from = random_below(sizeof(text) - length + 1);
		long count = log_write(own_system(), (uint8_t *)text + from, length);
		int at = 0;

		check(&c, count == most, "of %u bytes %ld", length, count);
		check(&c, (long)notification_wait(lines, LINE_BIT, 0) == LINE_BIT, "nothing is told");
		check(&c, next() > 0, "no line");
		check(&c,
			sscanf(strchr(line, '<') ? strchr(line, '<') : "", "<[ %lu.%lu]%n", &stamp, &micro,
				&at) == 2,
			"stamp: %s", line);
		const char *said = strchr(line, '<') + at + 1;

		check(&c, !memcmp(said, shown + from, most) && said[most] == 1, "%u bytes: %s", length, line);
		check(&c, next() == 0, "one more: %s", line);
	}
	check(&c, console_write(own_system(), (uint8_t *)"no\n", 3) == -EBUSY, "there are two who print");
	checks_report(&c, "lines of programs");
}

static void test_what_stands_around(void)
{
	struct checks c = {0};
	struct pages pages = pages_map(2 * PAGE_SIZE, PROT_READ | PROT_WRITE);

	for (unsigned i = 0; i < MANY; i++) {
		uint8_t *at = pages.at + PAGE_SIZE - random_below(LOG_LINE);
		long length;

		memset(pages.at, 0xa5, pages.size);
		if (i % REPORT_LINES == 0)
			cause_report(&c);
		length = log_next(lines, at, LOG_LINE);
		check(&c, length > 0 && length < LOG_LINE && at[length - 1] == '>', "length %ld", length);
		for (uint8_t *byte = pages.at; byte < pages.at + pages.size; byte++)
			check(&c, (byte >= at && byte < at + length) || *byte == 0xa5, "byte %td", byte - at);
	}
	check(&c, next() == 0, "one more: %s", line);
	pages_unmap(&pages);
	checks_report(&c, "what stands around a line");
}

/* It is given again; and a second printer has to wait for the end of this one. */
static void test_what_does_not_arrive(void)
{
	struct checks c = {0};
	char before[sizeof(line)];

	check(&c, log_print(own_system(), lines, LINE_BIT) == -EBUSY, "another printer");
	cause_report(&c);
	check(&c, log_next(lines, (uint8_t *)8, LOG_LINE) == -EFAULT, "a bad address");
	check(&c, log_next(lines, (uint8_t *)USER_TOP - 8 - LOG_LINE, LOG_LINE) == -EFAULT, "not mapped");
	check(&c, next() > 0 && strstr(line, "ended: "), "the first is lost: %s", line);
	strcpy(before, line);
	check(&c, log_next(lines, (uint8_t *)USER_TOP - 8 - LOG_LINE, LOG_LINE) == -EFAULT, "not mapped");
	check(&c, next() > 0 && strcmp(before, line) && strstr(line, "  pc 0x"), "the second is lost: %s",
		line);
	check(&c, next() == 0, "one more: %s", line);
	checks_report(&c, "a line that does not arrive is the next one");
}

/* The oldest are lost when more is logged than is kept, and it is told how many. */
static void test_too_many(void)
{
	struct checks c = {0};
	unsigned lost = 0, taken = 0;
	unsigned long id, last = 0;
	const char *at;

	for (unsigned i = 0; i < FLOOD; i++)
		cause_report(&c);
	check(&c, next() > 0 && (at = strstr(line, "log: ")) && sscanf(at, "log: %u lines", &lost) == 1,
		"what is lost is not told: %s", line);
	while (next() > 0) {
		taken++;
		at = strstr(line, "process ");
		if (!at || sscanf(at, "process %lu", &id) != 1)
			continue;
		check(&c, !last || id == last + 1, "process %lu comes after %lu", id, last);
		last = id;
	}
	check(&c, taken && lost && lost + taken == REPORT_LINES * FLOOD, "%u lost and %u given", lost, taken);
	ktap_diagnose("of %u lines %u are lost", REPORT_LINES * FLOOD, lost);
	checks_report(&c, "how many are lost when nobody takes them");
}

/* A printer that is no more is one no more; it may end with lines that it has not taken, or not printed. */
static void test_the_next_printer(void)
{
	struct checks c = {0};
	uint64_t until = now() + PATIENCE;
	long error;

	cause_report(&c);
	check(&c, next() > 0, "no line");
	handle_close(ANY(lines));
	lines = notification_create();
	do
		error = log_print(own_system(), lines, LINE_BIT);
	while (error == -EBUSY && now() < until && !thread_yield());
	check(&c, !error, "a new printer: %ld", error);
	check(&c, next() == 0, "what the kernel has printed: %s", line);
	cause_report(&c);
	check(&c, next() > 0 && strstr(line, "ended: "), "the first: %s", line);
	check(&c, next() > 0 && next() == 0, "the second: %s", line);
	handle_close(ANY(lines));
	checks_report(&c, "a printer that goes, and the next one");
}

int main(void)
{
	static char said[4096];
	bool server = startup_handle(STARTUP_CONSOLE).value > 0;

	lines = notification_create();
	random_start(NULL);
	ktap_plan(server ? 1 : 7);
	setvbuf(stdout, said, _IOFBF, sizeof(said)); /* while this is the printer, it would be in the log */
	test_refusals(server);
	if (server)
		return ktap_end();
	test_one_after_the_other();
	test_lines_of_programs();
	test_what_stands_around();
	test_what_does_not_arrive();
	test_too_many();
	test_the_next_printer();
	return ktap_end();
}
