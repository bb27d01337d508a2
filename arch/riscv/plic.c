/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0.0). All that is known of it is from the device
 * tree: where it is, how many sources it has, and which of its contexts is supervisor mode of which hart. A source is
 * masked by priority 0, one store that needs no lock; where it goes, its enable bits, changes only with its taker.
 */
#include <stddef.h>

#include "csr.h"
#include "doors.h"
#include "fdt.h"
#include "hart.h"
#include "lib/string.h"
#include "lock.h"
#include "riscv.h"

enum {
	PRIORITY = 0x0, /* a word a source */
	ENABLE = 0x2000, /* a bit a source */
	ENABLE_SIZE = 0x80, /* a context */
	CONTEXT = 0x200000,
	CONTEXT_SIZE = 0x1000,
	CONTEXT_THRESHOLD = 0,
	CONTEXT_CLAIM = 4,

	SOURCES_MOST = 1023,
	SUPERVISOR_EXTERNAL = 9, /* how a hart's interrupt controller numbers it */
	EXTENDED_SIZE = 8, /* of an entry of interrupts-extended: a phandle and a number */
};

/* What each hart's own interrupt controller is called in the tree, and its context of the PLIC. */
static struct {
	uint32_t phandle;
	unsigned hardware;
	uint32_t context;
	bool has_context;
} links[CONFIG_HARTS];
static unsigned link_count;

static struct {
	uint64_t physical, size;
	uint32_t sources, phandle;
	volatile uint8_t *registers;
} plic;

/* Of each hart, by index: its part of the registers; NULL: none. Written by the hart itself, once. */
static volatile uint8_t *context_of_hart[CONFIG_HARTS], *enable_of_hart[CONFIG_HARTS];

static struct spinlock enable_lock;

static volatile uint32_t *word(volatile uint8_t *base, uint64_t offset)
{
	return (volatile uint32_t *)(base + offset);
}

/* ---- the device tree */

static bool is_known_hart(uint64_t number)
{
	const struct machine *machine = arch_machine();

	for (unsigned i = 0; i < machine->harts; i++)
		if (machine->hart[i] == number)
			return true;
	return false;
}

/* The interrupt controllers of the harts, which stand below them. */
static void find_links(struct fdt *fdt)
{
	struct fdt_node node;
	uint64_t hardware = 0, size, phandle;

	for (fdt_walk(fdt, &node); fdt_next(&node);) {
		if (node.depth == 2 && fdt_has_string(&node, "device_type", "cpu"))
			hardware = fdt_reg(&node, 0, &hardware, &size) ? hardware : UINT64_MAX;
		else if (node.depth == 3 && fdt_has_string(&node, "compatible", "riscv,cpu-intc") &&
			 is_known_hart(hardware) && fdt_number(&node, "phandle", &phandle) &&
			 link_count < CONFIG_HARTS)
			links[link_count++].phandle = (uint32_t)phandle,
			links[link_count - 1].hardware = (unsigned)hardware;
	}
}

static uint32_t cell(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void set_context(uint32_t phandle, uint32_t context)
{
	for (unsigned i = 0; i < link_count; i++)
		if (links[i].phandle == phandle) {
			links[i].context = context;
			links[i].has_context = true;
		}
}

/* The n-th entry says where context n goes. */
static void read_contexts(const struct fdt_node *node)
{
	uint32_t size;
	const uint8_t *entry = fdt_property(node, "interrupts-extended", &size);

	if (!entry)
		return;
	for (uint32_t n = 0; n < size / EXTENDED_SIZE; n++, entry += EXTENDED_SIZE)
		if (cell(entry + 4) == SUPERVISOR_EXTERNAL &&
			CONTEXT + (uint64_t)(n + 1) * CONTEXT_SIZE <= plic.size)
			set_context(cell(entry), n);
}

static void read_plic(const struct fdt_node *node)
{
	uint64_t sources, phandle, address, size;

	if (!fdt_reg(node, 0, &address, &size) || !fdt_number(node, "riscv,ndev", &sources) ||
		!fdt_number(node, "phandle", &phandle) || size < CONTEXT)
		return;
	plic.physical = address;
	plic.size = size;
	plic.sources = sources < SOURCES_MOST ? (uint32_t)sources : SOURCES_MOST;
	plic.phandle = (uint32_t)phandle;
	read_contexts(node);
}

void riscv_plic_find(struct fdt *fdt)
{
	struct fdt_node node;

	find_links(fdt);
	for (fdt_walk(fdt, &node); !plic.size && fdt_next(&node);)
		if (fdt_has_string(&node, "compatible", "sifive,plic-1.0.0") ||
			fdt_has_string(&node, "compatible", "riscv,plic0"))
			read_plic(&node);
}

uint32_t riscv_plic_phandle(void)
{
	return plic.phandle;
}

/* ---- the registers */

void riscv_plic_init(void)
{
	if (!plic.size)
		return;
	plic.registers = riscv_map_device(plic.physical, plic.size);
}

/* On each hart; the first silences what the firmware may have left. */
void riscv_plic_hart_init(void)
{
	const struct hart *hart = this_hart();

	if (!plic.registers)
		return;
	for (uint32_t i = 1; hart->index == 0 && i <= plic.sources; i++)
		*word(plic.registers, PRIORITY + i * 4) = 0;
	for (unsigned i = 0; i < link_count; i++) {
		if (links[i].hardware != hart->hardware || !links[i].has_context)
			continue;

		volatile uint8_t *enable = plic.registers + ENABLE + links[i].context * ENABLE_SIZE;
		volatile uint8_t *context = plic.registers + CONTEXT + links[i].context * CONTEXT_SIZE;

		for (uint32_t source = 0; source <= plic.sources; source += 32)
			*word(enable, source / 8) = 0;
		*word(context, CONTEXT_THRESHOLD) = 0;
		enable_of_hart[hart->index] = enable;
		context_of_hart[hart->index] = context;
		csr_set(sie, SIE_SEIE);
	}
}

/* This hart's bits, or those of the first hart that has some; NULL when none has. */
static volatile uint8_t *enable_near(void)
{
	volatile uint8_t *enable = enable_of_hart[this_hart()->index];

	for (unsigned i = 0; !enable && i < hart_count(); i++)
		enable = enable_of_hart[i];
	return enable;
}

unsigned arch_interrupt_count(void)
{
	return enable_near() ? plic.sources + 1 : 0;
}

void arch_interrupt_unmask(unsigned number)
{
	*word(plic.registers, PRIORITY + number * 4) = 1;
}

void arch_interrupt_enable(unsigned number)
{
	volatile uint8_t *enable = enable_near();

	lock_acquire(&enable_lock);
	*word(enable, number / 32 * 4) |= 1u << number % 32;
	lock_release(&enable_lock);
	arch_interrupt_unmask(number);
}

void arch_interrupt_disable(unsigned number)
{
	*word(plic.registers, PRIORITY + number * 4) = 0;
	lock_acquire(&enable_lock);
	for (unsigned i = 0; i < hart_count(); i++)
		if (enable_of_hart[i])
			*word(enable_of_hart[i], number / 32 * 4) &= ~(1u << number % 32);
	lock_release(&enable_lock);
}

/* Each is masked before it is completed, so the loop ends. */
void riscv_external_interrupt(void)
{
	volatile uint32_t *claim = word(context_of_hart[this_hart()->index], CONTEXT_CLAIM);

	for (uint32_t number; (number = *claim);) {
		*word(plic.registers, PRIORITY + number * 4) = 0;
		*claim = number;
		door_irq(number);
	}
}
