/*
 * Floating-point state moves lazily: a thread starts with the unit off; its first use traps, and only then its
 * registers are loaded. On a switch a dirty state is saved at once, so a frame is complete whenever its thread does
 * not run, but the registers are left in place: if the thread comes back to the same hart before anyone else has
 * used the unit, nothing has to be loaded. A thread that has changed nothing since it came here starts again without
 * the unit: so one that has used it once does not pay for that with each switch.
 */
#include "csr.h"
#include "hart.h"
#include "lib/string.h"
#include "panic.h"
#include "riscv.h"

/* Whose values the unit of each hart holds. Never followed, only compared: the frame may be gone. */
static const struct trapframe *loaded[CONFIG_HARTS];

static void set_unit(uint64_t state)
{
	csr_clear(sstatus, SSTATUS_FS);
	csr_set(sstatus, state);
	this_hart()->float_on = state;
}

bool riscv_fpu_enable(void)
{
	struct hart *hart = this_hart();
	struct trapframe *frame = (struct trapframe *)hart->current;

	if (csr_read(sstatus) & SSTATUS_FS)
		return false;
	set_unit(SSTATUS_FS_CLEAN);
	riscv_fpu_load(frame);
	set_unit(SSTATUS_FS_CLEAN);
	loaded[hart->index] = frame;
	frame->fpu_hart = hart;
	frame->has_float = true;
	arch_store(&frame->plain_on, NULL);
	return true;
}

void arch_frame_settle(struct trapframe *frame)
{
	if ((csr_read(sstatus) & SSTATUS_FS) == SSTATUS_FS_DIRTY)
		riscv_fpu_save(frame);
	set_unit(0);
}

void arch_frame_get_float(const struct trapframe *frame, struct float_registers *registers)
{
	memcpy(registers->f, frame->f, sizeof(registers->f));
	registers->fcsr = frame->fcsr;
}

/* Whatever hart still has the former values forgets them. */
void arch_frame_set_float(struct trapframe *frame, const struct float_registers *registers)
{
	memcpy(frame->f, registers->f, sizeof(frame->f));
	frame->fcsr = registers->fcsr & FCSR_MASK;
	frame->has_float = true;
	frame->fpu_hart = NULL;
}

/* What the unit holds stays there. Most programs have never used it, and the fresh frame is zeros, too. */
void arch_frame_give_float(struct trapframe *fresh, struct trapframe *caller)
{
	if (!caller->has_float)
		return;
	if ((csr_read(sstatus) & SSTATUS_FS) == SSTATUS_FS_DIRTY)
		riscv_fpu_save(caller);
	memcpy(fresh->f, caller->f, sizeof(fresh->f));
	fresh->fcsr = caller->fcsr;
	fresh->has_float = true;
}

void riscv_fpu_switch(struct trapframe *from, struct trapframe *to)
{
	struct hart *hart = this_hart();
	uint64_t status = csr_read(sstatus);

	assert(!(status & SSTATUS_SUM)); /* only usercopy.S sets it, and clears it again on every way out */
	if (from && (status & SSTATUS_FS) == SSTATUS_FS_DIRTY)
		riscv_fpu_save(from);
	else if (from)
		from->fpu_hart = NULL;
	set_unit(loaded[hart->index] == to && to->fpu_hart == hart ? SSTATUS_FS_CLEAN : 0);
}
