/* Memory objects. Frames hang in a tree, as deep as the size needs, like a page table; but its nodes are small. */
#include "object/memory.h"

#include "abi/abi.h"
#include "lib/string.h"
#include "mem/share.h"
#include "object/memory_parts.h"
#include "object/system.h"
#include "object/thread.h"
#include "panic.h"

struct node {
	paddr_t slots[NODE_ENTRIES];
};

static struct object_pool memories = OBJECT_POOL_INIT(memories, struct memory, object, OBJECT_MEMORY);
static struct pool nodes = POOL_INIT(nodes, struct node);

struct memory_range memory_archive;

static unsigned levels_for(uint64_t pages)
{
	unsigned levels = 0;

	while (pages > MEMORY_ROOTS) {
		pages = (pages + NODE_ENTRIES - 1) >> NODE_BITS;
		levels++;
	}
	return levels;
}

static struct memory *create(struct account *account, enum memory_kind kind, uint64_t size)
{
	struct memory *memory = object_alloc(&memories, account);

	if (!memory)
		return NULL;
	memory->kind = kind;
	memory->size = size;
	memory->levels = levels_for(size >> PAGE_SHIFT);
	memory->lowest = UINT64_MAX;
	list_init(&memory->mappings);
	return memory;
}

struct memory *memory_create(uint64_t size)
{
	return create(current_account(), MEMORY_ANONYMOUS, size);
}

struct memory *memory_create_physical(paddr_t start, uint64_t size)
{
	struct memory *memory = create(current_account(), MEMORY_PHYSICAL, size);

	if (!memory)
		return NULL;
	memory->roots[0] = start;
	memory_archive = (struct memory_range){start.value, size};
	return memory;
}

struct memory *memory_create_device(paddr_t start, uint64_t size, bool is_console)
{
	struct memory *memory = create(current_account(), MEMORY_DEVICE, size);

	if (!memory)
		return NULL;
	memory->roots[0] = start;
	memory->is_console = is_console;
	if (is_console)
		system_console_taken();
	return memory;
}

struct memory *memory_create_contiguous(uint64_t size)
{
	struct memory *memory = create(current_account(), MEMORY_CONTIGUOUS, size);

	if (!memory)
		return NULL;
	if (account_charge(memory->object.account, size)) {
		object_put(&memory->object);
		return NULL;
	}
	memory->pages = size >> PAGE_SHIFT;
	return memory;
}

void memory_give_run(struct memory *memory, paddr_t first)
{
	memory->roots[0] = first;
}

/* Gives a run of frames back, if there was one, as far as `work` goes: true when all of it has gone. */
static bool free_run(struct memory *memory, int *work)
{
	enum { RUN_PIECE = 4096, PAGES_FOR_A_UNIT = 256 };

	while (memory->pages) {
		uint64_t count = memory->pages < RUN_PIECE ? memory->pages : RUN_PIECE;

		if (*work <= 0)
			return false;
		if (memory->roots[0].value) {
			frame_free_run(memory->roots[0], count);
			memory->roots[0].value += count << PAGE_SHIFT;
		}
		account_uncharge(memory->object.account, count << PAGE_SHIFT);
		memory->pages -= count;
		*work -= WORK_FRAME + (int)count / PAGES_FOR_A_UNIT * WORK_LOOK;
	}
	return true;
}

struct memory *memory_create_view(struct account *account, struct memory *of, uint64_t of_start,
	uint64_t of_size, uint64_t lead, uint64_t size)
{
	struct memory *memory = create(account, MEMORY_VIEW, size);

	if (!memory)
		return NULL;
	object_take_another(&of->object);
	memory->of = of;
	memory->of_start = of_start;
	memory->of_size = of_size;
	memory->lead = lead;
	return memory;
}

/* Bytes before `offset` are none of a copy's. */
static struct memory *create_like_view(
	struct account *account, const struct memory *view, uint64_t offset, uint64_t size)
{
	uint64_t cut = offset > view->lead ? offset - view->lead : 0;
	uint64_t lead = offset > view->lead ? 0 : view->lead - offset;

	cut = cut < view->of_size ? cut : view->of_size;
	return memory_create_view(account, view->of, view->of_start + cut, view->of_size - cut, lead, size);
}

struct memory *memory_create_like(
	struct account *account, const struct memory *memory, uint64_t offset, uint64_t size)
{
	return memory->kind == MEMORY_VIEW ? create_like_view(account, memory, offset, size)
					   : create(account, MEMORY_ANONYMOUS, size);
}

