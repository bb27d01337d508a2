/* Time and the one timer of a hart: stimecmp where the device tree names Sstc, the firmware's timer otherwise. */
#include "csr.h"
#include "doors.h"
#include "riscv.h"

#define NS_PER_SECOND 1000000000ul

uint64_t arch_ticks_to_ns(uint64_t ticks)
{
	uint64_t hertz = riscv_facts.timebase;

	return ticks / hertz * NS_PER_SECOND + ticks % hertz * NS_PER_SECOND / hertz;
}

uint64_t arch_time_now(void)
{
	if (!riscv_facts.timebase) /* before the device tree has been read */
		return 0;
	return arch_ticks_to_ns(csr_read(time));
}

/* The first tick at or after a time; the largest for times that don't fit. */
static uint64_t to_ticks(uint64_t ns)
{
	uint64_t hertz = riscv_facts.timebase, seconds = ns / NS_PER_SECOND;

	if (seconds >= UINT64_MAX / hertz - 1)
		return UINT64_MAX;
	return seconds * hertz + (ns % NS_PER_SECOND * hertz + NS_PER_SECOND - 1) / NS_PER_SECOND;
}

void arch_timer_set(uint64_t deadline_ns)
{
	uint64_t ticks = to_ticks(deadline_ns);

	if (riscv_facts.sstc)
		__asm__ volatile("csrw %0, %1" ::"i"(CSR_STIMECMP), "r"(ticks) : "memory");
	else
		sbi_set_timer(ticks);
}

void riscv_timer_init(void)
{
	arch_timer_set(UINT64_MAX);
	csr_set(sie, SIE_STIE | SIE_SSIE);
}

void arch_wait(void)
{
	riscv_stretch_end();
	/* With sstatus.SIE clear, wfi goes on when an enabled interrupt is pending, and none is taken. */
	__asm__ volatile("wfi" ::: "memory");
	riscv_stretch_begin();
}

bool arch_interrupt_is_pending(void)
{
	if (csr_read(sip) & csr_read(sie))
		return true;
	riscv_stretch_end();
	riscv_stretch_begin();
	return false;
}

void arch_take_interrupts(void)
{
	uint64_t pending = csr_read(sip);

	riscv_stretch_end();
	riscv_stretch_begin();
	if (pending & SIE_SSIE)
		riscv_software_interrupt();
	if (pending & csr_read(sie) & SIE_SEIE)
		riscv_external_interrupt();
	if (pending & SIE_STIE)
		door_timer();
}
