/*
 * Random operations on the kernel's structures, each beside a simple model that says what has to come out.
 *
 *	models [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hart.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "lib/string.h"
#include "mem/account.h"
#include "mem/frame.h"
#include "mem/pool.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "tabula/ktap.h"

enum {
	STEPS = 20000,
	ACCOUNTS = 16,
	PIECES = 600,
	HANDLES = 400,
	PAGES = 48, /* of the address space that is tried */
	OBJECTS = 4,
	OBJECT_PAGES = 20,
	CONTENT = 6 * PAGE_SIZE,
};

static uint64_t seed = 1;

static uint64_t below(uint64_t limit)
{
	return hosted_random(&seed) % limit;
}

static void leave(struct trapframe *frame)
{
	hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

/* ---- accounts: a tree of them, with limits; the model adds up what each has below it */

struct model_account {
	struct account *account;
	int parent; /* the one that made it; -1: the kernel's */
	uint64_t own, limit;
	uint64_t drawn; /* the most that was there already when the limit was set */
	bool has_heirs;
};

static struct model_account tree[ACCOUNTS];
static unsigned tree_size;
static uint64_t account_piece; /* what an account is charged for itself */

static bool is_below(int index, int above)
{
	while (index >= 0 && index != above)
		index = tree[index].parent;
	return index == above;
}

static uint64_t used_below(int above)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < tree_size; i++)
		if (is_below((int)i, above))
			used += tree[i].own;
	return used;
}

/* What accounts may have drawn beyond their need. */
static uint64_t slack_below(int above)
{
	uint64_t slack = 0;

	for (unsigned i = 0; i < tree_size; i++)
		if (is_below((int)i, above))
			slack += used_below((int)i) / 2 + 4 * PAGE_SIZE;
	return slack;
}

static bool may_charge(int index, uint64_t bytes)
{
	for (; index >= 0; index = tree[index].parent) {
		uint64_t used = used_below(index) + bytes;

		if (used > tree[index].limit && used > tree[index].drawn)
			return false;
	}
	return true;
}

/* There is enough even if all have drawn what they can. */
static bool must_charge(int index, uint64_t bytes)
{
	for (; index >= 0; index = tree[index].parent)
		if (used_below(index) + slack_below(index) + bytes > tree[index].limit)
			return false;
	return true;
}

static void make_account(void)
{
	int creator = tree_size ? (int)below(tree_size + 1) - 1 : -1;
	struct account *account;

	if (tree_size == ACCOUNTS)
		return;
	account = account_create(creator < 0 ? &kernel_account : tree[creator].account);
	if (creator >= 0)
		tree[creator].has_heirs = true;
	if (account)
		tree[tree_size++] =
			(struct model_account){account, creator, account_piece, ACCOUNT_NO_LIMIT, 0, false};
	else
		HOSTED_REQUIRE(!must_charge(creator, account_piece));
}

static void limit_account(int index)
{
	struct model_account *model = &tree[index];
	uint64_t limit = below(1 << (14 + below(9)));
	int error = account_limit(model->account, limit);

	if (limit > model->limit)
		HOSTED_REQUIRE(error == -EINVAL);
	else if (model->has_heirs && model->limit == ACCOUNT_NO_LIMIT)
		HOSTED_REQUIRE(error == -EBUSY);
	else
		HOSTED_REQUIRE(!error);
	if (!error) {
		model->limit = limit;
		model->drawn = used_below(index) + slack_below(index);
	}
}

static void charge_account(int index)
{
	struct model_account *model = &tree[index];
	uint64_t bytes = 1 + below(2 * PAGE_SIZE);

	if (!account_charge(model->account, bytes)) {
		HOSTED_REQUIRE(may_charge(index, bytes));
		model->own += bytes;
	} else {
		HOSTED_REQUIRE(!must_charge(index, bytes));
	}
}

static void uncharge_account(struct model_account *model)
{
	uint64_t bytes = below(model->own - account_piece + 1);

	account_uncharge(model->account, bytes);
	model->own -= bytes;
}

/* In any order: one with others below stays until these are gone. */
static void end_accounts(void)
{
	for (; tree_size; tree_size--) {
		unsigned index = (unsigned)below(tree_size);

		account_uncharge(tree[index].account, tree[index].own - account_piece);
		account_put(tree[index].account);
		tree[index] = tree[tree_size - 1];
	}
}

static void test_accounts(void *result)
{
	struct account *first = account_create(&kernel_account);
	uint64_t before, unused;

	HOSTED_REQUIRE(first);
	account_read(first, &account_piece, &unused);
	account_put(first);
	before = account_total();
	for (unsigned round = 0; round < 40; round++) {
		tree_size = 0;
		for (unsigned step = 0; step < 1000; step++) {
			unsigned what = (unsigned)below(100),
				 index = tree_size ? (unsigned)below(tree_size) : 0;

			if (!tree_size || what < 5)
				make_account();
			else if (what < 10)
				limit_account((int)index);
			else if (what < 60)
				charge_account((int)index);
			else
				uncharge_account(&tree[index]);
			HOSTED_REQUIRE(account_total() - before == used_below(-1));
		}
		end_accounts();
		HOSTED_REQUIRE(account_total() == before);
	}
	*(bool *)result = true;
}

