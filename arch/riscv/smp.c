/* The other harts: started with SBI's Hart State Management, woken with its inter-processor interrupts. */
#include "csr.h"
#include "doors.h"
#include "hart.h"
#include "log.h"
#include "riscv.h"

/* By index. For entry.S too, which looks a hart up in it that is known to be there. */
struct riscv_start riscv_starts[CONFIG_HARTS];

extern const char kernel_start[];

static uint64_t physical(const void *image_address)
{
	return (uint64_t)image_address - (uint64_t)kernel_start + riscv_kernel_physical();
}

void arch_harts_start(void)
{
	const struct machine *machine = arch_machine();

	for (unsigned i = 1, index = 1; i < machine->harts; i++) {
		struct hart *hart = &harts[index];
		unsigned before = hart_count();
		long error;

		hart_init(hart, index, machine->hart[i]);
		riscv_set_stacks(hart);
		riscv_starts[index] = (struct riscv_start){riscv_kernel_satp(), hart, machine->hart[i]};
		error = sbi_hart_start(
			machine->hart[i], physical(riscv_secondary_start), physical(&riscv_starts[index]));
		if (error) {
			log_error("hart %u can't be started (SBI error %ld); going on without it",
				machine->hart[i], error);
			continue;
		}
		while (hart_count() == before)
			arch_relax();
		index++;
	}
}

void arch_send_ipi(const struct hart *hart)
{
	sbi_send_ipi(hart->hardware);
}

void riscv_software_interrupt(void)
{
	csr_clear(sip, SIE_SSIE);
	riscv_answer_fences();
	door_ipi();
}
