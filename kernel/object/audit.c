/*
 * Audits: all page tables are walked. A page has to be the one that its memory object has there, which can be told at any
 * time, with the locks of both. When nothing else goes on, no frame may be in two places either: each page is entered in a table of frames with the place in a memory object that
 * it shows. A frame that is found at a second place is an accident, if anybody may write to it. The table is as large as a
 * machine of 128 MiB needs; frames beyond are left out.
 */
#include "object/audit.h"

#include "log.h"
#include "object/process.h"
#include "panic.h"

#if DEBUG_CHECKS
enum { FRAMES = 1 << 15, OFTEN = 64 };

static struct {
	const struct memory *memory;
	uint64_t page;
	bool is_written;
} places[FRAMES];

static uint64_t first_frame;
static unsigned audits, ended;
static unsigned long pages_seen;

static bool fits(paddr_t frame, enum prot prot, const struct memory *memory, uint64_t page)
{
	uint64_t number = (frame.value >> PAGE_SHIFT) - first_frame;

	pages_seen++;
	if (number >= FRAMES || memory_is_device(memory))
		return true;
	if (places[number].memory && (places[number].memory != memory || places[number].page != page) &&
		(places[number].is_written || prot & PROT_WRITE)) {
		log_error("audit: frame 0x%lx is page %lu of memory %lu and page %lu of memory %lu",
			frame.value, places[number].page, places[number].memory->object.id, page,
			memory->object.id);
		return false;
	}
	places[number].memory = memory;
	places[number].page = page;
	places[number].is_written |= (prot & PROT_WRITE) != 0;
	return true;
}

static bool is_good_with(struct process *process, aspace_audit_page *also)
{
	if (aspace_audit(&process->aspace, also))
		return true;
	log_error("audit: the page table of process %u (%s) is wrong", process->id, process->name);
	return false;
}

static bool is_good(struct process *process)
{
	return is_good_with(process, NULL);
}

static bool is_good_and_alone(struct process *process)
{
	return is_good_with(process, fits);
}

void audit_now(void)
{
	first_frame = arch_machine()->memory[0].start >> PAGE_SHIFT;
	for (unsigned i = 0; i < FRAMES; i++)
		places[i].memory = NULL, places[i].is_written = false;
	assert(process_all_are(is_good_and_alone));
	audits++;
	this_hart()->stretch.since = 0; /* what debug builds do here is not what others would wait for */
	log_debug("audit: %u made, %lu pages seen", audits, pages_seen);
}

/* While other harts go on. */
static void audit_live(void)
{
	assert(process_all_are(is_good));
	log_debug("audit: made while %u harts run", hart_count());
}

void audit_sometimes(void)
{
	if (__atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED) % OFTEN)
		return;
	if (hart_count() == 1)
		audit_now();
	else
		audit_live();
}
#endif