/* ---- frames: what is given out belongs to one, and comes back; a run is found if there is one */

enum { RUN_MOST = 40, LONG_RUN = 400, RUNS = 64, HELD_MOST_OF_TEN = 8 };

static struct {
	size_t all, span;
	uint64_t lowest; /* number of the first frame */
	bool *exists, *held; /* by number from there on */
	paddr_t *single; /* those that are held one by one */
	size_t singles, count; /* and all that are held */
	struct {
		paddr_t first;
		uint64_t count;
	} run[RUNS];
	size_t runs;
} frames;

static size_t frame_number(paddr_t frame)
{
	return (size_t)((frame.value >> PAGE_SHIFT) - frames.lowest);
}

static void hold(paddr_t frame)
{
	size_t n = frame_number(frame);

	HOSTED_REQUIRE(n < frames.span && frames.exists[n] && !frames.held[n]);
	frames.held[n] = true;
	frames.count++;
	*(uint64_t *)direct(frame) = frame.value;
}

static void let_go(paddr_t frame)
{
	size_t n = frame_number(frame);

	HOSTED_REQUIRE(frames.held[n] && *(uint64_t *)direct(frame) == frame.value);
	frames.held[n] = false;
	frames.count--;
}

/* Takes every frame there is, to know which there are, and gives them back in any order. */
static void learn_frames(void)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	frames.all = frame_free_count();
	frames.single = calloc(frames.all, sizeof(paddr_t));
	HOSTED_REQUIRE(frames.single && frames.all <= frame_count());
	for (size_t i = 0; i < frames.all; i++) {
		HOSTED_REQUIRE(!frame_alloc(&frames.single[i]));

		uint64_t number = frames.single[i].value >> PAGE_SHIFT;

		lowest = number < lowest ? number : lowest;
		highest = number > highest ? number : highest;
	}
	frames.lowest = lowest;
	frames.span = (size_t)(highest - lowest) + 1;
	frames.exists = calloc(frames.span, sizeof(bool));
	frames.held = calloc(frames.span, sizeof(bool));
	HOSTED_REQUIRE(frames.exists && frames.held);
	for (size_t left = frames.all; left; left--) {
		size_t i = (size_t)below(left);

		HOSTED_REQUIRE(!frames.exists[frame_number(frames.single[i])]);
		frames.exists[frame_number(frames.single[i])] = true;
		frame_free(frames.single[i]);
		frames.single[i] = frames.single[left - 1];
	}
}

static bool has_run(uint64_t count, uint64_t align)
{
	uint64_t length = 0;

	for (size_t n = 0; n < frames.span; n++) {
		length = frames.exists[n] && !frames.held[n] ? length + 1 : 0;

		uint64_t first = frames.lowest + n + 1 - length, start = (first + align - 1) & ~(align - 1);

		if (start + count <= frames.lowest + n + 1 && length >= count)
			return true;
	}
	return false;
}

static void take_single(void)
{
	paddr_t frame;
	int error = below(2) ? frame_alloc(&frame) : frame_alloc_zeroed(&frame);

	HOSTED_REQUIRE(error == (frames.count == frames.all ? -ENOMEM : 0));
	if (error)
		return;
	hold(frame);
	frames.single[frames.singles++] = frame;
}

static void give_single(void)
{
	size_t i = (size_t)below(frames.singles);

	let_go(frames.single[i]);
	frame_free(frames.single[i]);
	frames.single[i] = frames.single[--frames.singles];
}

/* In pieces, as it is cut by the kernel; between them others take frames that have been looked at. */
static void take_run(void)
{
	struct frame_search search = {
		.count = 1 + below(below(8) ? RUN_MOST : LONG_RUN), .align = 1ul << below(7)};
	bool disturbed = false, there;
	paddr_t first;
	int error, work;

	if (frames.runs == RUNS)
		return;
	do {
		work = (int)below(60);
		there = has_run(search.count, search.align);
		error = frame_alloc_run(&search, &work, &first);
		if (error == FRAME_SEARCH_ON && !below(4)) {
			disturbed = true;
			if (frames.singles && below(2))
				give_single();
			else
				take_single();
		}
	} while (error == FRAME_SEARCH_ON);
	HOSTED_REQUIRE(!error || error == -ENOMEM);
	if (error) {
		HOSTED_REQUIRE(disturbed || !there);
		return;
	}
	HOSTED_REQUIRE(!(first.value >> PAGE_SHIFT & (search.align - 1)) && there);
	for (uint64_t i = 0; i < search.count; i++)
		hold((paddr_t){first.value + (i << PAGE_SHIFT)});
	frames.run[frames.runs].first = first;
	frames.run[frames.runs++].count = search.count;
}

