/*
 * arch/riscv/asid.c, as it is, on a model of harts whose translations are remembered under ASIDs, which the emulator's are
 * not: it forgets all at each change of satp. At every step of one hart's way through the file others may go theirs, and
 * the hardware may make translations ahead. Nobody may ever reach a page that is gone, a page of another space, or code
 * that has been replaced.
 *
 *	asid_driver SEED STEPS BITS [ALLOWED]
 *
 * BITS is how many satp has for an ASID, ALLOWED what asid-bits on the kernel command line says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The thread pointer is a variable. */
#define register static
#define __asm__(name)

/* In the place of instructions. Whoever includes these names gets the model's. */
#include "csr.h"
#undef csr_read
#undef csr_write
#undef riscv_fence_translations
#undef riscv_fence_translation
#undef riscv_fence_code
#undef riscv_store_ordered
#undef riscv_call_apart
#define csr_read(name)                model_read_##name()
#define csr_write(name, value)        model_write_##name(value)
#define riscv_fence_translations()    model_fence_translations()
#define riscv_fence_translation(page) model_fence_translation(page)
#define riscv_fence_code()            model_fence_code()
#define riscv_store_ordered(place, pointer) \
	do { \
		model_step(); \
		*(place) = (pointer); \
	} while (0)
#define riscv_call_apart(routine, space)       riscv_aspace_enter_anew(space)
#define __atomic_load_n(place, order)          (model_step(), *(place))
#define __atomic_store_n(place, value, order)  (model_step(), (void)(*(place) = (value)))
#define __atomic_fetch_or(place, value, order) (model_step(), (void)(*(place) |= (value)))

static void model_step(void);
static unsigned long model_read_satp(void);
static unsigned long model_read_sstatus(void);
static void model_write_satp(unsigned long value);
static void model_fence_translations(void);
static void model_fence_translation(unsigned long address);
static void model_fence_code(void);

#include "../../arch/riscv/asid.c"

enum { HARTS = 3, SPACES = 5, PAGES = 3, TRANSLATIONS = 64, PENDING = 16, DEEPEST = 2, FRAMES = 1 << 20 };

#define KERNEL_ROOT 1ul

static struct {
	bool busy; /* on its way through the file */
	unsigned long satp;
	struct translation {
		unsigned asid, page, frame; /* frame 0: not in use */
	} translations[TRANSLATIONS];
	unsigned fetched[PAGES]; /* frame whose code is in the cache, by page */
	unsigned version[PAGES]; /* of that */
} hardware[HARTS];

/* The space with this index, and the page table that satp names it by. */
static struct {
	struct arch_aspace arch;
	unsigned root;
	unsigned busy; /* how many are changing it */
	unsigned frame[PAGES]; /* 0: none */
} spaces[SPACES];

static struct {
	unsigned root; /* of the space it is in */
	bool gone;
	unsigned version, wanted; /* of its code: as stored, and what has to be fetched at least */
} frames[FRAMES];

/* What others have been asked, and not done yet. */
static struct pending {
	unsigned due; /* bits of harts; 0: not in use */
	unsigned page, frame, version;
	bool code;
} pendings[PENDING];

static struct pending wishes[HARTS]; /* what the caller of riscv_fence_others wants, by hart */
static unsigned frame_last, root_last = KERNEL_ROOT, depth, bits;
static const char *allowed;
static unsigned long random_state, renewed, asked, entered;

struct hart harts[CONFIG_HARTS];

static unsigned below(unsigned limit)
{
	unsigned long z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned)((z ^ z >> 31) % limit);
}

static unsigned self(void)
{
	return riscv_hart->index;
}

