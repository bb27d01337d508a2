/*
 * How long interrupts stay off, in instructions: debug builds measure every stretch from where a trap comes in to where it
 * goes out, or to where pending interrupts are taken on the way, and tell report.c. What they wait for meanwhile is
 * neither interrupt nor fence of another hart, so the figures are meant for one hart. They are instructions under
 * `-icount shift=0` only: else QEMU's instret counts something of the host's. The firmware's console is told apart,
 * since each character takes some hundred instructions there, and a line comes only when something is wrong.
 */
#include "csr.h"
#include "hart.h"
#include "report.h"
#include "riscv.h"

#if DEBUG_CHECKS
uint64_t riscv_instructions(void)
{
	return csr_read(instret);
}

void riscv_stretch_begin(void)
{
	struct hart *hart = this_hart();

	hart->stretch.firmware = 0;
	hart->stretch.since = riscv_instructions();
}

static enum report_kind kind_of(uint64_t cause)
{
	switch (cause) {
	case CAUSE_USER_ECALL:
		return REPORT_CALL;
	case CAUSE_SUPERVISOR_TIMER:
		return REPORT_TIMER;
	case CAUSE_SUPERVISOR_SOFTWARE:
		return REPORT_MAIL;
	case CAUSE_SUPERVISOR_EXTERNAL:
		return REPORT_INTERRUPT;
	default:
		return REPORT_EXCEPTION;
	}
}

void riscv_stretch_end(void)
{
	struct hart *hart = this_hart();

	if (hart->stretch.since)
		report_stretch(kind_of(hart->stretch.cause), hart->stretch.number,
			riscv_instructions() - hart->stretch.since - hart->stretch.firmware);
	hart->stretch.since = hart->stretch.firmware = 0;
}
#endif