static void give_run(void)
{
	size_t which = (size_t)below(frames.runs);
	paddr_t first = frames.run[which].first;
	uint64_t count = frames.run[which].count;

	for (uint64_t i = 0; i < count; i++)
		let_go((paddr_t){first.value + (i << PAGE_SHIFT)});
	frame_free_run(first, count);
	frames.run[which] = frames.run[--frames.runs];
}

/* Half of the time there is much free, half of the time little. */
static void step_frames(bool full)
{
	bool more = full ? below(10) < HELD_MOST_OF_TEN : below(2);

	switch (below(8)) {
	case 0:
		if (more)
			take_run();
		else if (frames.runs)
			give_run();
		return;
	default:
		if (more)
			take_single();
		else if (frames.singles)
			give_single();
	}
}

/*
 * All of it is together again, as far as there are no holes. The search has passed the first part of a run when that is
 * taken, so it has to find another one, in the second range of memory.
 */
static void test_disturbed_search(void)
{
	struct frame_search search = {.count = LONG_RUN, .align = 1};
	int work = 1;
	paddr_t first;

	HOSTED_REQUIRE(has_run(LONG_RUN, 1));
	HOSTED_REQUIRE(frame_alloc_run(&search, &work, &first) == FRAME_SEARCH_ON && search.length);
	take_single();
	work = 1 << 20;
	HOSTED_REQUIRE(!frame_alloc_run(&search, &work, &first));
	for (uint64_t i = 0; i < LONG_RUN; i++)
		hold((paddr_t){first.value + (i << PAGE_SHIFT)});
	for (uint64_t i = 0; i < LONG_RUN; i++)
		let_go((paddr_t){first.value + (i << PAGE_SHIFT)});
	frame_free_run(first, LONG_RUN);
	give_single();
}

static void test_frames(void *result)
{
	learn_frames();
	for (unsigned step = 0; step < STEPS; step++) {
		step_frames(step / (STEPS / 4) % 2);
		HOSTED_REQUIRE(frame_free_count() == frames.all - frames.count);
	}
	while (frames.runs)
		give_run();
	while (frames.singles)
		give_single();
	HOSTED_REQUIRE(frame_free_count() == frames.all);
	test_disturbed_search();
	free(frames.exists), free(frames.held), free(frames.single);
	*(bool *)result = true;
}

/* ---- pools */

struct odd_piece {
	uint64_t words[13];
};

static struct pool odd_pieces = POOL_INIT(odd_pieces, struct odd_piece);

static void test_pool(void *result)
{
	static struct odd_piece *pieces[PIECES];
	size_t before = frame_free_count(), held = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		if (held < PIECES && (below(2) || !held)) {
			struct odd_piece *piece = pool_alloc(&odd_pieces, &kernel_account);

			HOSTED_REQUIRE(piece);
			for (unsigned i = 0; i < 13; i++)
				HOSTED_REQUIRE(!piece->words[i]);
			memset(piece, (int)(held & 0xff), sizeof(*piece));
			piece->words[0] = (uint64_t)piece;
			pieces[held++] = piece;
		} else {
			size_t i = below(held);

			HOSTED_REQUIRE(pieces[i]->words[0] == (uint64_t)pieces[i]);
			HOSTED_REQUIRE(pieces[i]->words[1] == pieces[i]->words[12]);
			pool_free(&odd_pieces, &kernel_account, pieces[i]);
			pieces[i] = pieces[--held];
		}
		HOSTED_REQUIRE(pool_used(&odd_pieces) == held);
	}
	while (held)
		pool_free(&odd_pieces, &kernel_account, pieces[--held]);
	HOSTED_REQUIRE(frame_free_count() == before);
	*(bool *)result = true;
}

/* ---- handles: what is open names its object, what was closed names nothing for long */

struct known_handle {
	uint32_t value, rights;
	struct object *object;
};

static void check_handle(struct process *process, const struct known_handle *known, bool open)
{
	struct handle_ref found;
	int error = handle_find(&process->handles, known->value, &found);

	HOSTED_REQUIRE(error == (open ? 0 : -EBADF));
	HOSTED_REQUIRE(!open || (found.object == known->object && found.rights == known->rights));
}

