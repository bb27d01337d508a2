/*
 * Drivers in user mode: the registers of a device from its node of the device tree, its interrupt as bits of a
 * notification, masked until it is acknowledged. The device is the clock that QEMU's machine has, with its alarm.
 */
#include "calls.h"

#define CLOCK "/soc/rtc@101000"
#define UART  "/soc/serial@10000000"

/* Words of the goldfish clock's registers. An alarm in the past comes at once. */
enum { ALARM_LOW = 2, ALARM_HIGH = 3, INTERRUPT_ENABLED = 4, CLEAR_INTERRUPT = 7 };

static volatile uint32_t *registers;
static notification_handle notification;
static uint32_t number;

static memory_handle device(const char *path)
{
	return memory_device(own_system(), (const uint8_t *)path, strlen(path));
}

static long interrupt_of_device(const char *path)
{
	return device_interrupt(own_system(), (const uint8_t *)path, strlen(path));
}

static long find(const char *compatible, uint32_t index, char *path, size_t size)
{
	return device_find(
		own_system(), (const uint8_t *)compatible, strlen(compatible), index, (uint8_t *)path, size);
}

static void test_devices(void)
{
	static const struct {
		const char *path;
		long memory, interrupt;
	} bad[] = {
		{"/soc/plic@c000000", -EBUSY, -EINVAL},
		{"/soc/clint@2000000", -EBUSY, -EINVAL},
		{"/soc/test@100000", -EBUSY, -EINVAL},
		{"/memory@80000000", -EBUSY, -EINVAL},
		{"/cpus/cpu@0", -EINVAL, -EINVAL},
		{"/chosen", -EINVAL, -EINVAL},
		{"/soc", -EINVAL, -EINVAL},
		{"/", -ENOENT, -ENOENT},
		{"//soc", -ENOENT, -ENOENT},
		{"soc/rtc@101000", -ENOENT, -ENOENT},
		{"/soc/rtc", -ENOENT, -ENOENT},
		{"/soc/rtc@10100", -ENOENT, -ENOENT},
		{"/soc/rtc@1010000", -ENOENT, -ENOENT},
		{"/soc/rtc@101000/", -ENOENT, -ENOENT},
		{"/rtc@101000", -ENOENT, -ENOENT},
	};
	struct checks c = {0};
	char endless[300], path[100] = "";

	for (unsigned i = 0; i < COUNT(bad); i++) {
		long memory = device(bad[i].path).value, interrupt = interrupt_of_device(bad[i].path);

		check(&c, memory == bad[i].memory, "registers of %s gave %ld", bad[i].path, memory);
		check(&c, interrupt == bad[i].interrupt, "interrupt of %s gave %ld", bad[i].path, interrupt);
	}
	memset(endless, 'x', sizeof(endless));
	check(&c, memory_device(own_system(), (uint8_t *)endless, sizeof(endless)).value == -EINVAL, "long");
	check(&c, memory_device(own_system(), (uint8_t *)endless, 0).value == -EINVAL, "empty");
	check(&c, find("google,goldfish-rtc", 0, path, sizeof(path)) == (long)strlen(CLOCK), "find");
	check(&c, !memcmp(path, CLOCK, strlen(CLOCK)), "found %.*s", (int)strlen(CLOCK), path);
	check(&c, find("google,goldfish-rtc", 0, path, strlen(CLOCK)) == (long)strlen(CLOCK), "just room");
	check(&c, find("google,goldfish-rtc", 0, path, 0) == (long)strlen(CLOCK), "no room");
	check(&c, find("google,goldfish-rtc", 1, path, sizeof(path)) == -ENOENT, "there is one only");
	check(&c, find("virtio,mmio", 7, path, sizeof(path)) > 0, "one of many");
	check(&c, find("google,goldfish", 0, path, sizeof(path)) == -ENOENT, "a part of a name");
	check(&c, find("", 0, path, sizeof(path)) == -EINVAL, "no name");
	check(&c,
		device_find(own_system(), (uint8_t *)endless, sizeof(endless), 0, (uint8_t *)path, 1) ==
			-EINVAL,
		"a long name");
	check(&c, interrupt_of_device(UART) > 0, "the UART's interrupt");
	check(&c, interrupt_of_device(UART) != (long)number, "two devices with one interrupt");
	checks_report(&c, "what is no device, or not for drivers");
}

/* The kernel itself must not touch registers: there is nothing at their address in its own half. */
static void test_registers(void)
{
	struct checks c = {0};
	memory_handle memory = device(CLOCK);
	struct handle_info info;
	uint8_t byte = 0;
	long at;

	check(&c, memory.value > 0 && !handle_info(ANY(memory), &info), "%d", memory.value);
	check(&c, !(info.rights & RIGHT_MEMORY_EXEC), "it may be executed");
	check(&c, memory_size(memory) == PAGE_SIZE, "its size");
	check(&c, memory_read(memory, 0, &byte, 1) == -EINVAL, "read by call");
	check(&c, memory_write(memory, 0, &byte, 1) == -EINVAL, "written by call");
	check(&c, process_load(subjects.idle, memory, 0, PAGE_SIZE) == -EINVAL, "loaded");
	at = vm_map(own_process(), 0, memory, 0, PAGE_SIZE, PROT_READ, 0);
	check(&c, at > 0, "map: %ld", at);
	check(&c, futex_wait((uint64_t)at, 0, 0) == -EFAULT, "a futex");
	if (at > 0) {
		const volatile uint32_t *time = (const volatile uint32_t *)at;
		uint32_t before = *time;
		uint64_t deadline = now() + PATIENCE;

		while (*time == before && now() < deadline)
			continue;
		check(&c, *time != before, "the clock stands still");
		vm_unmap(own_process(), (uint64_t)at, PAGE_SIZE);
	}
	handle_close(ANY(memory));
	checks_report(&c, "registers are mapped, and nothing else");
}

