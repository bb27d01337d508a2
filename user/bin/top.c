/*
 * top: shows again and again which programs use the harts most.
 */
#include <stdint.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/terminal.h>
#include <tabula/snapshot.h>

#include "programs.h"
#include "tool.h"

static const char usage[] =
	"usage: top [-b] [-d SECONDS] [-n COUNT]\n"
	"Shows the programs, those first that have used the harts most since the screen\n"
	"before: 100 % is one hart. q leaves, the space bar looks at once.\n"
	"  -d  so many seconds between two screens (2), which may have a fraction\n"
	"  -n  so many screens, then leaves\n"
	"  -b  prints one screen after the other, whole; so it does when the output is no\n"
	"      terminal\n";

#define FIRST_INTERVAL 200000000ul /* nanoseconds */
#define SECOND         1000000000ul

enum { ROWS = 24, COLUMNS = 80, HEAD_ROWS = 3, CTRL_C = 3 };

/* What is kept of a program from the screen before. */
struct earlier {
	uint32_t pid;
	uint64_t object, time;
};

static struct snapshot now;
static struct system_info before;
static struct earlier *earlier;
static size_t earlier_count;
static endpoint_handle terminal; /* 0: the output is none, or there is nothing to type on */
static uint16_t rows, columns;

/* A line of the list. */
struct share {
	const struct snapshot_program *program;
	uint64_t used; /* nanoseconds in this interval */
};

/* ---- what is shown */

/* A program that was not there before, or has another process, has used all that it has. */
static uint64_t used_by(const struct snapshot_program *program)
{
	uint64_t time = program->process.cpu_time;
	for (size_t i = 0; i < earlier_count; i++)
		if (earlier[i].pid == program->program.pid && earlier[i].object == program->process.object)
			return time - earlier[i].time;
	return time;
}

static int compare(const void *a, const void *b)
{
	const struct share *first = a, *second = b;
	if (first->used != second->used)
		return first->used < second->used ? 1 : -1;
	return first->program->program.pid < second->program->program.pid ? -1 : 1;
}

static uint64_t interval(void)
{
	uint64_t time = now.system.uptime - before.uptime;
	return time > 0 ? time : 1;
}

static double percent(uint64_t part, uint64_t of)
{
	return 100.0 * (double)part / (double)of;
}

/* The end of a line: on a screen, what was there before goes. */
static void end_line(void)
{
	fputs(terminal.value > 0 ? "\x1b[K\n" : "\n", stdout);
}

/* Prints what fits the screen's width. */
static void print_line(const char *text)
{
	printf("%.*s", terminal.value > 0 ? (int)columns : -1, text);
	end_line();
}

static void print_machine(void)
{
	char line[160], memory[MEMORY_TEXT], free_memory[MEMORY_TEXT];
	unsigned long seconds = (unsigned long)(now.system.uptime / SECOND);
	uint64_t all = interval() * now.system.harts, idle = now.system.idle_time - before.idle_time;
	size_t threads = 0, active = 0;
	for (size_t i = 0; i < now.count; i++)
		for (size_t j = 0; j < now.programs[i].count; j++) {
			threads++;
			active += now.programs[i].threads[j].state <= THREAD_STATE_RUNNING;
		}
	snprintf(line, sizeof line,
		"up %lu:%02lu:%02lu, %u hart%s %.1f%% busy; %zu programs, %zu threads, %zu of them active",
		seconds / 3600, seconds / 60 % 60, seconds % 60, (unsigned)now.system.harts,
		now.system.harts == 1 ? "" : "s", percent(idle < all ? all - idle : 0, all), now.count,
		threads, active);
	print_line(line);
	snprintf(line, sizeof line, "memory: %s, %s of it free",
		programs_memory(now.system.memory_total, memory),
		programs_memory(now.system.memory_free, free_memory));
	print_line(line);
}

static void print_program(const struct share *share)
{
	char line[160], time[TIME_TEXT], memory[MEMORY_TEXT], text[SNAPSHOT_TEXT];
	const struct snapshot_program *program = share->program;
	const struct thread_info *thread = snapshot_thread(program);
	snprintf(line, sizeof line, "%5u %5.1f %3zu %4s %8s %7s %3u %-12s %s", (unsigned)program->program.pid,
		percent(share->used, interval()), program->count, programs_hart(thread),
		programs_time(program->process.cpu_time, time),
		programs_memory(program->process.memory_used, memory), (unsigned)program->process.handles,
		(const char *)program->program.name, snapshot_text(&now, program, text));
	print_line(line);
}