static void test_handles(void *result)
{
	static struct known_handle open[HANDLES], closed[HANDLES];
	struct process *process = process_create("handles", 7);
	struct object *objects[] = {&system_root.object, &process->object};
	uint32_t count = 0, closings = 0, references = system_root.object.references;

	for (unsigned step = 0; step < STEPS; step++) {
		struct handle_ref found;

		if (count < HANDLES && (below(2) || !count)) {
			struct known_handle *known = &open[count++];

			known->object = objects[below(2)];
			known->rights = (uint32_t)below(1 << 14) & handle_unpack_rights(HANDLE_DENIED_MASK);
			known->value = (uint32_t)handle_add(process, known->object, known->rights).value;
			HOSTED_REQUIRE((int32_t)known->value > 0);
		} else {
			size_t i = below(count);

			HOSTED_REQUIRE(!handle_remove(process, open[i].value));
			HOSTED_REQUIRE(handle_remove(process, open[i].value) == -EBADF);
			closed[closings++ % HANDLES] = open[i];
			open[i] = open[--count];
		}
		HOSTED_REQUIRE(process->handles.count == count);
		if (count)
			check_handle(process, &open[below(count)], true);
		if (closings >= HANDLES)
			check_handle(process, &closed[below(HANDLES)], false);
		HOSTED_REQUIRE(handle_find(&process->handles, 0, &found) == -EBADF);
		HOSTED_REQUIRE(handle_find(&process->handles, UINT32_MAX, &found) == -EBADF);
	}
	object_put(&process->object);
	*(bool *)result = references == system_root.object.references - (count - process->self_handles);
}

/* The table full: each slot once, then an error, and room again after one is closed. */
static void test_full_table(void *result)
{
	struct process *process = process_create("full", 4);
	unsigned most = HANDLE_PAGES * HANDLE_PAGE_SLOTS, count = 0;
	handle_result last = {0}, next;

	for (;; count++, last = next) {
		next = handle_add(process, &system_root.object, 0);
		if (next.value < 0)
			break;
	}
	HOSTED_REQUIRE(next.value == -EMFILE && count == most);
	HOSTED_REQUIRE(!handle_remove(process, (uint32_t)last.value));
	next = handle_add(process, &system_root.object, 0);
	HOSTED_REQUIRE(next.value > 0 && next.value != last.value);
	HOSTED_REQUIRE(handle_add(process, &system_root.object, 0).value == -EMFILE);
	object_put(&process->object);
	*(bool *)result = true;
}

/* ---- address spaces: regions against a map of pages */

struct page {
	struct memory *memory; /* NULL: nothing is mapped */
	uint64_t index; /* page of the memory */
	enum prot prot;
};

#define SPACE_START 0x7fff0000ul /* so that two page tables are in use */

static enum prot random_prot(void)
{
	static const enum prot prots[] = {
		PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE, PROT_EXEC, PROT_READ | PROT_EXEC};

	return prots[below(5)];
}

static void try_map(struct aspace *space, struct page *pages, struct memory *const *objects)
{
	uint64_t first = below(PAGES), count = below(8) + 1, offset = below(OBJECT_PAGES - 8);
	uint64_t at = SPACE_START + first * PAGE_SIZE;
	struct memory *memory = objects[below(OBJECTS)];
	enum prot prot = random_prot();
	bool taken = false;
	int error;

	if (first + count > PAGES)
		return;
	for (uint64_t i = first; i < first + count; i++)
		taken |= pages[i].memory != NULL;
	error = hosted_map(space, &at, memory, offset * PAGE_SIZE, count * PAGE_SIZE, prot);
	HOSTED_REQUIRE(error == (taken ? -EEXIST : 0));
	for (uint64_t i = 0; !taken && i < count; i++)
		pages[first + i] = (struct page){memory, offset + i, prot};
}

static void try_unmap(struct aspace *space, struct page *pages)
{
	uint64_t first = below(PAGES), count = below(12) + 1;

	if (first + count > PAGES)
		return;
	HOSTED_REQUIRE(!aspace_unmap_all(space, SPACE_START + first * PAGE_SIZE, count * PAGE_SIZE));
	for (uint64_t i = first; i < first + count; i++) {
		paddr_t frame;
		enum prot prot;

		pages[i].memory = NULL;
		HOSTED_REQUIRE(!hosted_lookup(&space->arch, SPACE_START + i * PAGE_SIZE, &frame, &prot));
	}
}

static void try_touch(struct aspace *space, const struct page *pages)
{
	uint64_t number = below(PAGES), address = SPACE_START + number * PAGE_SIZE;
	enum prot access = 1u << below(3), prot;
	const struct page *page = &pages[number];
	bool allowed =
		page->memory && (page->prot & access || (access == PROT_READ && page->prot & PROT_WRITE));
	paddr_t frame, expected;

	HOSTED_REQUIRE(aspace_fault(space, address + below(PAGE_SIZE), access) == (allowed ? 0 : -EFAULT));
	if (!allowed)
		return;
	HOSTED_REQUIRE(!memory_frame(page->memory, page->index, &expected));
	HOSTED_REQUIRE(hosted_lookup(&space->arch, address, &frame, &prot));
	HOSTED_REQUIRE(frame.value == expected.value && prot == page->prot);
}