#define REQUIRE(condition, ...) \
	do { \
		if (!(condition)) { \
			printf(__VA_ARGS__); \
			printf(", on hart %u (%s)\n", self(), #condition); \
			exit(1); \
		} \
	} while (0)

/* ---- what the file calls */

bool bootargs_option(const char *bootargs, const char *name, char *value, size_t size)
{
	(void)bootargs, (void)name;
	snprintf(value, size, "%s", allowed ? allowed : "");
	return allowed;
}

const struct machine *arch_machine(void)
{
	static const struct machine machine = {.bootargs = ""};

	return &machine;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	printf("log: %s\n", format);
}

uint64_t riscv_kernel_satp(void)
{
	return (uint64_t)SATP_SV39 << 60 | KERNEL_ROOT;
}

static void finish(const struct pending *done)
{
	if (done->code)
		frames[done->frame].wanted = done->version;
	else
		frames[done->frame].gone = true;
}

void riscv_fence_others(uint32_t others, const struct riscv_fence *fence)
{
	struct pending *wish = &wishes[self()];

	REQUIRE(fence->code == wish->code && fence->start == wish->page, "another fence is asked for");
	wish->due = others;
	for (unsigned i = 0; others && i < PENDING; i++)
		if (!pendings[i].due) {
			asked++;
			pendings[i] = *wish;
			return;
		}
	REQUIRE(!others, "there is no room for another wish");
	finish(wish);
}

/* ---- the hardware */

static unsigned satp_asid(void)
{
	return hardware[self()].satp >> SATP_ASID_SHIFT & SATP_ASID_MASK;
}

static unsigned satp_root(void)
{
	return (unsigned)(hardware[self()].satp & ((1ul << SATP_ASID_SHIFT) - 1));
}

static unsigned long model_read_satp(void)
{
	return hardware[self()].satp;
}

static void model_write_satp(unsigned long value)
{
	unsigned long lost = (unsigned long)(SATP_ASID_MASK & ~((1u << bits) - 1)) << SATP_ASID_SHIFT;

	model_step();
	hardware[self()].satp = value & ~lost;
	model_step();
}

/* For arch_switch, which nobody calls here. */
static unsigned long model_read_sstatus(void)
{
	return 0;
}

static void forget(unsigned page)
{
	for (unsigned i = 0; i < TRANSLATIONS; i++)
		if (page == PAGES || hardware[self()].translations[i].page == page)
			hardware[self()].translations[i].frame = 0;
}

static void model_fence_translations(void)
{
	model_step();
	renewed++;
	forget(PAGES);
	model_step();
}

static void model_fence_translation(unsigned long page)
{
	forget((unsigned)page);
}

static void model_fence_code(void)
{
	model_step();
	memset(hardware[self()].fetched, 0, sizeof(hardware[self()].fetched));
}

static unsigned walk(unsigned page)
{
	for (unsigned i = 0; i < SPACES; i++)
		if (spaces[i].root == satp_root())
			return spaces[i].frame[page];
	REQUIRE(satp_root() == KERNEL_ROOT, "satp has page table %u, which is gone", satp_root());
	return 0;
}

/* The frame of a page, as the hart sees it: remembered, or of the page table; 0: none. */
static unsigned translate(unsigned page)
{
	struct translation *room = &hardware[self()].translations[below(TRANSLATIONS)];

	for (unsigned i = 0; i < TRANSLATIONS; i++) {
		const struct translation *known = &hardware[self()].translations[i];

		if (known->frame && known->page == page && known->asid == satp_asid())
			return known->frame;
	}
	*room = (struct translation){satp_asid(), page, walk(page)};
	return room->frame;
}

/* ---- what harts do */

static unsigned in_space(void)
{
	struct arch_aspace *space = riscv_hart->arch.space;

	for (unsigned i = 0; i < SPACES; i++)
		if (space == &spaces[i].arch)
			return i;
	return SPACES;
}

/* A load and a fetch by user mode: the page has to be right. */
static void touch(unsigned page)
{
	unsigned space = in_space(), frame;

	if (space == SPACES)
		return;
	REQUIRE(satp_root() == spaces[space].root, "satp has another page table than space %u", space);
	frame = translate(page);
	if (!frame) {
		if (!spaces[space].frame[page]) {
			spaces[space].frame[page] = ++frame_last;
			REQUIRE(frame_last < FRAMES, "give fewer steps");
			frames[frame_last].root = spaces[space].root;
		}
		model_fence_translation(page);
		return;
	}
	REQUIRE(!frames[frame].gone, "page %u of space %u is still frame %u, which is gone", page, space,
		frame);
	REQUIRE(frames[frame].root == spaces[space].root, "page %u of space %u is frame %u of another space",
		page, space, frame);
	if (hardware[self()].fetched[page] != frame) {
		hardware[self()].fetched[page] = frame;
		hardware[self()].version[page] = frames[frame].version;
	}
	REQUIRE(hardware[self()].version[page] >= frames[frame].wanted,
		"code of version %u where %u was published", hardware[self()].version[page],
		frames[frame].wanted);
}

static void answer(void)
{
	for (unsigned i = 0; i < PENDING; i++) {
		struct pending *pending = &pendings[i];

		if (!(pending->due & 1u << self()))
			continue;
		if (pending->code)
			memset(hardware[self()].fetched, 0, sizeof(hardware[self()].fetched));
		else
			forget(pending->page);
		pending->due &= ~(1u << self());
		if (!pending->due)
			finish(pending);
	}
}

static void go(unsigned space)
{
	entered++;
	if (space == SPACES)
		arch_aspace_leave();
	else if (riscv_hart->arch.space != &spaces[space].arch)
		arch_aspace_enter(&spaces[space].arch);
}

static bool has_room(void)
{
	unsigned used = 0;

	for (unsigned i = 0; i < PENDING; i++)
		used += pendings[i].due != 0;
	return used + 2 * HARTS < PENDING;
}

static void take_away(unsigned space, unsigned page)
{
	struct pending *wish = &wishes[self()];

	*wish = (struct pending){.page = page, .frame = spaces[space].frame[page]};
	if (!wish->frame || !has_room())
		return;
	spaces[space].frame[page] = 0;
	model_fence_translation(page);
	if (arch_aspace_is_elsewhere(&spaces[space].arch))
		arch_aspace_forget(&spaces[space].arch, page, page + 1);
	else
		finish(wish);
}

static void publish(unsigned space, unsigned page)
{
	struct pending *wish = &wishes[self()];

	*wish = (struct pending){.frame = spaces[space].frame[page], .code = true};
	if (!wish->frame || !has_room())
		return;
	wish->version = ++frames[wish->frame].version;
	arch_aspace_sync_code(&spaces[space].arch);
}

static void renew(unsigned space)
{
	if (spaces[space].busy > 1 || riscv_harts_in(&spaces[space].arch))
		return;
	for (unsigned i = 0; i < HARTS; i++)
		if ((hardware[i].satp & 0xffffffff) == spaces[space].root)
			return; /* it is leaving, and has not told anybody else yet */
	for (unsigned page = 0; page < PAGES; page++) {
		frames[spaces[space].frame[page]].gone = true;
		spaces[space].frame[page] = 0;
	}
	memset(&spaces[space].arch, 0, sizeof(spaces[space].arch));
	spaces[space].root = ++root_last;
	spaces[space].arch.root.value = (uint64_t)spaces[space].root << PAGE_SHIFT;
}

static void act(void)
{
	unsigned what = below(100), space = below(SPACES), page = below(PAGES);

	answer();
	if (what < 40) {
		touch(page);
		return;
	}
	spaces[space].busy++;
	if (what < 70)
		go(space);
	else if (what < 74)
		go(SPACES);
	else if (what < 86)
		take_away(space, page);
	else if (what < 95)
		publish(space, page);
	else
		renew(space);
	spaces[space].busy--;
}

/* Something that another hart does, as a whole but for what is done meanwhile; or this one looks ahead. */
static void model_step(void)
{
	struct hart *interrupted = riscv_hart;
	struct hart *other = &harts[below(HARTS)];

	if (!below(3))
		translate(below(PAGES));
	if (depth == DEEPEST || hardware[other->index].busy || below(3))
		return;
	depth++;
	riscv_hart = other;
	hardware[other->index].busy = true;
	act();
	hardware[other->index].busy = false;
	riscv_hart = interrupted;
	depth--;
}

static void start(unsigned index)
{
	riscv_hart = &harts[index];
	riscv_hart->index = index;
	hardware[index].satp = riscv_kernel_satp();
	riscv_asid_init();
}

int main(int argc, char **argv)
{
	unsigned long steps;

	if (argc < 4)
		return 2;
	random_state = strtoul(argv[1], NULL, 0);
	steps = strtoul(argv[2], NULL, 0);
	bits = (unsigned)atoi(argv[3]);
	allowed = argv[4];
	depth = DEEPEST;
	for (unsigned i = 0; i < HARTS; i++)
		start(i);
	depth = 0;
	for (unsigned i = 0; i < SPACES; i++)
		renew(i);
	for (unsigned long i = 0; i < steps; i++) {
		riscv_hart = &harts[below(HARTS)];
		hardware[self()].busy = true;
		act();
		hardware[self()].busy = false;
	}
	printf("%u asids, %lu entries, %lu fences, %lu wishes\n", harts[0].arch.asid_most, entered, renewed,
		asked);
	return 0;
}
