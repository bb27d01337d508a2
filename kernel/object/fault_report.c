/* See fault_report.h. Nobody else touches the report of a process that is finishing, so there is no lock. */
#include "object/fault_report.h"

#include "log.h"
#include "object/image.h"
#include "object/process.h"
#include "work.h"

enum { SYMBOL_SIZE = 64, WORK_LINE = WORK_PASS, WORK_SEARCH = 20 };

static struct image image_of(const struct process *process)
{
	return image_in(process->image, process->image_offset, process->image_size);
}

static void tell_what(const struct process *process)
{
	log_error("process %u (%s) ended: %s at 0x%lx", process->id, process->name, process->report.fault,
		process->result.address);
}

/* False when there is nothing to search, or no more. */
static bool begin_search(struct process *process)
{
	struct image image = image_of(process);

	return image.memory && elf_search_begin(&image.source, process->result.pc, &process->search);
}

static bool search_more(struct process *process)
{
	struct image image = image_of(process);

	return elf_search_more(&image.source, &process->search);
}

/* "main+0x12", or that the program has no symbols there. */
static void tell_where(const struct process *process)
{
	uint64_t pc = process->result.pc, offset;
	struct image image = image_of(process);
	char name[SYMBOL_SIZE];

	if (elf_search_name(&image.source, &process->search, name, sizeof(name), &offset))
		log_error("  pc 0x%lx in %s+0x%lx", pc, name, offset);
	else
		log_error("  pc 0x%lx, where the program has no symbol", pc);
}

static void go_on(struct process *process, int *work)
{
	struct fault_report *report = &process->report;

	switch (report->state) {
	case FAULT_UNTOLD:
		*work -= WORK_LINE;
		tell_what(process);
		report->state = FAULT_TOLD;
		return;
	case FAULT_TOLD:
		*work -= WORK_SEARCH;
		report->state = begin_search(process) ? FAULT_SEARCHING : FAULT_SEARCHED;
		return;
	case FAULT_SEARCHING:
		*work -= WORK_SEARCH;
		if (!search_more(process))
			report->state = FAULT_SEARCHED;
		return;
	case FAULT_SEARCHED:
		*work -= WORK_LINE;
		tell_where(process);
		report->fault = NULL;
		return;
	}
}

/* A line has a pass of its own, of which no more is used than for looking at the process. */
static bool is_line_due(const struct fault_report *report)
{
	return report->state == FAULT_UNTOLD || report->state == FAULT_SEARCHED;
}

bool fault_report_make(struct process *process, int *work)
{
	while (process->report.fault) {
		if (is_line_due(&process->report) && *work < WORK_PASS - WORK_OBJECT)
			*work = 0;
		if (*work <= 0)
			return false;
		go_on(process, work);
	}
	return true;
}