static void test_space(void *result)
{
	static struct page pages[PAGES];
	struct process *process = process_create("space", 5);
	struct memory *objects[OBJECTS];
	bool empty = true;

	for (unsigned i = 0; i < OBJECTS; i++)
		HOSTED_REQUIRE((objects[i] = memory_create(OBJECT_PAGES * PAGE_SIZE)));
	for (unsigned step = 0; step < STEPS; step++) {
		switch (below(4)) {
		case 0:
			try_map(&process->aspace, pages, objects);
			break;
		case 1:
			try_unmap(&process->aspace, pages);
			break;
		default:
			try_touch(&process->aspace, pages);
		}
	}
	for (unsigned i = 0; i < PAGES; i++)
		empty &= !pages[i].memory;
	HOSTED_REQUIRE(aspace_is_empty(&process->aspace) == empty);
	for (unsigned i = 0; i < OBJECTS; i++)
		object_put(&objects[i]->object);
	object_put(&process->object);
	*(bool *)result = true;
}

/* ---- unmapping in pieces: what lies around the range stays, and nobody gets into it in between */

enum { AREA = 3000, AREA_ROUNDS = 60 };

#define AREA_START 0x2000000000ul /* where room is looked for first */

static uint64_t area_address(uint64_t page)
{
	return AREA_START + page * PAGE_SIZE;
}

/* At once: in this kernel nobody else is at work. */
static int protect(struct aspace *space, uint64_t at, uint64_t size, enum prot prot)
{
	struct aspace_steps steps = {0};
	bool more;
	int error;

	do
		error = aspace_protect(space, at, size, prot, &steps, &more);
	while (more);
	return error;
}

/* Mappings of up to `most` pages, with holes between them; some pages are there. */
static void fill_area(struct aspace *space, struct memory *memory, bool *mapped, uint64_t most)
{
	uint64_t page = below(10);

	while (page < AREA) {
		uint64_t count = below(most) + 1, at = area_address(page);

		count = count < AREA - page ? count : AREA - page;
		HOSTED_REQUIRE(!hosted_map(
			space, &at, memory, page * PAGE_SIZE, count * PAGE_SIZE, PROT_READ | PROT_WRITE));
		for (uint64_t i = page; i < page + count; i++) {
			mapped[i] = true;
			if (!below(8))
				HOSTED_REQUIRE(!aspace_fault(space, area_address(i), PROT_WRITE));
		}
		page += count + (below(3) ? 0 : below(300));
	}
}

static bool is_mapped(struct aspace *space, uint64_t address)
{
	struct memory *memory;
	uint64_t offset;

	if (aspace_find(space, address, &memory, &offset))
		return false;
	object_put(&memory->object);
	return true;
}

/* Each page is mapped if it was; in the range nothing is, once it is unmapped. */
static void check_area(struct aspace *space, const bool *mapped, uint64_t first, uint64_t end, bool done)
{
	for (uint64_t i = 0; i < AREA; i += 1 + below(20)) {
		bool inside = i >= first && i < end;

		if (!inside || done)
			HOSTED_REQUIRE(is_mapped(space, area_address(i)) == (mapped[i] && !inside));
	}
}

/* Between two pieces others map, protect, and clone: not where something has been unmapped already, nor what is kept there. */
static void meddle(struct aspace *space, struct memory *memory, bool *mapped, uint64_t first)
{
	uint64_t at = 0, count = below(4) + 1;

	HOSTED_REQUIRE(protect(space, area_address(first), PAGE_SIZE, 0) == -EFAULT);

	HOSTED_REQUIRE(!hosted_map(space, &at, memory, 0, count * PAGE_SIZE, PROT_READ));
	for (uint64_t i = 0; i < count; i++) {
		uint64_t page = (at - AREA_START) / PAGE_SIZE + i;

		HOSTED_REQUIRE(
			page >= AREA || !mapped[page]); /* it has never been in the range, or is a hole */
		if (page < AREA)
			mapped[page] = true;
	}
}

static void unmap_in_area(struct aspace *space, struct memory *memory, bool *mapped)
{
	uint64_t first = below(AREA), end = first + below(AREA - first) + 1, pieces = 0;
	bool more = true;

	for (; more; pieces++) {
		HOSTED_REQUIRE(pieces < AREA);
		HOSTED_REQUIRE(!aspace_unmap(space, area_address(first), (end - first) * PAGE_SIZE, &more));
		if (more)
			meddle(space, memory, mapped, first);
		check_area(space, mapped, first, end, !more);
	}
	HOSTED_REQUIRE(end - first > 256 || pieces <= 1 + (end - first) / 8);
	for (uint64_t i = first; i < end; i++)
		mapped[i] = false;
}

static void test_pieces(void *result)
{
	for (unsigned round = 0; round < AREA_ROUNDS; round++) {
		static bool mapped[AREA];
		struct process *process = process_create("pieces", 6);
		struct memory *memory = memory_create(MEMORY_SIZE_MOST);

		HOSTED_REQUIRE(process && memory);
		memset(mapped, 0, sizeof(mapped));
		fill_area(&process->aspace, memory, mapped, round % 2 ? 2000 : 40);
		for (unsigned i = 0; i < 4; i++)
			unmap_in_area(&process->aspace, memory, mapped);
		HOSTED_REQUIRE(!aspace_unmap_all(&process->aspace, USER_BASE, USER_TOP - USER_BASE));
		HOSTED_REQUIRE(aspace_is_empty(&process->aspace));
		object_put(&process->object);
		object_put(&memory->object);
		object_reclaim();
	}
	*(bool *)result = true;
}

