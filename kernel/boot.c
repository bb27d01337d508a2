/* From power-on to the first program, as a list. */
#include "abi/abi.h"
#include "arch.h"
#include "doors.h"
#include "hart.h"
#include "init.h"
#include "log.h"
#include "lib/format.h"
#include "mem/account.h"
#include "mem/frame.h"
#include "object/futex.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "object/timer.h"
#include "object/waits.h"
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

	hart_init(hart, 0, machine->hart[0]);
	log_init(machine->bootargs);
	frame_init(machine);
	account_init();
	arch_memory_init();
	arch_hart_init(hart);
	sched_init(hart);
	hart_set_online(hart);
	panic_describe_with(describe_current_thread, waits_log);
	sched_set_hooks(&thread_hooks);
	process_init();
	system_init();
	futex_init();
	timer_init();
	arch_start();
}

void door_start(void)
{
	const struct machine *machine = arch_machine();

	arch_harts_start();
	log_info("Tabula: %lu MiB free, %u of %u harts, booted on %u", frame_free_count() * PAGE_SIZE >> 20,
		hart_count(), machine->harts, machine->hart[0]);
	init_start(machine);
	selftest(machine->bootargs);
	arch_leave();
}

void door_hart(void)
{
	struct hart *hart = this_hart();

	arch_hart_init(hart);
	sched_init(hart);
	hart_set_online(hart);
	arch_leave();
}
