/* From power-on to the first program, as a list. */
#include "abi/abi.h"
#include "arch.h"
#include "doors.h"
#include "hart.h"
#include "init.h"
#include "log.h"
#include "lib/format.h"
#include "mem/frame.h"
#include "object/process.h"
#include "object/thread.h"
#include "panic.h"
#include "sched.h"
#include "selftest.h"

static void describe_current_thread(char *to, unsigned long size)
{
	if (!this_hart()->current)
		format(to, size, "none");
	else
		format(to, size, "process %u (%s), pc 0x%lx", current_process()->id, current_process()->name,
			arch_frame_pc(&current_thread()->runner.frame));
}

void door_boot(void)
{
	struct hart *hart = this_hart();
	const struct machine *machine = arch_machine_read();

	log_init(machine->bootargs);
	frame_init(machine);
	arch_memory_init();
	arch_hart_init(hart);
	sched_init(hart);
	panic_describe_with(describe_current_thread);
	log_info("Tabula: %lu MiB free, hart %u of %u", frame_free_count() * PAGE_SIZE >> 20,
		machine->boot_hart, machine->harts);
	arch_start();
}

void door_start(void)
{
	const struct machine *machine = arch_machine();

	init_start(machine);
	selftest(machine->bootargs);
	arch_leave();
}