/* ---- rights changed in pieces, beside an array of who may write */

static size_t count_regions(const struct aspace *space)
{
	size_t count = 0;

	for (const struct tree_node *node = space->regions.first; node; node = node->next)
		count++;
	return count;
}

/* Memory may be out for the page: then it would be. */
static bool is_writable(struct aspace *space, uint64_t page)
{
	return aspace_fault(space, area_address(page), PROT_WRITE) != -EFAULT;
}

static void check_rights(struct aspace *space, const bool *mapped, const bool *writable)
{
	HOSTED_REQUIRE(aspace_audit(space, NULL));
	for (uint64_t i = 0; i < AREA; i += 1 + below(200))
		HOSTED_REQUIRE(is_writable(space, i) == (mapped[i] && writable[i]));
}

/* Between two pieces: others change a page, in the range or not, and pages that are there again have either right. */
static void change_meanwhile(
	struct aspace *space, const bool *mapped, bool *writable, uint64_t first, uint64_t end)
{
	uint64_t page = below(AREA);

	HOSTED_REQUIRE(aspace_audit(space, NULL));
	for (unsigned i = 0; i < 3; i++)
		(void)is_writable(space, first + below(end - first));
	if (page >= first && page < end)
		return;
	HOSTED_REQUIRE(
		protect(space, area_address(page), PAGE_SIZE, PROT_READ) == (mapped[page] ? 0 : -EFAULT));
	writable[page] = false;
}

static void protect_in_area(struct aspace *space, const bool *mapped, bool *writable)
{
	uint64_t first = below(AREA), end = first + below(AREA - first) + 1, pieces = 0;
	enum prot prot = below(2) ? PROT_READ : PROT_READ | PROT_WRITE;
	struct aspace_steps steps = {0};
	bool is_whole = true, more = true;
	size_t regions = 0;

	for (uint64_t i = first; i < end; i++)
		is_whole &= mapped[i];
	while (more) {
		size_t before = count_regions(space);
		int error = aspace_protect(
			space, area_address(first), (end - first) * PAGE_SIZE, prot, &steps, &more);

		regions += count_regions(space) - before;
		HOSTED_REQUIRE(error == (is_whole || more ? 0 : -EFAULT));
		HOSTED_REQUIRE(pieces++ < AREA);
		if (more)
			change_meanwhile(space, mapped, writable, first, end);
	}
	HOSTED_REQUIRE(is_whole ? regions <= 2 : !regions);
	HOSTED_REQUIRE(!is_whole || end - first <= 512 || pieces > 2);
	for (uint64_t i = first; is_whole && i < end; i++)
		writable[i] = prot & PROT_WRITE;
	check_rights(space, mapped, writable);
}

static void test_rights(void *result)
{
	for (unsigned round = 0; round < AREA_ROUNDS; round++) {
		static bool mapped[AREA], writable[AREA];
		struct process *process = process_create("rights", 6);
		struct memory *memory = memory_create(MEMORY_SIZE_MOST);

		HOSTED_REQUIRE(process && memory);
		memset(mapped, 0, sizeof(mapped));
		memset(writable, true, sizeof(writable));
		fill_area(&process->aspace, memory, mapped, round % 2 ? 2000 : 300);
		for (unsigned i = 0; i < 4; i++)
			protect_in_area(&process->aspace, mapped, writable);
		object_put(&process->object);
		object_put(&memory->object);
		while (this_hart()->has_work)
			object_reclaim();
	}
	*(bool *)result = true;
}

/* Addresses that the kernel chooses are free, and it says when there are none. */
static void test_room(void *result)
{
	struct process *process = process_create("room", 4);
	struct memory *memory = memory_create(MEMORY_SIZE_MOST);
	uint64_t end = 0, at;
	int error;

	for (unsigned i = 0; i < 40; i++) {
		uint64_t size = (below(20) + 1) * PAGE_SIZE;

		at = 0;
		HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, size, PROT_READ));
		HOSTED_REQUIRE(at >= end);
		end = at + size;
	}
	at = 0;
	error = hosted_map(&process->aspace, &at, memory, 0, USER_TOP - end + PAGE_SIZE, PROT_READ);
	HOSTED_REQUIRE(error == -ENOMEM);
	HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, USER_TOP - end, PROT_READ));
	at = 0;
	error = hosted_map(&process->aspace, &at, memory, 0, PAGE_SIZE, PROT_READ);
	HOSTED_REQUIRE(error == -ENOMEM);
	object_put(&memory->object);
	object_put(&process->object);
	*(bool *)result = true;
}

/* ---- room among mappings that come and go, beside an array of what is taken */

#define ROOM_WINDOW 0x2000000000ul /* where the kernel looks first */

enum { ROOM_PAGES = 96, ROOM_LOW = 8 /* of them in front of that */ };

