/* Power-on, the first program, console, clock and the end of the machine. */
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hart.h"
#include "hosted.h"
#include "mem/frame.h"
#include "tabula/ktap.h"

static struct startup startup;
static long slept, written, read_count, read_too_late, reader_result;
static uint64_t woke, asked, reader_handle;

/* The stages are numbered by state[0]; state[1] is a position in what is read byte by byte. */
static void init(struct trapframe *frame)
{
	uint8_t *bytes = (uint8_t *)&startup;

	switch (frame->state[0]++) {
	case 0: /* read the struct startup as user mode does */
		if (frame->state[1])
			bytes[frame->state[1] - 1] = (uint8_t)frame->result;
		if (frame->state[1] < sizeof(startup)) {
			frame->action = HOSTED_LOAD;
			frame->address = frame->argument + frame->state[1]++;
			frame->state[0] = 0;
			return;
		}
		asked = arch_time_now() + 1000000;
		hosted_call(frame, SYS_thread_sleep, asked, 0, 0, 0);
		return;
	case 1:
		slept = frame->result;
		woke = arch_time_now();
		hosted_call(frame, SYS_console_read, startup.system, frame->stack - 64, 4, UINT64_MAX);
		return;
	case 2:
		read_count = frame->result;
		hosted_call(
			frame, SYS_console_write, startup.system, frame->stack - 64, (uint64_t)read_count, 0);
		return;
	case 3:
		written = frame->result;
		hosted_call(frame, SYS_console_read, startup.system, frame->stack - 64, 4, 0);
		return;
	case 4:
		read_too_late = frame->result;
		hosted_call(frame, SYS_thread_create, startup.process, HOSTED_ENTRY(1), frame->stack,
			startup.system);
		return;
	case 5:
		reader_handle = (uint64_t)frame->result;
		hosted_call(frame, SYS_thread_sleep, arch_time_now() + 1000000, 0, 0, 0);
		return;
	case 6:
		hosted_call(frame, SYS_thread_cancel, reader_handle, 0, 0, 0);
		return;
	case 7:
		hosted_call(frame, SYS_thread_sleep, arch_time_now() + 1000000, 0, 0, 0);
		return;
	case 8:
		hosted_call(frame, SYS_system_shutdown, startup.system, 42, 0, 0);
		return;
	}
}

/* Another thread of it, that reads what nobody types. */
static void reader(struct trapframe *frame)
{
	if (!frame->state[0]++) {
		hosted_call(frame, SYS_console_read, frame->argument, frame->stack - 64, 4, UINT64_MAX);
		return;
	}
	reader_result = frame->result;
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

static bool contains(const char *text, const char *part)
{
	for (; *text; text++) {
		size_t n = 0;

		while (part[n] && text[n] == part[n])
			n++;
		if (!part[n])
			return true;
	}
	return false;
}

int main(void)
{
	static hosted_program *const programs[] = {init, reader, NULL};

	const char *printed;

	ktap_plan(10);
	hosted_type("abc");
	hosted_boot(&(struct hosted_machine){4, 8 << 20, "report=yes log=debug -- x", programs});
	ktap_equal((long)startup.size, sizeof(startup), "the first program finds its struct startup");
	ktap_ok(startup.process && startup.system && startup.archive, "and three handles");
	ktap_ok(slept == 0 && woke >= asked, "it sleeps");
	ktap_equal(read_count, 3, "it reads what has been typed");
	ktap_equal(written, 3, "and prints it");
	ktap_equal(hosted_status(), 42, "the machine ends with its status");
	printed = hosted_printed();
	ktap_ok(contains(printed, "abc"), "the console has it");
	ktap_equal(read_too_late, -ETIMEDOUT, "and nothing more was typed");
	ktap_equal(reader_result, -EINTR, "who waits for that is told when it is cancelled");
	ktap_ok(harts[0].sleepers.seed && harts[0].sleepers.seed != harts[1].sleepers.seed,
		"no two harts have the same weights in their trees");
	printf("%s", printed);
	return ktap_end();
}