/* Where in a node of a level the way to a page goes on; at the level above all nodes, in the roots. */
static unsigned way_to(uint64_t page, unsigned level)
{
	return page >> NODE_BITS * level & (NODE_ENTRIES - 1);
}

static MUST_USE int node_alloc(struct memory *memory, paddr_t *slot) REQUIRES(memory->lock)
{
	struct node *node = pool_alloc(&nodes, memory->object.account);

	if (!node)
		return -ENOMEM;
	memory->nodes++;
	*slot = direct_to_physical(node);
	return 0;
}

paddr_t *memory_slot(struct memory *memory, uint64_t page)
{
	unsigned level = memory->levels;
	paddr_t *slot = &memory->roots[way_to(page, level)];

	if (page < memory->lowest)
		memory->lowest = page;
	while (level--) {
		if (!slot->value && node_alloc(memory, slot))
			return NULL;
		slot = (paddr_t *)direct(*slot) + way_to(page, level);
	}
	return slot;
}

paddr_t *memory_slots(struct memory *memory, uint64_t page, uint64_t *count)
{
	unsigned level = memory->levels;
	paddr_t *slot = &memory->roots[way_to(page, level)];

	for (; level && slot->value; level--)
		slot = (paddr_t *)direct(*slot) + way_to(page, level - 1);
	if (level)
		*count = (1ul << NODE_BITS * level) - (page & ((1ul << NODE_BITS * level) - 1));
	else
		*count = memory_row(memory, page);
	return level ? NULL : slot;
}

/* Fills a fresh page of a view: zeros, and over them what the page shares with the viewed bytes. */
static int fill_view(struct memory *memory, uint64_t page, char *to)
{
	uint64_t start = page << PAGE_SHIFT, end = start + PAGE_SIZE;
	uint64_t first = memory->lead, last = memory->lead + memory->of_size;

	first = first > start ? first : start;
	last = last < end ? last : end;
	if (first >= last) {
		memset(to, 0, PAGE_SIZE);
		return 0;
	}
	memset(to, 0, first - start);
	memset(to + (last - start), 0, end - last);
	return memory_get(
		memory->of, memory->of_start + (first - memory->lead), to + (first - start), last - first);
}

/* The frame that holds just what a page of a view does, in the machine's memory, which nobody writes to; value 0: none. */
static paddr_t viewed_frame(const struct memory *memory, uint64_t page)
{
	uint64_t start = page << PAGE_SHIFT;
	uint64_t within = start - memory->lead + memory->of_start; /* of what is viewed */
	bool is_whole = start >= memory->lead && start + PAGE_SIZE <= memory->lead + memory->of_size;

	if (memory->of->kind != MEMORY_PHYSICAL || !is_whole || within & (PAGE_SIZE - 1))
		return (paddr_t){0};
	return (paddr_t){memory->of->roots[0].value + within};
}

/* Shares it, as of a copy: the machine's memory keeps a share for ever, which is the first one and is not counted. */
static int share_viewed(struct memory *memory, paddr_t frame, paddr_t *slot)
{
	struct share_area area = SHARE_NOWHERE;

	TRY(account_charge(memory->object.account, PAGE_SIZE));
	if (share_give(frame, &area)) {
		account_uncharge(memory->object.account, PAGE_SIZE);
		return -ENOMEM;
	}
	*slot = (paddr_t){frame.value | SLOT_SHARED};
	return 0;
}

/* Gives a page its first frame: `alone`, or one that it shares if that will do. */
static int fill(struct memory *memory, uint64_t page, bool alone, paddr_t *slot)
{
	paddr_t frame;

	/* Frames that are zeros already are few, and left for tables. */
	if (memory->kind == MEMORY_ANONYMOUS) {
		TRY(account_frame_alloc(memory->object.account, slot));
		memset(direct(*slot), 0, PAGE_SIZE);
		return 0;
	}
	frame = viewed_frame(memory, page);
	if (frame.value && !alone)
		return share_viewed(memory, frame, slot);
	TRY(account_frame_alloc(memory->object.account, &frame));

	int error = fill_view(memory, page, direct(frame));

	if (error)
		account_frame_free(memory->object.account, frame);
	else
		*slot = frame;
	return error;
}