static uint64_t room_address(uint64_t page)
{
	return ROOM_WINDOW + (page - ROOM_LOW) * PAGE_SIZE;
}

static bool any_taken(const bool *taken, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		if (taken[i])
			return true;
	return false;
}

/* The holes that the kernel knows of are those between what is taken, each with its size. */
static void check_room(const struct aspace *space, const bool *taken)
{
	uint64_t free = 0, holes = 0, known = 0;

	for (uint64_t i = ROOM_LOW; i < ROOM_PAGES; i++) {
		free = taken[i] ? 0 : free + PAGE_SIZE;
		holes += free && i + 1 < ROOM_PAGES && taken[i + 1] ? free : 0;
	}
	for (const struct tree_node *node = space->holes.first; node; node = node->next) {
		const struct region *above = container_of(node, const struct region, hole);
		uint64_t end = (above->start - ROOM_WINDOW) / PAGE_SIZE + ROOM_LOW,
			 size = node->key / PAGE_SIZE;

		HOSTED_REQUIRE(size && end < ROOM_PAGES && taken[end] && !any_taken(taken, end - size, size));
		HOSTED_REQUIRE(end - size == ROOM_LOW || taken[end - size - 1]);
		known += node->key;
	}
	HOSTED_REQUIRE(known == holes);
}

/* The smallest range of free pages between others that has room for so many; 0: none has. */
static uint64_t best_hole(const bool *taken, uint64_t count)
{
	uint64_t free = 0, best = 0;

	for (uint64_t i = ROOM_LOW; i < ROOM_PAGES; i++) {
		if (taken[i] && free >= count && (!best || free < best))
			best = free;
		free = taken[i] ? 0 : free + 1;
	}
	return best;
}

/* The size of the range of free pages that a page is in. */
static uint64_t hole_around(const bool *taken, uint64_t page)
{
	uint64_t first = page, end = page;

	while (first > ROOM_LOW && !taken[first - 1])
		first--;
	while (end < ROOM_PAGES && !taken[end])
		end++;
	return end - first;
}

static void room_step(struct aspace *space, struct memory *memory, bool *taken)
{
	uint64_t first = below(ROOM_PAGES - 8), count = below(8) + 1, at = below(2) ? room_address(first) : 0;
	bool is_fixed = at, is_taken = any_taken(taken, first, count);

	switch (below(4)) {
	case 0:
		HOSTED_REQUIRE(!aspace_unmap_all(space, room_address(first), count * PAGE_SIZE));
		memset(taken + first, false, count);
		break;
	case 1: /* cuts mappings, if all is mapped */
		(void)!protect(space, room_address(first), PAGE_SIZE, PROT_READ);
		break;
	default:
		HOSTED_REQUIRE(hosted_map(space, &at, memory, 0, count * PAGE_SIZE, PROT_READ) ==
			       (is_fixed && is_taken ? -EEXIST : 0));
		if (is_fixed && is_taken)
			break;
		HOSTED_REQUIRE(at >= ROOM_WINDOW || is_fixed);
		first = (at - ROOM_WINDOW) / PAGE_SIZE + ROOM_LOW;
		HOSTED_REQUIRE(is_fixed || !best_hole(taken, count) ||
			       hole_around(taken, first) == best_hole(taken, count));
		if (first + count > ROOM_PAGES) { /* beyond what the array has */
			HOSTED_REQUIRE(!aspace_unmap_all(space, at, count * PAGE_SIZE));
			break;
		}
		HOSTED_REQUIRE(!any_taken(taken, first, count));
		memset(taken + first, true, count);
	}
}

static void test_room_again(void *result)
{
	static bool taken[ROOM_PAGES];
	struct process *process = process_create("room", 4);
	struct memory *memory = memory_create(8 * PAGE_SIZE);

	for (unsigned step = 0; step < STEPS; step++) {
		room_step(&process->aspace, memory, taken);
		check_room(&process->aspace, taken);
	}
	object_put(&memory->object);
	object_put(&process->object);
	*(bool *)result = true;
}

/* ---- memory objects: bytes against an array; views of them */

