/*
 * Entering address spaces. Each hart gives out ASIDs of its own, one after the other, so that it shares nothing with others
 * on the way: a space has an entry for each hart, with the ASID that it has there. When a hart has given out all, it
 * forgets all translations and begins again: entries of the generation before are void. A hart whose satp has no bits
 * for an ASID does that each time.
 *
 * A hart that has left a space keeps the translations it has made there, under the ASID that is the space's. So whoever
 * takes a page away voids the entries of the harts that are elsewhere, which will come back with another ASID, and asks
 * those that are in the space for a fence. The same serves for code: with a new ASID comes a fence.i.
 *
 *   hart that takes a page (P) away             hart that enters (E), in arch_aspace_enter
 *   1. changes the page table                   1. says that it has left the former space, and is in this one
 *   2. where the other hart is elsewhere,       2. looks at its entry: valid, or to be made anew
 *      voids its entry                          3. writes satp; translations are made and used
 *   3. looks again where the other hart is      4. leaves: as 1, for another space
 *
 * There is a full fence after each step of P, and before and after E1 and E4, which are one atomic exchange. If P2 and P3
 * both find the hart elsewhere, and E2 has found the entry valid, then E2 came before P2, so E1 before P3, and so E4
 * before P3 too: the hart has left, its accesses are over, and the entry is void. If E1 comes after P3, E2 finds the
 * entry void. If P2 or P3 finds the hart there, it is asked, and does the fence before it is next in user mode; it
 * concerns all ASIDs, so it does not matter where the hart is by then. What is translated after E1, where that comes
 * after P1's fence, is translated with the page table as it is after P1; for E2's entry is what satp is made of, so no
 * translation can be made before E1 has been seen by all.
 *
 * Nothing here belongs to the space when it ends: no hart is in it, and the ASIDs it had come again only after a fence.
 *
 * The emulator forgets everything at each change of satp, so it can't show a fence that is missing at the end of the ASIDs:
 * tests/host/asid_driver.c has harts that don't, and test_asid.py takes out each line that matters.
 */
#include "abi/abi.h"
#include "bootargs.h"
#include "csr.h"
#include "hart.h"
#include "lib/bits.h"
#include "log.h"
#include "panic.h"
#include "riscv.h"

STATIC_ASSERT(offsetof(struct hart, arch) == 0);

enum { ASID_BITS_MOST = 16 };

/* ---- how many there are */

/* What asid-bits on the kernel command line allows: for tests, since the end of 16 bits is rarely seen. */
static unsigned bits_allowed(void)
{
	char text[8];
	unsigned bits = 0;

	if (!bootargs_option(arch_machine()->bootargs, "asid-bits", text, sizeof(text)))
		return ASID_BITS_MOST;
	for (const char *at = text; *at; at++)
		bits = *at >= '0' && *at <= '9' && bits <= ASID_BITS_MOST ? bits * 10 + (unsigned)(*at - '0')
									  : ASID_BITS_MOST + 1;
	if (text[0] && bits <= ASID_BITS_MOST)
		return bits;
	log_error("command line: asid-bits=%s is unknown; use a number from 0 to %d", text, ASID_BITS_MOST);
	return ASID_BITS_MOST;
}

/* Bits that satp does not have stay 0 (4.1.11). Under the ASIDs that this tries, nothing may be left. */
static uint32_t asids_of_satp(void)
{
	uint64_t found;

	csr_write(satp, riscv_kernel_satp() | (uint64_t)SATP_ASID_MASK << SATP_ASID_SHIFT);
	found = csr_read(satp);
	csr_write(satp, riscv_kernel_satp());
	riscv_fence_translations();
	return (uint32_t)(found >> SATP_ASID_SHIFT & SATP_ASID_MASK);
}

void riscv_asid_init(void)
{
	struct arch_hart *hart = &this_hart()->arch;
	uint32_t most = asids_of_satp(), allowed = (1u << bits_allowed()) - 1;

	hart->asid_most = most < allowed ? most : allowed;
	hart->generation = 1;
	hart->entry_offset =
		offsetof(struct arch_aspace, entry) + this_hart()->index * sizeof(struct riscv_entry);
}

/* ---- entering and leaving. ASID 0 is the kernel's own space's, in which nothing of user mode is translated */

/*
 * The fence comes when satp has the new ASID: before that, the hart may still make translations under the old one, which
 * would be found when that is given out again.
 */
RARE void riscv_aspace_enter_anew(struct arch_aspace *space)
{
	struct arch_hart *hart = &this_hart()->arch;
	struct riscv_entry *entry = riscv_entry_here(space);
	bool again = hart->asid == hart->asid_most;

	if (again) {
		hart->generation++;
		hart->asid = 0;
	}
	if (hart->asid_most)
		hart->asid++;
	entry->satp = (uint64_t)SATP_SV39 << 60 | (uint64_t)hart->asid << SATP_ASID_SHIFT |
		      space->root.value >> PAGE_SHIFT;
	__atomic_store_n(&entry->generation, hart->generation, __ATOMIC_RELAXED);
	/* Before the first translation: whoever does not see it has changed the page table before that. */
	__atomic_fetch_or(&space->visitors, 1u << this_hart()->index, __ATOMIC_SEQ_CST);
	csr_write(satp, entry->satp);
	if (again)
		riscv_fence_translations();
	riscv_fence_code();
}

void arch_aspace_leave(void)
{
	riscv_store_ordered(&this_hart()->arch.space, NULL);
	csr_write(satp, riscv_kernel_satp());
}

/* ---- other harts */

static bool is_in(unsigned hart, const struct arch_aspace *space)
{
	return __atomic_load_n(&harts[hart].arch.space, __ATOMIC_RELAXED) == space;
}

uint32_t riscv_harts_in(const struct arch_aspace *space)
{
	uint32_t found = 0;

	for (uint32_t left = riscv_visitors(space); left; left &= left - 1) {
		unsigned i = bits_lowest(left);

		if (is_in(i, space))
			found |= 1u << i;
	}
	return found;
}

bool arch_aspace_is_elsewhere(const struct arch_aspace *space)
{
	for (uint32_t left = riscv_other_visitors(space); left; left &= left - 1) {
		unsigned i = bits_lowest(left);

		if (__atomic_load_n(&space->entry[i].generation, __ATOMIC_RELAXED) || is_in(i, space))
			return true;
	}
	return false;
}

/* The other harts that are to be asked; those that are elsewhere will come back with another ASID. Steps P2 and P3. */
static uint32_t void_entries(struct arch_aspace *space)
{
	uint32_t others = riscv_other_visitors(space), found = 0;

	for (uint32_t left = others; left; left &= left - 1) {
		unsigned i = bits_lowest(left);

		if (is_in(i, space))
			found |= 1u << i;
		else
			__atomic_store_n(&space->entry[i].generation, 0, __ATOMIC_RELAXED);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t left = others & ~found; left; left &= left - 1) {
		unsigned i = bits_lowest(left);

		if (is_in(i, space))
			found |= 1u << i;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE); /* what those that have left did there is over */
	return found;
}

void arch_aspace_forget(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	riscv_fence_others(void_entries(space), &(struct riscv_fence){.start = start, .end = end});
}

void arch_aspace_sync_code(struct arch_aspace *space)
{
	riscv_fence_code();
	riscv_fence_others(void_entries(space), &(struct riscv_fence){.code = true});
}
