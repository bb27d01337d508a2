/*
 * ps: shows what programs there are, and what each of them does or waits for.
 */
#include <unistd.h>
#include <tabula/snapshot.h>

#include "programs.h"
#include "tool.h"

static const char usage[] =
	"usage: ps [-Aelt] [-p PID[,PID]...]\n"
	"Shows all programs, the servers too: threads, hart, time on a hart, memory,\n"
	"handles, and what each does or waits for. \"turn at files\" and \"reply from files\"\n"
	"are both a call of that server.\n"
	"  -l  long: parent, group and priority, too\n"
	"  -t  a line for each thread\n"
	"  -p  only these\n"
	"  -A  all, as without it; so does -e\n";

static struct snapshot snapshot;

static void print_program(const struct snapshot_program *program)
{
	char time[TIME_TEXT], memory[MEMORY_TEXT], text[SNAPSHOT_TEXT];
	const struct thread_info *thread = snapshot_thread(program);
	printf("%5u %3zu %4s %8s %7s %3u %-12s %s\n", (unsigned)program->program.pid, program->count,
		programs_hart(thread), programs_time(program->process.cpu_time, time),
		programs_memory(program->process.memory_used, memory), (unsigned)program->process.handles,
		(const char *)program->program.name, snapshot_text(&snapshot, program, text));
}

static void print_long(const struct snapshot_program *program)
{
	char time[TIME_TEXT], memory[MEMORY_TEXT], text[SNAPSHOT_TEXT];
	const struct thread_info *thread = snapshot_thread(program);
	printf("%5u %5u %5u %3u %3zu %4s %8s %7s %3u %-9s %s\n", (unsigned)program->program.pid,
		(unsigned)program->program.parent, (unsigned)program->program.group,
		thread != NULL ? (unsigned)thread->priority : 0, program->count, programs_hart(thread),
		programs_time(program->process.cpu_time, time),
		programs_memory(program->process.memory_used, memory), (unsigned)program->process.handles,
		(const char *)program->program.name, snapshot_text(&snapshot, program, text));
}

static void print_threads(const struct snapshot_program *program)
{
	char time[TIME_TEXT], text[SNAPSHOT_TEXT];
	for (size_t i = 0; i < program->count; i++) {
		const struct thread_info *thread = &program->threads[i];
		printf("%5u %6u %3u %4s %6x %8s %-12s %s\n", (unsigned)program->program.pid,
			(unsigned)thread->id, (unsigned)thread->priority, programs_hart(thread),
			(unsigned)thread->affinity, programs_time(thread->cpu_time, time),
			(const char *)program->program.name, snapshot_thread_text(&snapshot, thread, text));
	}
}

static const struct form {
	const char *head;
	void (*print)(const struct snapshot_program *program);
} plain = {"  PID THR HART     TIME  MEMORY HND NAME         DOES\n", print_program},
  with_more = {"  PID  PPID GROUP PRI THR HART     TIME  MEMORY HND NAME      DOES\n", print_long},
  by_thread = {"  PID THREAD PRI HART  HARTS     TIME NAME         DOES\n", print_threads};

/* Whether a list of numbers makes sense. */
static bool list_is_good(const char *list)
{
	for (const char *at = list;; at++) {
		char *end;
		unsigned long pid = strtoul(at, &end, 10);
		if (end == at || *at < '0' || *at > '9' || pid > UINT32_MAX || (*end != ',' && *end != '\0'))
			return false;
		at = end;
		if (*at == '\0')
			return true;
	}
}

static bool is_in(const char *list, uint32_t pid)
{
	for (char *end; *list != '\0'; list = *end != '\0' ? end + 1 : end)
		if (strtoul(list, &end, 10) == pid)
			return true;
	return false;
}

/* 1 if none of those that were asked for is there. */
static int print_all(const struct form *form, const char *list)
{
	int status = list != NULL;
	fputs(form->head, stdout);
	for (size_t i = 0; i < snapshot.count; i++) {
		if (list != NULL && !is_in(list, snapshot.programs[i].program.pid))
			continue;
		form->print(&snapshot.programs[i]);
		status = 0;
	}
	return status;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	const struct form *form = &plain;
	const char *list = NULL;
	int option;
	while ((option = getopt(argc, argv, "Aeltp:")) != -1) {
		if (option == 'l')
			form = &with_more;
		else if (option == 't')
			form = &by_thread;
		else if (option == 'p')
			list = optarg;
		else if (option == '?')
			return tool_usage(usage, 2);
	}
	if (optind < argc || (list != NULL && !list_is_good(list)))
		return tool_usage(usage, 2);
	int error = snapshot_take(&snapshot);
	if (error != 0) {
		errno = -error;
		tool_complain("ps", "the programs");
		return 2;
	}
	int status = print_all(form, list);
	snapshot_drop(&snapshot);
	return tool_end("ps", status);
}