static void test_memory(void *result)
{
	static uint8_t bytes[CONTENT], got[CONTENT], shown[CONTENT];
	struct memory *memory = memory_create(CONTENT);

	HOSTED_REQUIRE(memory);
	for (unsigned step = 0; step < 3000; step++) {
		uint64_t offset = below(CONTENT), size = below(CONTENT - offset + 1);
		paddr_t frame;

		HOSTED_REQUIRE(memory_extent(memory, offset, size) == size);
		HOSTED_REQUIRE(memory_extent(memory, offset, UINT64_MAX) == CONTENT - offset);
		if (below(2)) {
			HOSTED_REQUIRE(!memory_frame(memory, offset >> PAGE_SHIFT, &frame));
			bytes[offset] = (uint8_t)step;
			((uint8_t *)direct(frame))[offset & (PAGE_SIZE - 1)] = (uint8_t)step;
			continue;
		}
		HOSTED_REQUIRE(!memory_get(memory, offset, got, size));
		HOSTED_REQUIRE(!memcmp(got, bytes + offset, size));
		if (step % 16)
			continue;

		uint64_t lead = below(PAGE_SIZE), start = below(CONTENT), length = below(CONTENT - start + 1);
		uint64_t whole = (lead + length + PAGE_SIZE) & ~(uint64_t)(PAGE_SIZE - 1);
		struct memory *view = memory_create_view(&kernel_account, memory, start, length, lead, whole);

		whole = whole < CONTENT ? whole : CONTENT;
		memset(shown, 0, sizeof(shown));
		memcpy(shown + lead, bytes + start, length < CONTENT - lead ? length : CONTENT - lead);
		HOSTED_REQUIRE(view && !memory_get(view, 0, got, whole));
		HOSTED_REQUIRE(!memcmp(got, shown, whole));
		object_put(&view->object);
		object_reclaim();
	}
	object_put(&memory->object);
	*(bool *)result = true;
}

/* Everything that runs out of memory says so and leaves things as they were. */
static void test_exhaustion(void *result)
{
	size_t before = frame_free_count(), count = 0;
	paddr_t *held = calloc(before, sizeof(*held));
	struct process *process = process_create("poor", 4);
	struct memory *memory = memory_create(1ul << 32);
	uint64_t at = SPACE_START;
	paddr_t frame;

	HOSTED_REQUIRE(held && process && memory);
	HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, 1ul << 30, PROT_READ));
	while (!frame_alloc(&held[count]))
		count++;
	HOSTED_REQUIRE(!frame_free_count());
	HOSTED_REQUIRE(memory_frame(memory, 1 << 19, &frame) == -ENOMEM);
	HOSTED_REQUIRE(aspace_fault(&process->aspace, SPACE_START, PROT_READ) == -ENOMEM);
	HOSTED_REQUIRE(handle_add(process, &memory->object, 0).value == -ENOMEM);
	/* One frame at a time: the depth of the trees shows. */
	for (unsigned i = 0; i < 16 && aspace_fault(&process->aspace, SPACE_START, PROT_READ); i++)
		frame_free(held[--count]);
	HOSTED_REQUIRE(!aspace_fault(&process->aspace, SPACE_START, PROT_READ));
	while (count)
		frame_free(held[--count]);
	object_put(&memory->object);
	object_put(&process->object);
	free(held);
	*(bool *)result = true;
}

/* A large object goes in passes; a thread that is more important than who gave it up does not wait even for the first of them. */
static void test_postponed(void *result)
{
	struct process *process = process_create("urgent", 6);
	struct thread *thread =
		thread_create(native_table, &(struct frame_start){HOSTED_ENTRY(1), USER_TOP, 0, 0, 0});
	struct memory *memory = memory_create(1ul << 30);
	size_t before = frame_free_count(), left;
	paddr_t frame;

	HOSTED_REQUIRE(process && thread && memory);
	for (unsigned i = 0; i < 3 * WORK_PASS / WORK_FRAME; i++)
		HOSTED_REQUIRE(!memory_frame(memory, i * 7, &frame));
	left = frame_free_count();
	object_put(&memory->object);
	thread->runner.priority = RUNNER_PRIORITY + 1;
	HOSTED_REQUIRE(!thread_start(thread, process));
	object_reclaim();
	HOSTED_REQUIRE(this_hart()->postponed && frame_free_count() == left && left < before);
	object_put(&thread->object);
	object_put(&process->object);
	*(bool *)result = true;
}

static void run(const char *name, void (*test)(void *))
{
	size_t before, after;
	bool passed = false;

	before = hosted_free_frames();
	hosted_do(0, test, &passed);
	after = hosted_free_frames();
	hosted_check();
	ktap_ok(passed && before == after, "%s", name);
	if (before != after)
		ktap_diagnose("%zu frames were free before, %zu after", before, after);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, leave, NULL};

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(13);
	hosted_boot(&(struct hosted_machine){1, 4 << 20, "log=error", programs});
	run("an account has what is charged to it, and a limit bounds all below", test_accounts);
	run("a frame belongs to one, and comes back", test_frames);
	run("a piece of a pool is zero, belongs to one, and leaves no trace", test_pool);
	run("a handle names its object with its rights until it is closed, and nothing afterwards",
		test_handles);
	run("a full handle table says so", test_full_table);
	run("regions show the pages that a map of pages says", test_space);
	run("a range that is unmapped in pieces is nobody else's until it is whole", test_pieces);
	run("rights that are changed in pieces are those of a map of pages, and leave no cuts", test_rights);
	run("the kernel finds room that is free", test_room);
	run("and again where something has gone", test_room_again);
	run("memory objects and views of them have the bytes of an array", test_memory);
	run("what is more important goes on before the rest of a large object goes", test_postponed);
	run("whoever runs out of memory hears of it", test_exhaustion);
	return ktap_end();
}