static void raise_alarm(void)
{
	registers[INTERRUPT_ENABLED] = 1;
	registers[ALARM_HIGH] = 0;
	registers[ALARM_LOW] = 0;
}

static void lower_alarm(void)
{
	registers[CLEAR_INTERRUPT] = 1;
}

static bool comes(void)
{
	return (long)notification_wait(notification, 1, now() + PATIENCE) == 1;
}

static bool is_silent(void)
{
	return (long)notification_wait(notification, 1, now() + MS) == -ETIMEDOUT;
}

static interrupt_handle take(void)
{
	return interrupt_create(own_system(), number, notification, 1);
}

/* The former taker's end may still be on its way. */
static interrupt_handle take_when_free(void)
{
	uint64_t deadline = now() + PATIENCE;
	interrupt_handle line;

	while ((line = take()).value == -EBUSY && now() < deadline)
		thread_yield();
	return line;
}

/* The controller keeps what came while nobody had the interrupt, so the first may be one of these. */
static interrupt_handle take_quietly(void)
{
	interrupt_handle line = take_when_free();

	while (!is_silent())
		interrupt_acknowledge(line);
	return line;
}

static void test_masked(void)
{
	struct checks c = {0};
	interrupt_handle line = take_quietly();

	check(&c, line.value > 0, "%d", line.value);
	check(&c, is_silent(), "it comes without a cause");
	for (unsigned i = 0; i < 30; i++) {
		raise_alarm();
		check(&c, comes(), "round %u: it does not come", i);
		lower_alarm();
		for (unsigned k = 0; k < i % 3; k++) { /* as a storm would */
			raise_alarm();
			check(&c, k || is_silent(), "round %u: it comes before it is acknowledged", i);
		}
		check(&c, !interrupt_acknowledge(line), "acknowledge");
		check(&c, i % 3 ? comes() : is_silent(), "round %u: after it is acknowledged", i);
		lower_alarm();
		interrupt_acknowledge(line);
	}
	handle_close(ANY(line));
	checks_report(&c, "masked until it is acknowledged");
}

/* Numbers that are none, one taker, off when closed. */
static void test_takers(void)
{
	static const uint32_t none[] = {0, 97, 1023, 1024, 4096, 0x7fffffff, UINT32_MAX};
	struct checks c = {0};
	interrupt_handle line;

	for (unsigned i = 0; i < COUNT(none); i++)
		check(&c, interrupt_create(own_system(), none[i], notification, 1).value == -EINVAL,
			"number %u", (unsigned)none[i]);
	check(&c, interrupt_create(own_system(), number, notification, 0).value == -EINVAL, "no bits");
	for (unsigned i = 0; i < 20; i++) {
		line = take_quietly();
		check(&c, line.value > 0, "round %u: %d", i, line.value);
		check(&c, take().value == -EBUSY, "a second taker");
		if (i % 2)
			raise_alarm();
		check(&c, i % 2 ? comes() : is_silent(), "round %u", i);
		lower_alarm();
		handle_close(ANY(line));
		handle_close(ANY(take_when_free()));
		thread_sleep(now() + MS);
		(void)notification_wait(notification, 1, 0);
		raise_alarm();
		check(&c, is_silent(), "it comes though nobody has it");
		lower_alarm();
	}
	checks_report(&c, "one taker, and off without");
}

/* As a process of its own: ends with the interrupt taken and the device shouting. */
static int end_as_driver(void)
{
	return take().value > 0 ? (raise_alarm(), 5) : 1;
}

static void prepare(void)
{
	memory_handle memory = device(CLOCK);
	long at = vm_map(own_process(), 0, memory, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	long interrupt = interrupt_of_device(CLOCK);

	if (at < 0 || interrupt <= 0)
		ktap_bail_out("no clock at %s: %ld, %ld", CLOCK, at, interrupt);
	registers = (volatile uint32_t *)at;
	number = (uint32_t)interrupt;
	notification = notification_create();
}

static void test_end(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 5; i++) {
		struct process_result r = again_run("/bin/test-interrupts", "end", NULL, RIGHTS_SAME);

		check(&c, child_exited(&r, 5), "reason %d status %d", (int)r.reason, (int)r.status);
		lower_alarm();

		interrupt_handle line = take_quietly();

		check(&c, line.value > 0, "round %u: it is not free: %d", i, line.value);
		raise_alarm();
		check(&c, comes(), "it does not come any more");
		lower_alarm();
		handle_close(ANY(line));
	}
	checks_report(&c, "a driver that ends");
}

static long read_console(void)
{
	uint8_t byte;

	return console_read(own_system(), &byte, 1, 0);
}

/* The kernel does not take what is typed from a driver that has the console's registers, and goes on after it. */
static void test_console(void)
{
	struct checks c = {0};
	uint64_t patience = now() + PATIENCE;
	memory_handle uart;

	if (read_console() == -ETIMEDOUT) {
		uart = device(UART);
		check(&c, uart.value > 0 && read_console() == -EBUSY, "with a driver: %ld", read_console());
		handle_close(ANY(uart));
		while (read_console() == -EBUSY && now() < patience)
			thread_yield();
		check(&c, read_console() == -ETIMEDOUT, "without: %ld", read_console());
	} else { /* a server has the console */
		check(&c, read_console() == -EACCES, "a program: %ld", read_console());
	}
	checks_report(&c, "the console has one reader");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "end")) {
		prepare();
		return end_as_driver();
	}
	ktap_plan(6);
	subjects_make();
	prepare();
	test_devices();
	test_registers();
	test_masked();
	test_takers();
	test_end();
	test_console();
	return ktap_end();
}