static void print_programs(void)
{
	struct share *shares = tool_need("top", malloc((now.count + 1) * sizeof *shares));
	size_t count = now.count, room = terminal.value > 0 ? (size_t)rows - HEAD_ROWS - 1 : count;
	for (size_t i = 0; i < count; i++)
		shares[i] = (struct share){&now.programs[i], used_by(&now.programs[i])};
	qsort(shares, count, sizeof *shares, compare);
	print_line("  PID  %CPU THR HART     TIME  MEMORY HND NAME         DOES");
	for (size_t i = 0; i < count && i < room; i++)
		print_program(&shares[i]);
	free(shares);
}

static void keep_what_was(void)
{
	free(earlier);
	earlier = tool_need("top", malloc((now.count + 1) * sizeof *earlier));
	earlier_count = now.count;
	for (size_t i = 0; i < now.count; i++)
		earlier[i] = (struct earlier){now.programs[i].program.pid, now.programs[i].process.object,
			now.programs[i].process.cpu_time};
	before = now.system;
}

static bool look(void)
{
	keep_what_was();
	int error = snapshot_take(&now);
	if (error == 0)
		return true;
	errno = -error;
	tool_complain("top", "the programs");
	return false;
}

/* ---- the screen */

static enum terminal_mode mode_before;

/* Another screen than that of the shell, no cursor, and keys as they are typed. */
static void screen_begin(void)
{
	long mode = terminal_get_mode(terminal);
	mode_before = mode >= 0 ? (enum terminal_mode)mode
				: TERMINAL_MODE_LINES | TERMINAL_MODE_ECHO | TERMINAL_MODE_SIGNALS;
	(void)terminal_set_mode(terminal, (enum terminal_mode)0);
	if (terminal_get_size(terminal, &rows, &columns) != 0 || rows <= HEAD_ROWS + 1 || columns == 0) {
		rows = ROWS;
		columns = COLUMNS;
	}
	fputs("\x1b[?1049h\x1b[?25l\x1b[2J", stdout);
}

/* Whoever sees the shell's screen again types lines again. */
static void screen_end(void)
{
	(void)terminal_set_mode(terminal, mode_before);
	fputs("\x1b[?25h\x1b[?1049l", stdout);
	fflush(stdout);
}

/* Waits for the end of the interval or for a key; false when it is time to leave. */
static bool wait_or_leave(uint64_t time)
{
	uint64_t deadline = (uint64_t)clock_now() + time;
	uint8_t key = 0;
	long count;
	if (terminal.value == 0)
		return thread_sleep(deadline) == 0;
	do
		count = file_read(terminal, &key, 1, deadline);
	while (count == 1 && key != 'q' && key != 'Q' && key != CTRL_C && key != ' ');
	if (count == -ETIMEDOUT)
		return true;
	return count == 1 && key == ' ';
}

static bool show(void)
{
	if (!look())
		return false;
	if (terminal.value > 0)
		fputs("\x1b[H", stdout);
	print_machine();
	print_programs();
	if (terminal.value > 0)
		fputs("\x1b[J", stdout);
	return fflush(stdout) == 0;
}

/* False: something went wrong, and was said. */
static bool run(uint64_t time, long long screens)
{
	if (!look())
		return false;
	bool goes_on = wait_or_leave(FIRST_INTERVAL < time ? FIRST_INTERVAL : time);
	while (goes_on && screens != 0) {
		if (!show())
			return false;
		if (screens > 0 && --screens == 0)
			break;
		goes_on = wait_or_leave(time);
		if (goes_on && terminal.value == 0)
			putchar('\n');
	}
	return true;
}

static bool parse_seconds(const char *word, uint64_t *time)
{
	char *end;
	double seconds = strtod(word, &end);
	if (end == word || *end != '\0' || !(seconds >= 0.01 && seconds <= 1e9))
		return false;
	*time = (uint64_t)(seconds * (double)SECOND);
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	uint64_t time = 2 * SECOND;
	long long screens = -1;
	bool batch = false;
	int option;
	while ((option = getopt(argc, argv, "bd:n:")) != -1) {
		if (option == 'b')
			batch = true;
		else if (option == 'd' ? !parse_seconds(optarg, &time)
				       : option != 'n' || !tool_number(optarg, &screens) || screens < 1)
			return tool_usage(usage, 2);
	}
	if (optind < argc)
		return tool_usage(usage, 2);
	if (!batch && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		terminal.value = startup_handle(STARTUP_CONSOLE).value;
	if (terminal.value > 0)
		screen_begin();
	bool done = run(time, screens);
	if (terminal.value > 0)
		screen_end();
	return tool_end("top", done ? 0 : 1);
}