/* A view locks what it shows while it holds its own lock: from the younger to the older, so never in a circle. */
int memory_find(struct memory *memory, uint64_t page, bool alone, struct memory_page *found)
{
	bool is_new = false;
	paddr_t *slot;

	assert(page < memory->size >> PAGE_SHIFT);
	if (memory_is_fixed(memory)) {
		*found = (struct memory_page){.frame = {memory->roots[0].value + (page << PAGE_SHIFT)}};
		return 0;
	}
	slot = memory_slot(memory, page);
	if (!slot)
		return -ENOMEM;
	if (!slot->value) {
		TRY(fill(memory, page, alone, slot));
		memory->pages++;
		is_new = true;
	} else if (slot_is_leaving(*slot) || (alone && slot_is_shared(*slot))) {
		TRY(memory_leave(memory, page, slot));
	}
	*found = (struct memory_page){slot_frame(*slot), slot_is_shared(*slot), is_new};
	return 0;
}

bool memory_shows(struct memory *memory, uint64_t page, paddr_t frame, bool writes)
{
	const paddr_t *slot;
	uint64_t count;

	if (memory_is_fixed(memory))
		return frame.value == memory_run(memory).value + (page << PAGE_SHIFT);
	slot = memory_slots(memory, page, &count);
	return slot && slot_frame(*slot).value == frame.value && !(writes && slot_is_shared(*slot)) &&
	       (!slot_is_leaving(*slot) || memory_is_unmapping(memory, page));
}

int memory_frame_told(struct memory *memory, uint64_t page, paddr_t *frame, bool *is_new)
{
	struct memory_page found;
	bool separated = false;
	int error;

	for (;;) {
		lock_acquire(&memory->lock);
		error = memory_find(memory, page, true, &found);
		lock_release(&memory->lock);
		if (!error) {
			*frame = found.frame;
			*is_new = found.is_new || separated;
		}
		if (error != PAGE_LEAVING)
			return error;
		TRY(memory_separate(memory, page));
		separated = true;
	}
}

int memory_frame(struct memory *memory, uint64_t page, paddr_t *frame)
{
	bool is_new;

	return memory_frame_told(memory, page, frame, &is_new);
}

/* Programs may be writing these bytes meanwhile: whoever gets them checks what it has got, and does not look again. */
static void copy_racing(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}

/* Copies what lies in one page. With the lock, so the frame can be one that others have: they don't write to it. */
static int get_in_page(struct memory *memory, uint64_t offset, void *to, size_t size) REQUIRES(memory->lock)
{
	struct memory_page found;
	int error = memory_find(memory, offset >> PAGE_SHIFT, false, &found);

	if (error == PAGE_LEAVING) /* it is still there, and stays as it is */
		found.frame = slot_frame(*memory_slot(memory, offset >> PAGE_SHIFT));
	else if (error)
		return error;
	copy_racing(to, (char *)direct(found.frame) + (offset & (PAGE_SIZE - 1)), size);
	return 0;
}

int memory_get(struct memory *memory, uint64_t offset, void *to, size_t size)
{
	char *at = to;

	assert(!memory_is_device(memory));
	while (size) {
		uint64_t within = offset & (PAGE_SIZE - 1);
		size_t n = PAGE_SIZE - within < size ? PAGE_SIZE - within : size;
		int error;

		lock_acquire(&memory->lock);
		error = get_in_page(memory, offset, at, n);
		lock_release(&memory->lock);
		if (error)
			return error;
		offset += n, at += n, size -= n;
	}
	return 0;
}

size_t memory_extent(const struct memory *memory, uint64_t offset, size_t size)
{
	if (offset >= memory->size)
		return 0;
	return size < memory->size - offset ? size : memory->size - offset;
}

static enum memory_source source_of(enum memory_kind kind)
{
	switch (kind) {
	case MEMORY_ANONYMOUS:
		return MEMORY_SOURCE_ZERO;
	case MEMORY_PHYSICAL:
		return MEMORY_SOURCE_MACHINE;
	case MEMORY_DEVICE:
		return MEMORY_SOURCE_DEVICE;
	case MEMORY_VIEW:
		return MEMORY_SOURCE_COPY;
	case MEMORY_CONTIGUOUS:
		return MEMORY_SOURCE_CONTIGUOUS;
	}
	unreachable("no other kind");
}

void memory_read_info(struct memory *memory, struct memory_info *info)
{
	info->object = memory->object.id;
	info->size = memory->size;
	info->source = source_of(memory->kind);
	lock_acquire(&memory->lock);
	info->resident = memory_is_fixed(memory) ? memory->size : memory->pages << PAGE_SHIFT;
	lock_release(&memory->lock);
}

/* ---- the end, piece by piece, from `lowest` on */

/* Where the node of a level hangs that has a page; NULL when even that isn't there. */
static paddr_t *slot_at(struct memory *memory, uint64_t page, unsigned level)
{
	paddr_t *slot = &memory->roots[way_to(page, memory->levels)];

	for (unsigned at = memory->levels; at > level; at--) {
		if (!slot->value)
			return NULL;
		slot = (paddr_t *)direct(*slot) + way_to(page, at - 1);
	}
	return slot;
}

/* Slots that lie side by side: of a node, or the roots. */
struct row {
	paddr_t *slots;
	unsigned count;
	unsigned level; /* of the nodes that hang in them; 0: frames do */
};

/* Frees the pages of a row from `lowest` on while there is work left. Behind the last that the object has, nobody looks. */
static void free_pages(struct memory *memory, const struct row *row, int *work)
{
	const uint64_t count = row->count, pages = memory->pages, start = way_to(memory->lowest, 0);
	struct share_area area = SHARE_NOWHERE;
	uint64_t i = start, freed = 0;
	int left = *work;

	while (left > 0 && i < count && freed < pages) {
		paddr_t slot = row->slots[i];

		if (!slot.value) {
			i += slots_empty(&row->slots[i], count - i);
			continue;
		}
		if (!slot_is_shared(slot) || !share_leave(slot_frame(slot), &area)) {
			frame_free(slot_frame(slot));
			left -= WORK_FRAME;
		}
		left -= WORK_SLOT;
		row->slots[i++].value = 0;
		freed++;
	}
	account_uncharge(memory->object.account, freed * PAGE_SIZE);
	*work = left - (int)(i - start) / 8 * WORK_LOOK;
	memory->pages -= freed;
	if (!memory->pages)
		i = count;
	memory->lowest += i - start;
}

/* Goes past what is empty in a row that is no page's. */
static void skip(struct memory *memory, const struct row *row, int *work)
{
	unsigned shift = NODE_BITS * row->level;
	unsigned start = way_to(memory->lowest, row->level);
	uint64_t empty = slots_empty(&row->slots[start], row->count - start);

	memory->lowest = ((memory->lowest >> shift) + empty) << shift;
	*work -= (int)empty / 8 * WORK_LOOK;
}

/* The nodes that end before `lowest` have nothing below them any more. */
static void free_nodes(struct memory *memory, int *work)
{
	for (unsigned level = 1; level <= memory->levels; level++) {
		if (memory->lowest & ((1ul << NODE_BITS * level) - 1))
			return;

		paddr_t *slot = slot_at(memory, memory->lowest - 1, level);

		if (slot && slot->value) {
			pool_free(&nodes, memory->object.account, direct(*slot));
			slot->value = 0;
			memory->nodes--;
			*work -= WORK_FRAME;
		}
	}
}

/* Goes on in the row that has what comes next. */
static void free_next(struct memory *memory, int *work)
{
	struct row row = {memory->roots, MEMORY_ROOTS, memory->levels};
	uint64_t before = memory->lowest;

	while (row.level) {
		paddr_t slot = row.slots[way_to(memory->lowest, row.level)];

		if (!slot.value)
			break;
		row = (struct row){direct(slot), NODE_ENTRIES, row.level - 1};
	}
	*work -= WORK_LOOK;
	if (row.level)
		skip(memory, &row, work);
	else
		free_pages(memory, &row, work);
	if (memory->lowest != before)
		free_nodes(memory, work);
}

/* True when all has been given back. */
static bool free_frames(struct memory *memory, int *work)
{
	while (memory->pages || memory->nodes) {
		if (*work <= 0)
			return false;
		free_next(memory, work);
	}
	return true;
}

bool memory_destroy(struct memory *memory, int *work)
{
	struct memory *of = memory->of;

	if (!memory_is_fixed(memory) && !free_frames(memory, work))
		return false;
	if (memory->kind == MEMORY_CONTIGUOUS && !free_run(memory, work))
		return false;
	if (memory->is_console)
		system_console_left();
	object_free(&memories, memory);
	if (of)
		object_put(&of->object);
	return true;
}
